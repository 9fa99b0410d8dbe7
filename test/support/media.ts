import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { openStorage } from '../../src/drivers/storage-opening.js';
import { api, type Answer, type Target } from './client.js';
import type { TestUser } from './factories.js';
import type { TestServer } from './server.js';
import type { Upload } from './wire.js';

interface Options {
  bytes?: Buffer | string;
  name?: string;
  /** The media type that the client claims. */
  type?: string;
  purpose?: string;
}

/** A unique picture. */
export function picture(width = 300, height = 200): Sharp {
  const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
  return sharp({ create: { width, height, channels: 3, background: '#48f', noise } });
}

let small: Promise<Buffer> | null = null;

/** Uploads a file and returns the response, whatever it is. */
export async function tryUpload(server: Target, user: TestUser, options: Options = {}): Promise<Answer<Upload>> {
  const bytes = options.bytes ?? (await (small ??= picture().jpeg().toBuffer()));
  const { name = 'picture.jpg', type = 'application/octet-stream', purpose = 'message' } = options;
  const form = new FormData();
  form.append('purpose', purpose);
  form.append('file', new Blob([typeof bytes === 'string' ? bytes : new Uint8Array(bytes)], { type }), name);
  return api(server).as(user).post('/api/upload', undefined, { raw: form });
}

/** Uploads a file that must be accepted and returns the upload. */
export async function upload(server: Target, user: TestUser, options: Options = {}): Promise<Upload> {
  const answer = await tryUpload(server, user, options);
  if (answer.status !== 201) throw new Error(`upload: ${answer.status} ${answer.text}`);
  return answer.body;
}

/** Fetches a file with a token. */
export function fetchAs(
  server: Target,
  user: TestUser,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(server.url + path, { headers: { authorization: `Bearer ${user.tokens.accessToken}`, ...headers } });
}

export async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

/** The names of all files in a server's storage, and of those being received. */
export async function storedFilesOf({ context }: TestServer): Promise<string[]> {
  const { storage, media } = context.config;
  const names: string[] = [];
  for await (const { name } of (await openStorage(storage)).list()) names.push(name);
  return [...names, ...filesBelow(media.scratchFolder)];
}

/** The paths of all files below a folder. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** The paths of all uploads in a data folder, including those being received. */
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
