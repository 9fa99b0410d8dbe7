import type { MailData } from '../features/auth/mails.service.js';

/** Every job there is, with what its handler needs to know. */
export interface JobKinds {
  /** Sends a mail; the key is the id of its link. */
  mail: MailData;
  /** Erases an account whose time has come; the key is its id. */
  erasure: object;
  /** Stores the notification of a session that was ended because its retired token was used; the key is its id. */
  security_notice: { userId: string };
}
