import type { MailData } from '../features/auth/mails.service.js';

/** Every kind of job, with its data. */
export interface JobKinds {
  /** Sends a mail; the key is the id of its link. */
  mail: MailData;
  /** Erases a deleted account when its time has come; the key is its id. */
  erasure: object;
  /** Stores the notification of a session that was ended because its retired token was used; the key is its id. */
  security_notice: { userId: string };
}
