import { randomBytes } from 'node:crypto';
import type { Queue } from '../../jobs/queue.js';
import type { MailKind } from './mail-texts.js';
import type { Locale } from '@causerie/contract/problem-codes';

/** What a mail is made from. It holds no token: that follows from the ids when it is sent. */
export interface MailData {
  kind: MailKind;
  /** Null where only the address is known: whose it is, if anybody's, is looked up when it is sent. */
  userId: string | null;
  to: string;
  locale: Locale;
}

/** A mail that is to be sent; `id` is that of its link. */
type OutgoingMail = MailData & { id: string };

export interface Mails {
  /** Makes mails durable, each once by its id; they are sent a moment later, again and again until they are taken. */
  post(mails: readonly OutgoingMail[]): Promise<void>;
}

export const verifyTtlMs = 24 * 3_600_000;

/** Gives an id for a link that a mail will carry. */
export function newLinkId(): string {
  return randomBytes(12).toString('hex');
}

/** Builds the outbox: mails that are due are jobs. */
export function createMails({ jobs }: { jobs: Pick<Queue<{ mail: MailData }>, 'add'> }): Mails {
  return {
    post: (mails) =>
      jobs.add(
        'mail',
        mails.map(({ id, ...data }) => ({ key: id, ownerId: data.userId, data })),
      ),
  };
}
