import type { Mailer } from '../../drivers/mail-message.js';
import type { Account, Accounts } from '../users/accounts.service.js';
import { isLiving, type MailLink } from '../users/mail-link.js';
import { mailText } from './mail-texts.js';
import type { MailTokens } from './mail-tokens.js';
import type { MailRow } from './mails.model.js';

interface Deps {
  accounts: Accounts;
  tokens: Pick<MailTokens, 'make'>;
  driver: Mailer;
  /** PUBLIC_URL, or where the server listens. Never what a request says of its host. */
  publicUrl: () => string;
}

const resetTtlMs = 3_600_000;

function resetLinkOf(row: MailRow): MailLink {
  const expiresAt = new Date(row.createdAt.getTime() + resetTtlMs);
  return { id: row._id, madeAt: row.createdAt, expiresAt, usedAt: null, email: null };
}

/** Builds what turns a row of the outbox into a mail: the token in its link is made only here. */
export function createMailDelivery({ accounts, tokens, driver, publicUrl }: Deps): (row: MailRow) => Promise<void> {
  function linkTo(page: 'verify-email' | 'reset-password', userId: string, linkId: string): string {
    const token = tokens.make(page === 'reset-password' ? 'reset' : 'verify', { userId, linkId });
    return `${publicUrl().replace(/\/+$/, '')}/${page}?token=${token}`;
  }

  /** Whose mail it is and the link in it; null when it has become pointless, or nobody has the address. */
  async function prepare(row: MailRow): Promise<{ account: Account; link: string } | null> {
    const account = row.userId === null ? await accounts.byEmail(row.to) : await accounts.byId(row.userId);
    if (!account) return null;
    switch (row.kind) {
      case 'email_notice':
      case 'account_erased':
        return { account, link: '' };
      case 'reset': {
        const link = resetLinkOf(row);
        const isOpen = link.expiresAt > new Date() && (await accounts.openResetLink(account.id, link)) !== null;
        return isOpen ? { account, link: linkTo('reset-password', account.id, row._id) } : null;
      }
      case 'verify':
      case 'change_email':
        if (!isLiving(account.verifyLink, row._id, new Date())) return null;
        return { account, link: linkTo('verify-email', account.id, row._id) };
    }
  }

  return async (row) => {
    const prepared = await prepare(row);
    if (!prepared) return;
    const { account, link } = prepared;
    const { subject, text } = mailText(row.kind, row.locale, { username: account.username, link });
    const to = row.kind === 'reset' ? account.email : row.to;
    await driver.send({ id: row._id, to, date: row.createdAt, subject, text });
  };
}
