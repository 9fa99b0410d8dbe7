import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { recordSecret } from './secrets.js';

/** A mail in the outbox folder. */
export interface TestMail {
  to: string;
  subject: string;
  text: string;
  /** The link in it, if there is one. */
  link: URL | null;
  /** The token of that link. */
  token: string | null;
  raw: string;
}

/** Parses a mail that was handed to the `file:` driver or to an SMTP server. */
export function parseMail(raw: string): TestMail {
  const cut = raw.indexOf('\r\n\r\n');
  const head = raw.slice(0, cut).replace(/\r\n[ \t]+/g, ' ');
  const text = raw.slice(cut + 4).replaceAll('\r\n', '\n');
  const header = (name: string): string => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1] ?? '';
  const found = /https?:\/\/\S+/.exec(text)?.[0];
  const link = found === undefined ? null : new URL(found);
  const token = link?.searchParams.get('token') ?? null;
  if (token !== null) recordSecret(token);
  return { to: header('To'), subject: header('Subject'), text, link, token, raw };
}

/** The mails to an address in a server's outbox folder, oldest first. */
export function mailsTo(server: { dataDir: string }, to: string): TestMail[] {
  const folder = join(server.dataDir, 'outbox');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.eml'))
    .sort()
    .map((name) => parseMail(readFileSync(join(folder, name), 'utf8')))
    .filter((mail) => mail.to === to);
}

/** Waits for the nth mail to an address. */
export async function nthMail(server: { dataDir: string }, to: string, count = 1): Promise<TestMail> {
  for (let tries = 0; tries < 400; tries++) {
    const found = mailsTo(server, to);
    const last = found[count - 1];
    if (last) return last;
    await wait(25);
  }
  throw new Error(`mail number ${count} to ${to} has not come`);
}
