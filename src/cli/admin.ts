/** `npm run admin`: manages accounts, sessions, passwords and failed jobs, whether or not the server is running. */
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type Config, loadConfig, readEnvironment } from '../config.js';
import type { DomainEvents } from '../domain-events.js';
import { createCommonPasswords } from '../features/auth/common-passwords.js';
import { createPasswordRules } from '../features/auth/password-rules.js';
import { createPasswords } from '../features/auth/passwords.js';
import { createEndSession } from '../features/sessions/end-session.js';
import { createSessionRepository } from '../repositories/sessions/session-repository.js';
import { createAccounts } from '../features/users/accounts.js';
import { createLinks, type Links } from '../views/links.js';
import { createUserViews } from '../views/user-views.js';
import { createUserRepository } from '../repositories/users/user-repository.js';
import { createKeys } from '../kernel/keys.js';
import { createJobRepository } from '../repositories/jobs/job-repository.js';
import { secretOf } from '../drivers/secret-file.js';
import { createEventBus } from '../kernel/event-bus.js';
import { commands, type CommandArguments, refusalOf, usage } from './admin-commands.js';
import { openForTools } from './open.js';

const wrongUsage = 2;
const refused = 1;
const interrupted = 130;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Reads one line: without echo at a terminal, else the first line of standard input. Returns null if it is empty. */
async function askPassword(): Promise<string | null> {
  const isTerminal = process.stdin.isTTY;
  if (isTerminal) process.stderr.write('Password (leave empty to generate one): ');
  const lines = createInterface({ input: process.stdin, terminal: isTerminal });
  lines.on('SIGINT', () => process.exit(interrupted));
  try {
    for await (const line of lines) return line === '' ? null : line;
    return null;
  } finally {
    lines.close();
    process.stdin.destroy();
    if (isTerminal) process.stderr.write('\n');
  }
}

function read(args: string[]): CommandArguments | null {
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { name: { type: 'string' } },
    });
    return { words: positionals, name: values.name };
  } catch {
    return null;
  }
}

/** Signs links with the keys of the server, since the commands use its views. */
function linksOf(config: Config): Links {
  const keys = createKeys(config.keys.secret ?? secretOf(config.dataDir), config.keys.previous);
  return createLinks({ keys, publicUrl: () => config.http.publicUrl ?? '', ttlMs: config.media.linkTtlMs });
}

async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help') {
    say(usage());
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const given = read(rest);
  if (!command || given?.words.length !== command.words) {
    complain(command ? `Usage: npm run admin -- ${command.usage}` : `Unknown command "${name}".\n\n${usage()}`);
    return wrongUsage;
  }
  const config = loadConfig(readEnvironment());
  const opened = await openForTools(config);
  try {
    await opened.prepare();
    const { connection } = opened;
    const bus = createEventBus<DomainEvents>((error) => complain(String(error)));
    await command.run(
      {
        accounts: createAccounts({
          repository: createUserRepository(connection),
          views: createUserViews(linksOf(config)),
        }),
        sessions: createEndSession({ repository: createSessionRepository(connection), bus }),
        passwords: { ...createPasswords({ isLimited: false }), ...createPasswordRules(createCommonPasswords()) },
        jobs: createJobRepository(connection),
        askPassword,
        say,
      },
      given,
    );
    return 0;
  } finally {
    await opened.close();
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    complain(refusalOf(error) ?? (error instanceof Error ? error.message : String(error)));
    process.exitCode = refused;
  },
);
