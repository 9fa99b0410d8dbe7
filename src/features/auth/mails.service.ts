import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { Locale } from '../../kernel/problem.js';
import type { MailKind } from './mail-texts.js';
import type { MailRow, MailRows } from './mails.model.js';

interface Deps {
  rows: MailRows;
  /** Sends a mail, or finds that it has become pointless; what it throws is tried again later. */
  deliver(row: MailRow): Promise<void>;
  logger: Pick<Logger, 'warn' | 'error'>;
}

/** Somebody a mail goes to. */
interface Recipient {
  userId: string | null;
  to: string;
  locale: Locale;
}

/** A mail that is to be sent; `id` is that of its link. */
type DueMail = Recipient & { kind: MailKind; id: string };

export interface Mails {
  /** Makes mails durable, each once by its id; they are sent a moment later, again and again until they are taken. */
  post(mails: readonly DueMail[]): Promise<void>;
  /** Begins to work off what is due, from before a restart too. */
  start(): void;
  /** Lets the mail under way be sent, for a moment at most. */
  stop(): Promise<void>;
}

export const verifyTtlMs = 24 * 3_600_000;
/** A mail is not sent in the time of the request, so that this tells nothing about the account. */
const pauseMs = 300;
const pollMs = 5_000;
const leaseMs = 45_000;
const longestBackoffMs = 15 * 60_000;
const giveUpAfterMs = 24 * 3_600_000;
const stopWaitMs = 2_000;

/** Gives an id for a link that a mail will carry. */
export function newLinkId(): string {
  return randomBytes(12).toString('hex');
}

function rowOf({ id, ...mail }: DueMail, now: Date): MailRow {
  return { ...mail, _id: id, createdAt: now, dueAt: now, attempts: 0 };
}

/** Waits for something, but not for ever. */
async function atMost(something: Promise<void>, ms: number): Promise<void> {
  let patience: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    patience = setTimeout(resolve, ms);
  });
  await Promise.race([something, enough]);
  clearTimeout(patience);
}

/** Builds the outbox: mails that are due are rows of the store, worked off one by one. */
export function createMails({ rows, deliver, logger }: Deps): Mails {
  let timer: NodeJS.Timeout | null = null;
  let soon: NodeJS.Timeout | null = null;
  let running: Promise<void> | null = null;
  let isStopped = false;

  async function retryLater(row: MailRow, error: unknown): Promise<void> {
    const mail = { mailId: row._id, kind: row.kind, attempts: row.attempts };
    if (Date.now() - row.createdAt.getTime() > giveUpAfterMs) {
      logger.error({ err: error, ...mail }, 'a mail could not be sent for a day and is given up');
      return rows.remove(row._id);
    }
    const backoffMs = Math.min(longestBackoffMs, 2_000 * 2 ** Math.min(row.attempts, 20));
    logger.warn({ err: error, ...mail, retryAfterMs: backoffMs }, 'a mail could not be sent and is tried again');
    await rows.postpone(row._id, new Date(Date.now() + backoffMs));
  }

  async function workOff(): Promise<void> {
    while (!isStopped) {
      const now = Date.now();
      const row = await rows.claim(new Date(now), new Date(now + leaseMs));
      if (!row) return;
      await deliver(row)
        .then(() => rows.remove(row._id))
        .catch((error: unknown) => retryLater(row, error));
    }
  }

  function wake(): void {
    soon = null;
    if (isStopped) return;
    if (running) return wakeSoon();
    running = workOff()
      .catch((error: unknown) => logger.warn({ err: error }, 'the mails that are due could not be read'))
      .finally(() => {
        running = null;
      });
  }

  function wakeSoon(): void {
    if (soon || isStopped) return;
    soon = setTimeout(wake, pauseMs);
    soon.unref();
  }

  return {
    async post(mails) {
      const now = new Date();
      await rows.insert(mails.map((mail) => rowOf(mail, now)));
      wakeSoon();
    },
    start() {
      timer = setInterval(wakeSoon, pollMs);
      timer.unref();
      wakeSoon();
    },
    async stop() {
      isStopped = true;
      if (timer) clearInterval(timer);
      if (soon) clearTimeout(soon);
      if (running) await atMost(running, stopWaitMs);
    },
  };
}
