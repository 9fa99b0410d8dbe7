import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { openStorage } from '../../src/drivers/storage-opening.js';
import type { TestUser } from './factories.js';
import type { TestServer } from './server.js';

/** What an upload is answered with. */
export interface UploadAnswer {
  status: number;
  body: any;
}

interface Wishes {
  bytes?: Buffer | string;
  name?: string;
  /** What its sender says that it is. */
  type?: string;
  purpose?: string;
}

/** A picture that is like no other. */
export function picture(width = 300, height = 200): Sharp {
  const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
  return sharp({ create: { width, height, channels: 3, background: '#48f', noise } });
}

let small: Promise<Buffer> | null = null;

/** Uploads something, and gives the answer. */
export async function tryUpload(server: { url: string }, user: TestUser, wishes: Wishes = {}): Promise<UploadAnswer> {
  const bytes = wishes.bytes ?? (await (small ??= picture().jpeg().toBuffer()));
  const { name = 'picture.jpg', type = 'application/octet-stream', purpose = 'message' } = wishes;
  const form = new FormData();
  form.append('purpose', purpose);
  form.append('file', new Blob([typeof bytes === 'string' ? bytes : new Uint8Array(bytes)], { type }), name);
  const response = await fetch(`${server.url}/api/upload`, {
    method: 'POST',
    headers: { authorization: `Bearer ${user.tokens.accessToken}` },
    body: form,
  });
  return { status: response.status, body: await response.json() };
}

/** Uploads something that is taken; gives the upload. */
export async function upload(server: { url: string }, user: TestUser, wishes: Wishes = {}): Promise<any> {
  const { status, body } = await tryUpload(server, user, wishes);
  if (status !== 201) throw new Error(`upload: ${status} ${JSON.stringify(body)}`);
  return body;
}

/** Fetches a file with a token. */
export function fetchAs(
  server: { url: string },
  user: TestUser,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(server.url + path, { headers: { authorization: `Bearer ${user.tokens.accessToken}`, ...headers } });
}

export async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

/** The names of all files that a server keeps, wherever it keeps them, and of those that it is receiving. */
export async function keptBy({ context }: TestServer): Promise<string[]> {
  const { storage, media } = context.config;
  const names: string[] = [];
  for await (const { name } of (await openStorage(storage)).list()) names.push(name);
  return [...names, ...filesBelow(media.scratchFolder)];
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Every file below a folder of uploads, those that are being received too. */
export const filesIn = (dataDir: string): string[] => filesBelow(join(dataDir, 'media'));

/** How many files a process holds open (Linux). */
export function openFilesOf(pid: number | 'self'): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** How much memory a process holds, in bytes (Linux). */
export function memoryOf(pid: number): number {
  const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0) * 1024;
}
