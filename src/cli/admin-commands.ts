import { randomBytes } from 'node:crypto';
import { Problem } from '../kernel/problem.js';
import { passwordLength } from '@causerie/contract/auth';
import type { PasswordRules } from '../features/auth/password-rules.js';
import type { Passwords } from '../features/auth/passwords.js';
import type { JobRepository } from '../repositories/jobs/job-repository.js';
import type { EndSession } from '../features/sessions/end-session.js';
import { displayName, email as emailForm, username as usernameForm } from '@causerie/contract/users';
import type { Account, Accounts } from '../features/users/accounts.js';

/** Dependencies of the commands. */
export interface Tools {
  accounts: Accounts;
  sessions: EndSession;
  passwords: Passwords & PasswordRules;
  jobs: Pick<JobRepository, 'retryDead'>;
  /** Asks for a password, or reads it from standard input; null to generate one. */
  askPassword(): Promise<string | null>;
  say(line: string): void;
}

/** Arguments of a command: positional words, and the value of `--name`. */
export interface CommandArguments {
  words: readonly string[];
  name: string | undefined;
}

/** A message for the operator about input that cannot be accepted. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

interface Command {
  usage: string;
  summary: string;
  words: number;
  run(tools: Tools, given: CommandArguments): Promise<void>;
}

async function find({ accounts }: Tools, who: string): Promise<Account> {
  const account = /^[0-9a-f]{24}$/.test(who) ? await accounts.byId(who) : await accounts.byIdentifier(who);
  if (!account) throw new Refusal(`There is no user "${who}": give a username, an email address or an id.`);
  return account;
}

/** Asks for a password or generates one, and checks it. `confirm` prints a generated one, once it is stored. */
async function choosePassword(
  tools: Tools,
  owner: { username: string; email: string },
): Promise<{ passwordHash: string; confirm(): void }> {
  const given = await tools.askPassword();
  const password = given ?? randomBytes(15).toString('base64url');
  if (passwordLength(password) > 256) throw new Refusal('A password can have at most 256 characters.');
  await tools.passwords.require(password, owner, 'password');
  return {
    passwordHash: await tools.passwords.hash(password),
    confirm() {
      if (given === null) tools.say(`Password: ${password}\nIt will not be shown again.`);
    },
  };
}

async function setActive(tools: Tools, who: string, isActive: boolean): Promise<Account> {
  const account = await find(tools, who);
  const changed = await tools.accounts.setActive(account.id, isActive);
  if (!changed) throw new Refusal(`The user "${who}" no longer exists.`);
  return changed;
}

function parsed<Value>(result: { success: true; data: Value } | { success: false }, sentence: string): Value {
  if (!result.success) throw new Refusal(sentence);
  return result.data;
}

const word = (given: CommandArguments, at: number): string => given.words[at] ?? '';

export const commands: Readonly<Record<string, Command>> = {
  create: {
    usage: 'create <username> <email> [--name <display name>]',
    summary: 'Create an account. Asks for the password, or reads it from standard input; an empty one is generated.',
    words: 2,
    async run(tools, given) {
      const username = parsed(
        usernameForm.safeParse(word(given, 0)),
        'A username must have 3 to 32 characters: a-z, 0-9, _ and .',
      );
      const email = parsed(emailForm.safeParse(word(given, 1)), `"${word(given, 1)}" is not an email address.`);
      const name = parsed(
        displayName.safeParse(given.name ?? username),
        'A display name must have 1 to 64 visible characters.',
      );
      const { passwordHash, confirm } = await choosePassword(tools, { username, email });
      const account = await tools.accounts.create({
        username,
        email,
        displayName: name,
        passwordHash,
        verifyLink: null,
      });
      tools.say(`Created ${account.username} (${account.id}).`);
      confirm();
    },
  },
  disable: {
    usage: 'disable <user>',
    summary: 'Sign a user out everywhere and reject logins until the account is enabled again.',
    words: 1,
    async run(tools, given) {
      const account = await setActive(tools, word(given, 0), false);
      const ended = await tools.sessions.end(account.id, { allBut: null }, 'disabled');
      tools.say(`Disabled ${account.username}; sessions ended: ${ended}.`);
    },
  },
  enable: {
    usage: 'enable <user>',
    summary: 'Allow a disabled user to log in again.',
    words: 1,
    async run(tools, given) {
      const account = await setActive(tools, word(given, 0), true);
      tools.say(`Enabled ${account.username}.`);
    },
  },
  'end-sessions': {
    usage: 'end-sessions <user>',
    summary: 'Sign a user out everywhere.',
    words: 1,
    async run(tools, given) {
      const account = await find(tools, word(given, 0));
      const ended = await tools.sessions.end(account.id, { allBut: null }, 'revoked');
      tools.say(`Ended the sessions of ${account.username}: ${ended}.`);
    },
  },
  'set-password': {
    usage: 'set-password <user>',
    summary: 'Set a new password, entered or generated as for create, and sign the user out everywhere.',
    words: 1,
    async run(tools, given) {
      const account = await find(tools, word(given, 0));
      const { passwordHash, confirm } = await choosePassword(tools, account);
      await tools.accounts.setPassword(account.id, passwordHash, null);
      const ended = await tools.sessions.end(account.id, { allBut: null }, 'password_reset');
      tools.say(`Set the password of ${account.username}; sessions ended: ${ended}.`);
      confirm();
    },
  },
  'retry-jobs': {
    usage: 'retry-jobs',
    summary: 'Retry all jobs that were given up after eight tries; npm run doctor lists them.',
    words: 0,
    async run({ jobs, say }) {
      say(`Jobs to be retried: ${await jobs.retryDead()}.`);
    },
  },
  list: {
    usage: 'list',
    summary: 'List the accounts: id, username, email address, state.',
    words: 0,
    async run({ accounts, say }) {
      const pageSize = 100;
      let after: string | null = null;
      for (;;) {
        const page: Account[] = await accounts.page(after, pageSize);
        for (const { id, username, email, isActive } of page) {
          say([id, username, email, isActive ? 'active' : 'disabled'].join('\t'));
        }
        after = page.at(-1)?.id ?? null;
        if (page.length < pageSize) return;
      }
    },
  },
};

/** Help text of `npm run admin`. */
export function usage(): string {
  const lines = Object.values(commands).map((command) => `  ${command.usage}\n      ${command.summary}`);
  return `Usage: npm run admin -- <command>\n\n${lines.join('\n')}\n\n<user> is a username, an email address or an id.`;
}

/** Returns the message for the operator, or null if the error is a bug or an outage. */
export function refusalOf(error: unknown): string | null {
  if (error instanceof Refusal) return error.message;
  if (!(error instanceof Problem)) return null;
  if (error.code === 'email_taken') return 'Another account uses this email address.';
  if (error.code === 'username_taken') return 'Another account uses this username.';
  return error.sentence?.en ?? error.code;
}
