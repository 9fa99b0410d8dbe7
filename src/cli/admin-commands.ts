import { randomBytes } from 'node:crypto';
import { Problem } from '../kernel/problem.js';
import { passwordLength } from '@causerie/contract/auth';
import type { PasswordRules } from '../features/auth/password-rules.js';
import type { Passwords } from '../features/auth/passwords.js';
import type { JobRepository } from '../repositories/jobs/job-repository.js';
import type { SessionEnding } from '../features/sessions/session-ending.js';
import { displayName, email as emailForm, username as usernameForm } from '@causerie/contract/users';
import type { Account, Accounts } from '../features/users/accounts.service.js';

/** What a command works with. */
export interface Tools {
  accounts: Accounts;
  sessions: SessionEnding;
  passwords: Passwords & PasswordRules;
  jobs: Pick<JobRepository, 'revive'>;
  /** Asks for a password, or reads it from the standard input; null to have one made. */
  askPassword(): Promise<string | null>;
  say(line: string): void;
}

/** What a command was given: words, and what follows `--name`. */
export interface Given {
  words: readonly string[];
  name: string | undefined;
}

/** A refusal in words, with the code the process ends with. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

interface Command {
  usage: string;
  summary: string;
  words: number;
  run(tools: Tools, given: Given): Promise<void>;
}

async function find({ accounts }: Tools, who: string): Promise<Account> {
  const account = /^[0-9a-f]{24}$/.test(who) ? await accounts.byId(who) : await accounts.byIdentifier(who);
  if (!account) throw new Refusal(`There is no user "${who}": give a username, an e-mail address or an id.`);
  return account;
}

/** A password that the rules allow, asked for or made; one that was made is told once it is in force. */
async function choosePassword(
  tools: Tools,
  owner: { username: string; email: string },
): Promise<{ passwordHash: string; confirm(): void }> {
  const given = await tools.askPassword();
  const password = given ?? randomBytes(15).toString('base64url');
  if (passwordLength(password) > 256) throw new Refusal('A password has at most 256 characters.');
  await tools.passwords.require(password, owner, 'password');
  return {
    passwordHash: await tools.passwords.hash(password),
    confirm() {
      if (given === null) tools.say(`Password: ${password}\nIt is shown only this once.`);
    },
  };
}

async function setActive(tools: Tools, who: string, isActive: boolean): Promise<Account> {
  const account = await find(tools, who);
  const changed = await tools.accounts.setActive(account.id, isActive);
  if (!changed) throw new Refusal(`The user "${who}" is gone.`);
  return changed;
}

function parsed<Value>(result: { success: true; data: Value } | { success: false }, sentence: string): Value {
  if (!result.success) throw new Refusal(sentence);
  return result.data;
}

const word = (given: Given, at: number): string => given.words[at] ?? '';

export const commands: Readonly<Record<string, Command>> = {
  create: {
    usage: 'create <username> <e-mail> [--name <display name>]',
    summary: 'Make an account. The password is asked for, or read from the standard input; without one, one is made.',
    words: 2,
    async run(tools, given) {
      const username = parsed(usernameForm.safeParse(word(given, 0)), 'A username has 3 to 32 of a-z, 0-9, _ and .');
      const email = parsed(emailForm.safeParse(word(given, 1)), `"${word(given, 1)}" is not an e-mail address.`);
      const name = parsed(
        displayName.safeParse(given.name ?? username),
        'A display name has 1 to 64 visible characters.',
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
    summary: 'Sign a user out everywhere and refuse every login until the account is enabled again.',
    words: 1,
    async run(tools, given) {
      const account = await setActive(tools, word(given, 0), false);
      const ended = await tools.sessions.end(account.id, { allBut: null }, 'disabled');
      tools.say(`Disabled ${account.username}; sessions ended: ${ended}.`);
    },
  },
  enable: {
    usage: 'enable <user>',
    summary: 'Let a disabled user log in again.',
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
    summary: 'Set a new password, asked for or made as by create, and sign the user out everywhere.',
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
    summary: 'Have everything done again that was given up after eight tries: npm run doctor names it.',
    words: 0,
    async run({ jobs, say }) {
      say(`Jobs that are tried again: ${await jobs.revive()}.`);
    },
  },
  list: {
    usage: 'list',
    summary: 'List the accounts: id, username, e-mail address, state.',
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

/** What `npm run admin` prints by itself. */
export function usage(): string {
  const lines = Object.values(commands).map((command) => `  ${command.usage}\n      ${command.summary}`);
  return `Usage: npm run admin -- <command>\n\n${lines.join('\n')}\n\n<user> is a username, an e-mail address or an id.`;
}

/** Says in words why a command was refused, or null when it is no refusal but a fault. */
export function refusalOf(error: unknown): string | null {
  if (error instanceof Refusal) return error.message;
  if (!(error instanceof Problem)) return null;
  if (error.code === 'email_taken') return 'Another account has this e-mail address.';
  if (error.code === 'username_taken') return 'Another account has this username.';
  return error.sentence?.en ?? error.code;
}
