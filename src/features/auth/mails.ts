import { randomBytes } from 'node:crypto';
import type { Queue } from '../../jobs/queue.js';
import type { MailKind } from './mail-texts.js';
import type { Locale } from '@causerie/contract/problem-codes';

/** The content of a mail. It holds no token: the token is derived from the ids when the mail is sent. */
export interface MailData {
  kind: MailKind;
  /** Null if only the address is known; the account is looked up when the mail is sent. */
  userId: string | null;
  to: string;
  locale: Locale;
}

/** A mail to be sent; `id` is that of its link. */
type OutgoingMail = MailData & { id: string };

export interface Mails {
  /** Stores mails, each once by its id; they are sent a moment later, and retried until they are accepted. */
  post(mails: readonly OutgoingMail[]): Promise<void>;
}

export const verifyTtlMs = 24 * 3_600_000;

/** A new id for the link in a mail. */
export function newLinkId(): string {
  return randomBytes(12).toString('hex');
}

/** Mails to be sent are jobs. */
export function createMails({ jobs }: { jobs: Pick<Queue<{ mail: MailData }>, 'add'> }): Mails {
  return {
    post: (mails) =>
      jobs.add(
        'mail',
        mails.map(({ id, ...data }) => ({ key: id, ownerId: data.userId, data })),
      ),
  };
}
