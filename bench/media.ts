/**
 * How fast files go in and out: `npx tsx bench/media.ts [MB]`, without a number 500. The same bytes go through the built
 * server and through two plain Node streams into and out of a file, in turn, three times each; the ratio of the medians counts.
 */
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ended, median, post, started } from './processes.js';

const root = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'causerie-media-'));
const megabytes = Number(process.argv[2] ?? 500);
const chunk = Buffer.alloc(1_000_000, 7);
const head = Buffer.from(
  '--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nmessage\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n',
);
const tail = Buffer.from('\r\n--x--\r\n');

function* bytes(): Generator<Buffer> {
  for (let at = 0; at < megabytes; at++) yield chunk;
}

function* form(): Generator<Buffer> {
  yield head;
  yield* bytes();
  yield tail;
}

/** Sends a body and gives the answer and how long it took, in ms. */
async function sent(url: string, body: Iterable<Buffer>, headers: Record<string, string>): Promise<[string, number]> {
  const began = performance.now();
  const outgoing = request(url, { method: 'POST', headers });
  const answered = new Promise<string>((done, failed) => {
    outgoing.on('error', failed);
    outgoing.on('response', (response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => done(text));
    });
  });
  await pipeline(Readable.from(body), outgoing);
  return [await answered, performance.now() - began];
}

/** Fetches everything and gives how long it took, in ms. */
async function fetched(url: string): Promise<number> {
  const began = performance.now();
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new Error(`${url}: ${response.status}`);
  const nowhere = new Writable({ write: (_part, _encoding, done) => done() });
  await pipeline(Readable.fromWeb(response.body as never), nowhere);
  return performance.now() - began;
}

const plainFile = join(folder, 'plain');
const plain = createServer((req, res) => {
  const work =
    req.method === 'POST' ? pipeline(req, createWriteStream(plainFile)) : pipeline(createReadStream(plainFile), res);
  work.then(
    () => res.end(),
    () => res.destroy(),
  );
}).listen(0, '127.0.0.1');
await new Promise((listening) => plain.once('listening', listening));
const plainUrl = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`;
const [server, url] = await started(
  [join(root, 'dist', 'server.js')],
  {
    PORT: '0',
    RATE_LIMIT_FACTOR: '0',
    DATA_DIR: join(folder, 'data'),
    NODE_ENV: 'test',
    LOG_LEVEL: 'warn',
    UPLOAD_MAX_FILE: '2gb',
    UPLOAD_QUOTA: '9gb',
  },
  /listening on (\S+)/,
);
try {
  const account = { email: 'a@example.test', username: 'anybody', password: 'plenty of herring here' };
  const { accessToken } = await post(url, '/api/auth/register', account);
  const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'multipart/form-data; boundary=x' };
  const times = { plainUp: [] as number[], up: [] as number[], plainDown: [] as number[], down: [] as number[] };
  for (let round = 0; round < 3; round++) {
    times.plainUp.push((await sent(plainUrl, bytes(), {}))[1]);
    const [answer, took] = await sent(`${url}/api/upload`, form(), headers);
    times.up.push(took);
    times.plainDown.push(await fetched(plainUrl));
    times.down.push(await fetched((JSON.parse(answer) as { url: string }).url));
  }
  const rate = (took: number[]): string => `${Math.round((megabytes / median(took)) * 1000)} MB/s`;
  console.log(
    `in   ${rate(times.up)}, plain ${rate(times.plainUp)}, ratio ${(median(times.plainUp) / median(times.up)).toFixed(2)}`,
  );
  console.log(
    `out  ${rate(times.down)}, plain ${rate(times.plainDown)}, ratio ${(median(times.plainDown) / median(times.down)).toFixed(2)}`,
  );
} finally {
  await ended(server);
  plain.close();
  rmSync(folder, { recursive: true, force: true });
}
