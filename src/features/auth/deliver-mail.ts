import type { Mailer } from '../../drivers/mail-message.js';
import type { Account, Accounts } from '../users/accounts.js';
import type { MailLink } from '../../repositories/users/mail-link.js';
import { isValidLink } from '../../rules/mail-links.js';
import { mailText } from './mail-texts.js';
import type { MailTokens } from './mail-tokens.js';
import type { Handler, Job } from '../../jobs/queue.js';
import type { MailData } from './mails.js';

interface Deps {
  accounts: Accounts;
  tokens: Pick<MailTokens, 'make'>;
  driver: Mailer;
  /** PUBLIC_URL, or the address that the server listens on; never the host of a request. */
  publicUrl: () => string;
}

const resetTtlMs = 3_600_000;

type MailJob = Job<MailData>;

function resetLinkOf({ key, createdAt }: MailJob): MailLink {
  const expiresAt = new Date(createdAt.getTime() + resetTtlMs);
  return { id: key, madeAt: createdAt, expiresAt, usedAt: null, email: null };
}

/** Turns a job into a mail; the token in its link is created only here. */
export function createMailDelivery({ accounts, tokens, driver, publicUrl }: Deps): Handler<MailData> {
  function linkTo(page: 'verify-email' | 'reset-password', userId: string, linkId: string): string {
    const token = tokens.make(page === 'reset-password' ? 'reset' : 'verify', { userId, linkId });
    return `${publicUrl().replace(/\/+$/, '')}/${page}?token=${token}`;
  }

  /** The account and the link of a mail; null if it is no longer needed, or no account has the address. */
  async function prepare(job: MailJob): Promise<{ account: Account; link: string } | null> {
    const { key, data } = job;
    const account = data.userId === null ? await accounts.byEmail(data.to) : await accounts.byId(data.userId);
    if (!account) return null;
    switch (data.kind) {
      case 'email_notice':
      case 'account_erased':
        return { account, link: '' };
      case 'reset': {
        const link = resetLinkOf(job);
        const isOpen = link.expiresAt > new Date() && (await accounts.openResetLink(account.id, link)) !== null;
        return isOpen ? { account, link: linkTo('reset-password', account.id, key) } : null;
      }
      case 'verify':
      case 'change_email':
        if (!isValidLink(account.verifyLink, key, new Date())) return null;
        return { account, link: linkTo('verify-email', account.id, key) };
    }
  }

  return async (job) => {
    const prepared = await prepare(job);
    if (!prepared) return;
    const { account, link } = prepared;
    const { subject, text } = mailText(job.data.kind, job.data.locale, { username: account.username, link });
    const to = job.data.kind === 'reset' ? account.email : job.data.to;
    await driver.send({ id: job.key, to, date: job.createdAt, subject, text });
  };
}
