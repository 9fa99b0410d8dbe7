import { request as httpRequest } from 'node:http';
import { rmSync, symlinkSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { startBucket } from '../support/bucket.js';
import { spawnServer } from '../support/child.js';
import { api, type Target } from '../support/client.js';
import { makeDirect, makeUser, makeUsers, sendText } from '../support/factories.js';
import { bytesOf, fetchAs, filesIn, memoryOf, picture, tryUpload, upload } from '../support/media.js';
import { startTestServer } from '../support/server.js';

it.each([
  ['folder', () => Promise.resolve({})],
  ['bucket', startBucket],
] as [string, () => Promise<Record<string, string>>][])(
  'uploads in a %s: the same bytes, ranges, sizes and garbage collection',
  async (_what, storage) => {
    const server = await startTestServer(await storage());
    const [a, b] = await makeUsers(server, 2);
    const { id: conversationId } = await makeDirect(server, a, b);
    // Some servers store more bytes than these if the client adds its checksum to the stream.
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 7) % 256));
    const file = await upload(server, a, { bytes, name: 'bytes' });
    const path = `/api/upload/${file.id}/content`;
    expect((await bytesOf(await fetchAs(server, a, path))).equals(bytes)).toBe(true);
    for (const [range, from, to] of [
      ['bytes=0-9', 0, 10],
      ['bytes=-7', 99_993, 100_000],
      ['bytes=50000-', 50_000, 100_000],
    ] as const) {
      const part = await fetchAs(server, a, path, { range });
      expect([range, part.status]).toEqual([range, 206]);
      expect((await bytesOf(part)).equals(bytes.subarray(from, to))).toBe(true);
    }
    const shown = await upload(server, a, { bytes: await picture(600, 400).png().toBuffer() });
    const [one, two] = await Promise.all([fetch(shown.image!.urls.thumb), fetch(shown.image!.urls.thumb)]);
    expect((await bytesOf(one)).equals(await bytesOf(two))).toBe(true);
    const body = { conversationId, clientId: 'files', attachments: [file.id, shown.id] };
    const message = await api(server).as(a).post('/api/messages', body);
    expect((await fetchAs(server, b, path)).status).toBe(200);
    await api(server).as(a).delete(`/api/messages/${message.body.id}`);
    expect((await fetchAs(server, b, path)).status).toBe(404);
    await expect.poll(() => server.database.collection('uploads').countDocuments()).toBe(0);
    await server.stop();
  },
);

/** Starts an upload that never ends. */
async function beginUpload(server: Target, user: { tokens: { accessToken: string } }): Promise<void> {
  const request = httpRequest(`${server.url}/api/upload`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${user.tokens.accessToken}`,
      'content-type': 'multipart/form-data; boundary=x',
      'content-length': 5_000_000,
    },
  });
  request.on('error', () => undefined);
  request.write('--x\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n');
  await new Promise((done) => request.write(Buffer.alloc(1_000_000, 1), done));
}

it('requirement 51: uploads interrupted by a kill are removed, and acknowledged ones are kept', async () => {
  const server = await spawnServer();
  const user = await makeUser(server);
  const kept = await upload(server, user, { bytes: 'kept' });
  await beginUpload(server, user);
  await expect.poll(() => filesIn(server.dataDir).length).toBe(2);
  const storing = Array.from({ length: 20 }, (_, at) =>
    upload(server, user, { bytes: `many ${at}` }).then(
      ({ id }: { id: string }) => id,
      () => null,
    ),
  );
  await Promise.race(storing);
  await server.kill('SIGKILL');
  const answered = [kept.id, ...(await Promise.all(storing)).filter((id) => id !== null)];
  const again = await spawnServer({ DATA_DIR: server.dataDir });
  for (const id of answered) expect((await fetchAs(again, user, `/api/upload/${id}/content`)).status).toBe(200);
  // No upload is in progress; the data check proves that no file is orphaned.
  await expect.poll(() => filesIn(server.dataDir).filter((file) => file.includes('/media/tmp/')).length).toBe(0);
  await again.stop();
});

it('stopping does not wait for an upload in progress', async () => {
  const server = await spawnServer();
  const user = await makeUser(server);
  await beginUpload(server, user);
  await expect.poll(() => filesIn(server.dataDir).length).toBe(1);
  await server.stop();
  expect(filesIn(server.dataDir)).toEqual([]);
});

it('requirement 86e: if files cannot be stored, uploads fail cleanly and messages still work', async () => {
  const server = await spawnServer();
  const [a, b] = await makeUsers(server, 2);
  const { id } = await makeDirect(server, a, b);
  const scratch = join(server.dataDir, 'media', 'tmp');
  mkdirSync(join(server.dataDir, 'media'), { recursive: true });
  rmSync(scratch, { recursive: true, force: true });
  // No folder can be created here, as on a lost volume.
  symlinkSync('/dev/null', scratch);
  const refused = await tryUpload(server, a);
  expect([refused.status, refused.code]).toEqual([503, 'unavailable']);
  expect((await sendText(server, a, id, 'goes on')).seq).toBe(1);
  rmSync(scratch);
  await upload(server, a);
  expect(filesIn(server.dataDir)).toHaveLength(1);
  await server.stop();
});

it('requirement 86e: a full disk is a 507, nothing is left behind, and messages still work', async () => {
  // The system refuses to grow a file of this process beyond this many blocks of 1,024 bytes, as on a full disk.
  const server = await spawnServer({}, { fileBlocks: 40_000 });
  const [a, b] = await makeUsers(server, 2);
  const { id } = await makeDirect(server, a, b);
  const refused = await tryUpload(server, a, { bytes: Buffer.alloc(45_000_000, 1) });
  expect([refused.status, refused.code]).toEqual([507, 'insufficient_storage']);
  expect((await sendText(server, a, id, 'goes on')).seq).toBe(1);
  expect(filesIn(server.dataDir)).toEqual([]);
  await upload(server, a, { bytes: Buffer.alloc(1_000_000, 1) });
  await server.stop();
});

it('requirement 48: ten concurrent decompression bombs take little memory and do not slow down messages', async () => {
  const server = await spawnServer();
  const [a, b] = await makeUsers(server, 2);
  const { id } = await makeDirect(server, a, b);
  const flat = sharp({ create: { width: 14_000, height: 14_000, channels: 3, background: '#123' } });
  const bomb = await flat.png({ compressionLevel: 9 }).toBuffer();
  const largest = await picture(5_000, 5_000).jpeg({ quality: 60 }).toBuffer();
  await upload(server, a);
  const before = memoryOf(server.pid);
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, memoryOf(server.pid))), 10);
  const uploads = [
    ...Array.from({ length: 10 }, () => tryUpload(server, a, { bytes: bomb })),
    tryUpload(server, a, { bytes: largest }),
  ];
  const all = Promise.all(uploads);
  let isDone = false;
  void all.finally(() => (isDone = true));
  const took: number[] = [];
  while (!isDone) {
    const began = performance.now();
    await sendText(server, b, id, 'meanwhile');
    took.push(performance.now() - began);
  }
  clearInterval(watch);
  expect((await all).map(({ status }) => status)).toEqual([...Array<number>(10).fill(422), 201]);
  expect((most - before) / 1e6).toBeLessThan(300);
  const sorted = took.sort((x, y) => x - y);
  expect(sorted[Math.floor(sorted.length * 0.99)] ?? 0).toBeLessThan(1_500);
  await server.stop();
});
