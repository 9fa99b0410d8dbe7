import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import {
  BufferTarget,
  EncodedPacket,
  EncodedVideoPacketSource,
  Mp4OutputFormat,
  Output,
  WebMOutputFormat,
} from 'mediabunny';
import { Types } from 'mongoose';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { api, as } from '../support/client.js';
import { startBucket } from '../support/bucket.js';
import { draft, makeDirect, makeGroup, makeUser, makeUsers, sendText, type TestUser } from '../support/factories.js';
import { bytesOf, fetchAs, filesIn, storedFilesOf, openFilesOf, picture, tryUpload, upload } from '../support/media.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { connectAs, nextEvent } from '../support/sockets.js';

/** All of this holds for files in a folder and in a bucket: `UPLOADS_IN=bucket` selects the bucket. */
const isFolder = process.env['UPLOADS_IN'] !== 'bucket';
let place: Record<string, string> = {};

/** Starts a server with its own file storage; servers on one database share the storage. */
async function startServer(overrides: Record<string, string>): Promise<TestServer> {
  if (!isFolder && overrides['MONGODB_URI'] === undefined) place = await startBucket();
  return startTestServer({ ...place, ...overrides });
}

let server: TestServer;
let a: TestUser;
let b: TestUser;
let c: TestUser;
let conversationId: string;
beforeAll(async () => {
  server = await startServer({ UPLOAD_MAX_IMAGE: '2mb', UPLOAD_MAX_FILE: '3mb', UPLOAD_MAX_AVATAR: '1mb' });
  [a, b, c] = await makeUsers(server, 3);
  conversationId = (await makeDirect(server, a, b)).id;
});
afterAll(() => server.stop());

/** A video of two seconds with 640 by 360 pixels. */
async function recording(
  format: Mp4OutputFormat | WebMOutputFormat,
  codec: 'vp8' | 'vp9',
  codecString: string,
): Promise<Buffer> {
  const target = new BufferTarget();
  const output = new Output({ format, target });
  const source = new EncodedVideoPacketSource(codec);
  output.addVideoTrack(source);
  await output.start();
  const decoderConfig = { codec: codecString, codedWidth: 640, codedHeight: 360 };
  for (let at = 0; at < 50; at++) {
    const packet = new EncodedPacket(new Uint8Array(200).fill(at), at === 0 ? 'key' : 'delta', at / 25, 1 / 25);
    await source.add(packet, at === 0 ? { decoderConfig } : undefined);
  }
  await output.finalize();
  return Buffer.from(target.buffer as ArrayBuffer);
}

const contentOf = (id: string): string => `/api/upload/${id}/content`;
const send = (user: TestUser, more: object, id = conversationId) =>
  as(user).post('/api/messages', draft(id, { text: '', ...more }));

describe('requirement 46: the type is decided by content', () => {
  it.each(['jpeg', 'png', 'gif', 'webp', 'avif'] as const)(
    'requirement 46: %s is an image, whatever its name',
    async (format) => {
      const bytes = await picture().toFormat(format).toBuffer();
      const found = await upload(server, a, { bytes, name: 'page.html', type: 'text/html' });
      expect(found).toMatchObject({
        kind: 'image',
        mime: `image/${format}`,
        width: 300,
        height: 200,
        name: 'page.html',
      });
      expect(Buffer.from(found.image!.placeholder, 'base64').length).toBeGreaterThan(4);
      const answer = await fetchAs(server, a, contentOf(found.id));
      const content = await bytesOf(answer);
      expect([answer.headers.get('content-type'), content.length]).toEqual([`image/${format}`, found.size]);
      expect(await sharp(content).metadata()).toMatchObject({ width: 300, height: 200 });
    },
  );

  const tiff = Buffer.from('49492a0008000000', 'hex');
  const noPictures: [string, Buffer | string][] = [
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
    ['SVG behind a declaration', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['HTML', '<!doctype html><script>alert(1)</script>'],
    ['PDF', '%PDF-1.7\n1 0 obj\n'],
    ['PostScript', '%!PS-Adobe-3.0 EPSF-3.0\n'],
    ['PSD', Buffer.concat([Buffer.from('8BPS'), Buffer.alloc(60)])],
    ['TIFF', Buffer.concat([tiff, Buffer.alloc(60)])],
    ['ICO', Buffer.concat([Buffer.from('00000100010010100000', 'hex'), Buffer.alloc(60)])],
    ['BMP', Buffer.concat([Buffer.from('BM'), Buffer.alloc(60)])],
    ['a text', 'only words'],
    ['zeros', Buffer.alloc(100)],
  ];
  it.each(noPictures)('requirement 46: %s is no avatar, and only a download in a message', async (_what, bytes) => {
    for (const purpose of ['avatar', 'group_photo']) {
      const refused = await tryUpload(server, a, { bytes, name: 'x.png', type: 'image/png', purpose });
      expect([refused.status, refused.code]).toEqual([415, 'unsupported_media_type']);
    }
    const found = await upload(server, a, { bytes, name: 'x.png', type: 'image/png' });
    expect([found.kind, found.image]).toEqual(['file', null]);
    const answer = await fetchAs(server, a, contentOf(found.id));
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(answer.headers.get('content-type')).not.toMatch(/html|svg|xml/);
    expect((await fetchAs(server, a, `/api/images/${found.id}`)).status).toBe(404);
  });

  it('requirement 46: a file that only starts like an image is rejected', async () => {
    const jpeg = await picture().jpeg().toBuffer();
    const polyglot = Buffer.concat([Buffer.from('GIF89a'), Buffer.from('/*<script>alert(1)</script>*/;')]);
    for (const bytes of [
      polyglot,
      jpeg.subarray(0, 20),
      Buffer.concat([jpeg.subarray(0, 20), Buffer.alloc(5000, 7)]),
    ]) {
      const refused = await tryUpload(server, a, { bytes });
      expect([refused.status, refused.code]).toEqual([422, 'unprocessable_media']);
    }
    // Anything after the end of an image is dropped.
    const found = await upload(server, a, { bytes: Buffer.concat([jpeg, Buffer.from('<script>marker')]) });
    expect((await bytesOf(await fetchAs(server, a, contentOf(found.id)))).includes('marker')).toBe(false);
  });
});

describe('requirement 47: safe serving', () => {
  it.each([
    ['picture.jpg', 'image/jpeg', /^inline/],
    ['words.txt', 'text/plain; charset=utf-8', /^attachment/],
    ['page.html', 'application/octet-stream', /^attachment/],
  ])('requirement 47: %s is served as %s', async (name, type, disposition) => {
    const bytes = { 'picture.jpg': await picture().jpeg().toBuffer(), 'words.txt': 'words', 'page.html': '<html>' }[
      name
    ]!;
    const { id } = await upload(server, a, { bytes, name, type: 'text/html' });
    const { headers } = await fetchAs(server, a, contentOf(id));
    expect(headers.get('content-type')).toBe(type);
    expect(headers.get('content-disposition')).toMatch(disposition);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
    expect(headers.get('cache-control')).toBe('private, max-age=3600');
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  });

  it.each(['a "quoted" name.txt', 'a;b=c.txt', 'été ☃.txt', 'x'.repeat(300)])(
    'requirement 47: the name %s is returned in a single header line',
    async (name) => {
      const found = await upload(server, a, { bytes: 'words', name });
      expect(found.name).toBe([...name].slice(0, 255).join(''));
      const header = (await fetchAs(server, a, contentOf(found.id))).headers.get('content-disposition') ?? '';
      const encoded = /filename\*=UTF-8''([^;]+)/.exec(header)?.[1];
      const plain = /filename="((?:[^"\\]|\\.)*)"/.exec(header)?.[1]?.replace(/\\(.)/g, '$1');
      expect(encoded ? decodeURIComponent(encoded) : plain).toBe(found.name);
    },
  );
});

describe('requirement 49: metadata is removed from images', () => {
  it('requirement 49: EXIF, GPS, XMP and comments are gone from every variant, and the image is upright', async () => {
    const gps = {
      IFD3: { GPSLatitude: '51/1 30/1 3230/100', GPSLatitudeRef: 'N' },
      IFD0: { Copyright: 'marker-exif' },
    };
    const bytes = await picture(400, 200)
      .withExif(gps as never)
      .withXmp(
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">marker-xmp</x:xmpmeta>',
      )
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const commented = Buffer.concat([
      bytes.subarray(0, 2),
      Buffer.from('fffe000f', 'hex'),
      Buffer.from('marker-text!!'),
      bytes.subarray(2),
    ]);
    expect(commented.includes('marker-exif') && commented.includes('marker-text')).toBe(true);
    const found = await upload(server, a, { bytes: commented });
    expect([found.width, found.height]).toEqual([200, 400]);
    const targets = [
      contentOf(found.id),
      ...['thumb', 'small', 'medium', 'large', 'original'].map((size) => `/api/images/${found.id}?size=${size}`),
    ];
    for (const target of targets)
      for (const accept of ['image/*', 'image/jpeg', 'image/png']) {
        const served = await bytesOf(await fetchAs(server, a, target, { accept }));
        // No shorter markers: three letters occur by chance in compressed data.
        for (const marker of ['marker', 'Exif\0', 'ns.adobe.com', 'xpacket'])
          expect([target, served.includes(marker)]).toEqual([target, false]);
        const { exif, xmp, iptc, orientation, width, height } = await sharp(served).metadata();
        expect([exif, xmp, iptc, orientation ?? 1, width < height]).toEqual([undefined, undefined, undefined, 1, true]);
      }
    for (const file of await storedFilesOf(server)) expect(file).not.toContain('picture');
  });
});

describe('requirement 50: file names are not paths', () => {
  const names = [
    '../../x',
    '..%2f..%2fx',
    '%2e%2e/',
    'C:\\temp\\x',
    '/etc/passwd',
    'y'.repeat(5000),
    'con',
    '-rf',
    'a\u2044b',
    '.',
    '..',
  ];
  it.each(names)('requirement 50: %j is only a display name', async (name) => {
    const before = new Set(await storedFilesOf(server));
    const found = await upload(server, a, { bytes: `words ${name}`, name });
    expect(found.name).not.toMatch(/[/\\]/);
    expect([...found.name].length).toBeLessThanOrEqual(255);
    const added = (await storedFilesOf(server)).filter((file) => !before.has(file));
    expect(added).toHaveLength(1);
    expect(added[0]).toMatch(/^[0-9a-f]{32}$/);
    if (isFolder) {
      const inTwoLevels = /media\/([0-9a-f]{2})\/([0-9a-f]{2})\/\1\2[0-9a-f]{28}$/;
      expect(filesIn(server.dataDir).find((file) => file.endsWith(added[0] ?? ''))).toMatch(inTwoLevels);
    }
    const answer = await fetchAs(server, a, contentOf(encodeURIComponent(name)));
    expect([400, 404]).toContain(answer.status);
  });
});

/** A black frame with one red dot in a different place each time. */
function oneDot(side: number, at: number): Buffer {
  const frame = Buffer.alloc(side * side * 3);
  frame[(at % (side * side)) * 3] = 255;
  return frame;
}

describe('requirement 48: decompression bombs', () => {
  it('requirement 48: pixels, sides and frames are checked from the header', async () => {
    const flat = (width: number, height: number) =>
      sharp({ create: { width, height, channels: 3, background: '#123' } });
    const frames = (count: number, side: number) =>
      sharp(Buffer.concat(Array.from({ length: count }, (_, at) => oneDot(side, at))), {
        raw: { width: side, height: side * count, channels: 3, pageHeight: side },
      });
    const bombs = [
      await flat(14_000, 14_000).png({ compressionLevel: 9 }).toBuffer(),
      await flat(12_001, 10).png().toBuffer(),
      await flat(5_100, 5_000).jpeg().toBuffer(),
      await flat(6_000, 6_000).webp({ lossless: true }).toBuffer(),
      await frames(1_001, 8).gif({ effort: 1 }).toBuffer(),
      await frames(30, 1_000).gif({ effort: 1 }).toBuffer(),
    ];
    for (const [at, bytes] of bombs.entries()) {
      const refused = await tryUpload(server, a, { bytes });
      expect([at, refused.status, refused.code]).toEqual([at, 422, 'unprocessable_media']);
      expect(refused.problem.detail).toContain('25 million');
    }
    const fine = await upload(server, a, { bytes: await flat(12_000, 100).png().toBuffer() });
    expect([fine.width, fine.height]).toEqual([12_000, 100]);
  });

  it('requirement 53: a truncated image is rejected, and the server keeps running', async () => {
    const raw = Buffer.concat(Array.from({ length: 12 }, (_, at) => Buffer.alloc(64 * 64 * 3, at * 20)));
    const animation = sharp(raw, { raw: { width: 64, height: 64 * 12, channels: 3, pageHeight: 64 } });
    const whole = {
      jpeg: await picture().jpeg().toBuffer(),
      png: await picture().png().toBuffer(),
      gif: await picture().gif().toBuffer(),
      animated: await animation.gif().toBuffer(),
      webp: await picture().webp().toBuffer(),
      avif: await picture().avif().toBuffer(),
    };
    for (const [format, bytes] of Object.entries(whole)) {
      for (let part = 5; part < 100; part += 5) {
        const cut = bytes.subarray(0, Math.floor((bytes.length * part) / 100));
        const refused = await tryUpload(server, a, { bytes: cut });
        expect([format, part, refused.status]).toEqual([format, part, 422]);
      }
      await upload(server, a, { bytes });
    }
  });
});

/** The bytes of a multipart form. */
function formOf(parts: [head: string, body: Buffer | string][], boundary = 'x'): Buffer {
  const pieces = parts.flatMap(([head, body]) => [
    Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

const fileHead = 'Content-Disposition: form-data; name="file"; filename="x"';
const purposeHead = 'Content-Disposition: form-data; name="purpose"';

async function post(body: Buffer, type = 'multipart/form-data; boundary=x'): Promise<{ status: number; code: string }> {
  const response = await fetch(`${server.url}/api/upload`, {
    method: 'POST',
    headers: { authorization: `Bearer ${a.tokens.accessToken}`, 'content-type': type },
    body: new Uint8Array(body),
  });
  const answer = (await response.json()) as { code: string };
  return { status: response.status, code: answer.code };
}

describe('requirement 51: upload limits', () => {
  it('requirement 51: a malformed form is rejected and leaves nothing behind', async () => {
    await fetchAs(server, a, '/api/users/me');
    const before = (await storedFilesOf(server)).length;
    const purpose: [string, string] = [purposeHead, 'message'];
    const file: [string, string] = [fileHead, 'words'];
    const forms: [string, Buffer, string?][] = [
      ['no file', formOf([purpose])],
      ['no purpose', formOf([file])],
      ['another purpose', formOf([[purposeHead, 'banner'], file])],
      ['two files', formOf([purpose, file, file])],
      ['two purposes', formOf([purpose, purpose, file])],
      ['an unknown field', formOf([purpose, file, ['Content-Disposition: form-data; name="x"', 'y']])],
      ['a file of another name', formOf([purpose, ['Content-Disposition: form-data; name="x"; filename="x"', 'y']])],
      ['no name', formOf([purpose, ['Content-Disposition: form-data; filename="x"', 'y']])],
      ['an empty file', formOf([purpose, [fileHead, '']])],
      ['1001 parts', formOf(Array.from({ length: 1001 }, () => purpose))],
      ['no end', formOf([purpose, file]).subarray(0, -8)],
      ['no boundary', formOf([purpose, file]), 'multipart/form-data'],
    ];
    for (const [what, body, type] of forms)
      expect([what, await post(body, type)]).toEqual([what, { status: 400, code: 'invalid_input' }]);
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded'])
      expect(await post(formOf([purpose, file]), type)).toEqual({ status: 415, code: 'unsupported_media_type' });
    expect((await post(formOf([file, purpose]))).status).toBe(201);
    expect((await post(formOf([purpose, file]))).status).toBe(201);
    expect(await storedFilesOf(server)).toHaveLength(before + 2);
  });

  it('requirement 51: oversized uploads are rejected while streaming', async () => {
    const before = (await storedFilesOf(server)).length;
    const noisy = await picture(1200, 1000).png({ compressionLevel: 1 }).toBuffer();
    expect(noisy.length).toBeGreaterThan(2_000_000);
    const tooLarge: [Buffer, string][] = [
      [Buffer.alloc(3_000_001, 1), 'message'],
      [noisy, 'message'],
      [noisy, 'avatar'],
      [await picture(700, 700).png({ compressionLevel: 1 }).toBuffer(), 'avatar'],
    ];
    for (const [bytes, purpose] of tooLarge) {
      const refused = await tryUpload(server, a, { bytes, purpose });
      expect([purpose, refused.status, refused.code]).toEqual([purpose, 413, 'too_large']);
    }
    expect((await upload(server, a, { bytes: Buffer.alloc(3_000_000, 1) })).size).toBe(3_000_000);
    expect(await storedFilesOf(server)).toHaveLength(before + 1);
  });

  it('requirement 51: an endless body is cut off with a response', async () => {
    const answer = await new Promise<number>((resolve, reject) => {
      const request = httpRequest(`${server.url}/api/upload`, {
        method: 'POST',
        headers: { authorization: `Bearer ${a.tokens.accessToken}`, 'content-type': 'multipart/form-data; boundary=x' },
      });
      const feed = setInterval(() => request.write(Buffer.alloc(200_000, 1)), 5);
      request.on('response', (response) => {
        clearInterval(feed);
        response.resume();
        request.destroy();
        resolve(response.statusCode ?? 0);
      });
      request.on('error', reject);
      request.write(`--x\r\n${fileHead}\r\n\r\n`);
    });
    expect(answer).toBe(413);
  });

  it('requirement 51: an aborted upload leaves no file open and none on disk', async () => {
    const whole = formOf([
      [purposeHead, 'message'],
      [fileHead, Buffer.alloc(1_000_000, 1)],
    ]);
    await fetchAs(server, a, '/api/users/me');
    const before = (await storedFilesOf(server)).length;
    const openBefore = openFilesOf('self');
    for (const part of [0.1, 0.5, 0.99]) {
      await new Promise<void>((resolve) => {
        const request = httpRequest(`${server.url}/api/upload`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${a.tokens.accessToken}`,
            'content-type': 'multipart/form-data; boundary=x',
            'content-length': whole.length,
          },
        });
        request.on('error', () => resolve());
        request.write(whole.subarray(0, whole.length * part), () => request.destroy());
      });
    }
    await expect.poll(async () => (await storedFilesOf(server)).length).toBe(before);
    await expect.poll(() => openFilesOf('self')).toBeLessThanOrEqual(openBefore + 2);
  });

  it('requirement 51: parallel uploads stay within the quota to the byte, and deleting frees it', async () => {
    const own = await startServer({ UPLOAD_QUOTA: '1mb' });
    const user = await makeUser(own);
    const bytes = Buffer.alloc(200_000, 1);
    const answers = await Promise.all(Array.from({ length: 12 }, () => tryUpload(own, user, { bytes })));
    const taken = answers.filter(({ status }) => status === 201);
    expect([taken.length, answers.filter(({ status }) => status === 413).length]).toEqual([5, 7]);
    expect((await tryUpload(own, user, { bytes: 'x' })).status).toBe(413);
    expect((await api(own).as(user).delete(`/api/upload/${taken[0]?.body.id}`)).status).toBe(204);
    await expect.poll(async () => (await tryUpload(own, user, { bytes })).status).toBe(201);
    await expect.poll(async () => (await storedFilesOf(own)).length).toBe(5);
    await own.stop();
  });
});

describe('requirement 52: access to a file follows access to what carries it', () => {
  it('requirement 52: a message shares its attachments with its conversation', async () => {
    const found = await upload(server, a);
    const targets = [`/api/upload/${found.id}`, contentOf(found.id), `/api/images/${found.id}?size=thumb`];
    const statuses = async (user: TestUser): Promise<number[]> =>
      Promise.all(targets.map(async (target) => (await fetchAs(server, user, target)).status));
    expect([await statuses(a), await statuses(b), await statuses(c)]).toEqual([
      [200, 200, 200],
      [404, 404, 404],
      [404, 404, 404],
    ]);
    for (const user of [b, c]) {
      const own = user === c ? (await makeDirect(server, c, a)).id : conversationId;
      expect((await send(user, { attachments: [found.id] }, own)).status).toBe(404);
    }
    const socket = await connectAs(server, b);
    const received = nextEvent(socket, 'message:created');
    const message = await send(a, { attachments: [found.id] });
    expect(message.body).toMatchObject({ type: 'media', text: '', attachments: [{ id: found.id, kind: 'image' }] });
    expect((await received).message.attachments[0]).toMatchObject({ id: found.id, name: 'picture.jpg' });
    expect([await statuses(a), await statuses(b), await statuses(c)]).toEqual([
      [200, 200, 200],
      [200, 200, 200],
      [404, 404, 404],
    ]);
    const ranged = await fetchAs(server, c, contentOf(found.id), { range: 'bytes=0-9' });
    expect(ranged.status).toBe(404);
    const { url } = message.body.attachments[0]!;
    expect((await fetch(url)).status).toBe(200);
    const refused = await as(a).delete(`/api/upload/${found.id}`);
    expect([refused.status, refused.code]).toEqual([409, 'conflict']);
    expect((await as(b).delete(`/api/upload/${found.id}`)).status).toBe(404);
    expect((await as(a).delete(`/api/messages/${message.body.id}`)).body!.attachments).toEqual([]);
    expect([await statuses(a), await statuses(b)]).toEqual([
      [404, 404, 404],
      [404, 404, 404],
    ]);
    expect((await fetch(url)).status).toBe(404);
  });

  it('an upload is used once, and a retried message is the first one', async () => {
    const [one, two] = [await upload(server, a), await upload(server, a)];
    const first = { clientId: 'with-two', text: 'two', attachments: [two.id, one.id] };
    const both = await Promise.all([send(a, first), send(a, first), send(a, first)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
    expect(new Set(both.map(({ body }) => body.id)).size).toBe(1);
    expect(both[0]?.body.attachments.map(({ id }) => id)).toEqual([two.id, one.id]);
    const again = await send(a, { attachments: [one.id] });
    expect([again.status, again.code]).toEqual([409, 'conflict']);
    const other = await send(a, { ...first, attachments: [one.id, two.id] });
    expect([other.status, other.code]).toEqual([409, 'client_id_reused']);
    const twice = await upload(server, a);
    expect((await send(a, { attachments: [twice.id, twice.id] })).status).toBe(400);
    const wrong = await upload(server, a, { purpose: 'avatar' });
    expect((await send(a, { attachments: [wrong.id] })).status).toBe(400);
    // A message rejected for another reason uses nothing.
    expect((await send(a, { attachments: [twice.id], mentions: [c.id] })).status).toBe(400);
    expect((await send(a, { attachments: [twice.id, one.id] })).status).toBe(409);
    expect((await send(a, { attachments: [twice.id] })).status).toBe(201);
    const gone = await as(a).delete(`/api/messages/${both[0]?.body.id}`);
    expect(gone.status).toBe(200);
    const tombstone = await send(a, first);
    expect([tombstone.status, tombstone.body.deletedAt !== null]).toEqual([200, true]);
  });

  it('the text of a message with attachments can be removed', async () => {
    const { id } = await upload(server, a, { bytes: 'words' });
    const message = await send(a, { text: 'a caption', attachments: [id] });
    const edited = await as(a).patch(`/api/messages/${message.body.id}`, { text: '' });
    expect([edited.status, edited.body.text, edited.body.attachments.length]).toEqual([200, '', 1]);
    const plain = await sendText(server, a, conversationId, 'words');
    expect((await as(a).patch(`/api/messages/${plain.id}`, { text: ' ' })).status).toBe(400);
  });

  it('requirement 52: removed and later members have no access', async () => {
    const group = await makeGroup(server, a, [b]);
    const found = await upload(server, a);
    await send(a, { attachments: [found.id] }, group.id);
    await as(a).post(`/api/groups/${group.id}/members`, { userIds: [c.id] });
    expect((await fetchAs(server, c, contentOf(found.id))).status).toBe(404);
    expect((await fetchAs(server, b, contentOf(found.id))).status).toBe(200);
    await as(a).delete(`/api/groups/${group.id}/members/${b.id}`);
    expect((await fetchAs(server, b, contentOf(found.id))).status).toBe(404);
    expect((await as(a).delete(`/api/groups/${group.id}`)).status).toBe(204);
    await expect.poll(async () => (await fetchAs(server, a, contentOf(found.id))).status).toBe(404);
  });

  it('an avatar is visible to everyone who sees the user', async () => {
    const [first, second] = [
      await upload(server, a, { purpose: 'avatar' }),
      await upload(server, a, { purpose: 'avatar' }),
    ];
    const status = async (user: TestUser, id: string): Promise<number> =>
      (await fetchAs(server, user, `/api/images/${id}`)).status;
    expect([await status(a, first.id), await status(c, first.id)]).toEqual([200, 404]);
    expect((await as(c).put('/api/users/avatar', { uploadId: first.id })).status).toBe(404);
    const socket = await connectAs(server, b);
    const received = nextEvent(socket, 'user:updated');
    const set = await as(a).put('/api/users/avatar', { uploadId: first.id });
    expect(set.body.avatar).toMatchObject({ id: first.id, width: 300, height: 200 });
    expect((await received).user.avatar!.id).toBe(first.id);
    expect((await as(c).get(`/api/users/${a.id}`)).body.avatar!.id).toBe(first.id);
    expect([await status(c, first.id), await status(c, second.id)]).toEqual([200, 404]);
    expect((await as(a).put('/api/users/avatar', { uploadId: first.id })).status).toBe(200);
    expect((await as(a).put('/api/users/avatar', { uploadId: second.id })).body.avatar!.id).toBe(second.id);
    expect([await status(a, first.id), await status(c, second.id)]).toEqual([404, 200]);
    for (let time = 0; time < 2; time++) expect((await as(a).delete('/api/users/avatar')).body.avatar).toBeNull();
    expect([await status(a, second.id), await status(c, second.id)]).toEqual([404, 404]);
  });

  it('a group photo is visible to its members, and each change is published', async () => {
    const [first, second] = [
      await upload(server, a, { purpose: 'group_photo' }),
      await upload(server, a, { purpose: 'group_photo' }),
    ];
    const body = { title: 'With a photo', memberIds: [b.id], photoUploadId: first.id, clientId: 'photo-group' };
    const made = await as(a).post('/api/groups', body);
    expect([made.status, made.body.photo!.id]).toEqual([201, first.id]);
    expect((await as(a).post('/api/groups', body)).body.id).toBe(made.body.id);
    const path = `/api/groups/${made.body.id}/photo` as const;
    const status = async (user: TestUser, id: string): Promise<number> =>
      (await fetchAs(server, user, `/api/images/${id}`)).status;
    expect([await status(b, first.id), await status(c, first.id)]).toEqual([200, 404]);
    expect((await as(b).put(path, { uploadId: second.id })).status).toBe(403);
    const socket = await connectAs(server, b);
    const received = nextEvent(socket, 'conversation:updated');
    const changed = await as(a).put(path, { uploadId: second.id });
    expect(changed.body).toMatchObject({
      photo: { id: second.id },
      lastMessage: { system: { kind: 'photo_changed' } },
    });
    expect((await received).changes.photo!.id).toBe(second.id);
    expect([await status(a, first.id), await status(b, second.id)]).toEqual([404, 200]);
    const { seq } = changed.body;
    expect((await as(a).put(path, { uploadId: second.id })).body.seq).toBe(seq);
    expect((await as(a).delete(path)).body).toMatchObject({ photo: null, seq: seq + 1 });
    expect((await as(a).delete(path)).body.seq).toBe(seq + 1);
    expect(await status(a, second.id)).toBe(404);
  });
});

describe('links', () => {
  it('requirement 11: work for one object only, unaltered, and expire', async () => {
    const own = await startServer({ MEDIA_LINK_TTL: '2s' });
    const user = await makeUser(own);
    const found = await upload(own, user, { bytes: 'words' });
    const other = await upload(own, user, { bytes: 'others' });
    const link = new URL(found.url);
    expect((await fetch(link)).status).toBe(200);
    const changed = [
      (url: URL) => url.searchParams.set('expires', '9999999999999'),
      (url: URL) => url.searchParams.delete('expires'),
      (url: URL) => url.searchParams.delete('signature'),
      (url: URL) => url.searchParams.set('size', 'thumb'),
      (url: URL) => url.searchParams.append('expires', link.searchParams.get('expires') ?? ''),
      (url: URL) => url.searchParams.set('signature', `${link.searchParams.get('signature')}A`),
      (url: URL) => (url.pathname = new URL(other.url).pathname),
      (url: URL) => (url.pathname = `/api/images/${found.id}`),
    ];
    for (const change of changed) {
      const url = new URL(link);
      change(url);
      const answer = await fetch(url);
      expect([url.href, answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
        url.href,
        401,
        'unauthenticated',
      ]);
    }
    expect((await fetch(`${own.url}/api/upload/${found.id}/content?token=${user.tokens.accessToken}`)).status).toBe(
      401,
    );
    await expect.poll(async () => (await fetch(link)).status, { timeout: 6_000 }).toBe(401);
    expect((await fetch(link, { headers: { range: 'bytes=0-1' } })).status).toBe(401);
    const again = (await api(own).as(user).get(`/api/upload/${found.id}`)).body;
    expect((await fetch(again.url)).status).toBe(200);
    await own.stop();
  });

  it('exist for each size of an image, and stay the same for the same object', async () => {
    const found = await upload(server, a, { bytes: await picture(900, 600).jpeg().toBuffer() });
    const again = (await as(a).get(`/api/upload/${found.id}`)).body;
    const widths = { thumb: 160, small: 480, medium: 900, large: 900 } as const;
    for (const size of ['thumb', 'small', 'medium', 'large'] as const) {
      const answer = await fetch(found.image!.urls[size]);
      expect([size, answer.headers.get('content-type')]).toEqual([size, 'image/webp']);
      expect((await sharp(await bytesOf(answer)).metadata()).width).toBe(widths[size]);
    }
    expect(again).toEqual(found);
    const path = `/api/images/${found.id}?size=thumb`;
    const types = {
      'image/jpeg': 'image/jpeg',
      'image/webp;q=0, image/*': 'image/jpeg',
      'image/png, image/webp;q=0.5': 'image/png',
      '*/*': 'image/webp',
    };
    for (const [accept, type] of Object.entries(types))
      expect([accept, (await fetchAs(server, a, path, { accept })).headers.get('content-type')]).toEqual([
        accept,
        type,
      ]);
    expect((await fetchAs(server, a, path, { accept: 'text/html' })).status).toBe(406);
  });
});

describe('recordings', () => {
  it.each([
    ['mp4 with its index first', 'video/mp4', () => recording(new Mp4OutputFormat(), 'vp9', 'vp09.00.10.08')],
    [
      'mp4 with its index last',
      'video/mp4',
      () => recording(new Mp4OutputFormat({ fastStart: false }), 'vp9', 'vp09.00.10.08'),
    ],
    ['webm', 'video/webm', () => recording(new WebMOutputFormat(), 'vp8', 'vp8')],
  ] as const)('%s has its duration and size, and is served in ranges', async (_what, mime, make) => {
    const bytes = await make();
    const found = await upload(server, a, { bytes, name: 'film' });
    expect(found).toMatchObject({ kind: 'video', mime, size: bytes.length, width: 640, height: 360, image: null });
    expect(Math.abs(found.durationMs! - 2_000)).toBeLessThan(100);
    const part = await fetch(found.url, { headers: { range: 'bytes=100-199' } });
    expect([part.status, part.headers.get('content-disposition')?.startsWith('inline')]).toEqual([206, true]);
    expect((await bytesOf(part)).equals(bytes.subarray(100, 200))).toBe(true);
  });

  it('a sound has its duration, and a broken one has none', async () => {
    const wave = Buffer.alloc(44 + 16_000);
    wave.write('RIFF____WAVEfmt ');
    for (const [at, value] of [
      [4, 36 + 16_000],
      [16, 16],
      [24, 8_000],
      [28, 8_000],
      [40, 16_000],
    ] as const)
      wave.writeUInt32LE(value, at);
    for (const [at, value] of [
      [20, 1],
      [22, 1],
      [32, 1],
      [34, 8],
    ] as const)
      wave.writeUInt16LE(value, at);
    wave.write('data', 36);
    const sound = await upload(server, a, { bytes: wave });
    expect(sound).toMatchObject({ kind: 'audio', mime: 'audio/wav', durationMs: 2_000, width: null, height: null });
    const broken = Buffer.concat([
      Buffer.from('0000001c667479706d703432000000006d7034326d703431', 'hex'),
      Buffer.alloc(500, 7),
    ]);
    expect(await upload(server, a, { bytes: broken })).toMatchObject({ kind: 'video', durationMs: null, width: null });
  });
});

describe('garbage collection', () => {
  const hour = 3_600_000;
  const age = (id: string, ms: number) =>
    server.database
      .collection('uploads')
      .updateOne({ _id: new Types.ObjectId(id) }, { $set: { since: new Date(Date.now() - ms) } });

  it('requirement 53: an upload that is unused for a day is deleted, and a used one stays', async () => {
    const [old, young, carried] = [await upload(server, a), await upload(server, a), await upload(server, a)];
    await send(a, { attachments: [carried.id] });
    for (const { id } of [old, carried]) await age(id, 25 * hour);
    await age(young.id, 23 * hour);
    const before = (await storedFilesOf(server)).length;
    server.context.garbageCollector.wake();
    await expect.poll(async () => (await fetch(old.url)).status).toBe(404);
    await expect.poll(async () => (await storedFilesOf(server)).length).toBe(before - 1);
    expect([(await fetch(young.url)).status, (await fetch(carried.url)).status]).toEqual([200, 200]);
  });

  it('a reservation without a message is released, and one with a message is confirmed', async () => {
    const [lost, confirmed] = [await upload(server, a), await upload(server, a)];
    const message = await send(a, { attachments: [confirmed.id] });
    const uploads = server.database.collection('uploads');
    const claim = `message ${conversationId} ${a.id} never-came`;
    const claimed = { stage: 'claimed', since: new Date(Date.now() - 2 * hour) };
    await uploads.updateOne({ _id: new Types.ObjectId(lost.id) }, { $set: { ...claimed, claims: [claim] } });
    await uploads.updateOne({ _id: new Types.ObjectId(confirmed.id) }, { $set: claimed });
    server.context.garbageCollector.wake();
    const stageOf = async (id: string): Promise<unknown> =>
      (await uploads.findOne({ _id: new Types.ObjectId(id) }))?.['stage'];
    await expect.poll(() => stageOf(lost.id)).toBe('free');
    await expect.poll(() => stageOf(confirmed.id)).toBe('attached');
    expect((await send(a, { attachments: [lost.id] })).status).toBe(201);
    expect((await as(a).get(`/api/messages/${message.body.id}`)).body.attachments[0]!.id).toBe(confirmed.id);
  });
});

it('a link survives a rotation of the key that signed it', async () => {
  const [former, present] = ['the former key of a test, long enough', 'the present key of a test, long enough'];
  const own = await startServer({ SECRET_KEY: former });
  const user = await makeUser(own);
  const { url, id } = await upload(own, user, { bytes: 'words' });
  const { search } = new URL(url);
  const dataDir = { DATA_DIR: own.dataDir, MONGODB_URI: own.uri };
  const second = await startServer({ ...dataDir, SECRET_KEY: present, SECRET_KEY_PREVIOUS: former });
  expect((await fetch(`${second.url}/api/upload/${id}/content${search}`)).status).toBe(200);
  await second.stop();
  const third = await startServer({ ...dataDir, SECRET_KEY: present });
  expect((await fetch(`${third.url}/api/upload/${id}/content${search}`)).status).toBe(401);
  await third.stop();
  await own.stop();
});

describe('byte ranges', () => {
  it('Range, If-Range, ETag and HEAD follow HTTP', async () => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 251));
    const { id } = await upload(server, a, { bytes });
    const get = (headers: Record<string, string>) => fetchAs(server, a, contentOf(id), headers);
    const whole = await get({});
    const etag = whole.headers.get('etag') ?? '';
    expect([whole.status, whole.headers.get('accept-ranges'), whole.headers.get('content-length')]).toEqual([
      200,
      'bytes',
      '1000',
    ]);
    expect((await bytesOf(whole)).equals(bytes)).toBe(true);
    expect(etag).toBe(`"${createHash('sha256').update(bytes).digest('hex')}"`);
    const parts: [string, number, number][] = [
      ['bytes=0-9', 0, 9],
      ['bytes=990-', 990, 999],
      ['bytes=-10', 990, 999],
      ['bytes=500-5000', 500, 999],
    ];
    for (const [range, start, end] of parts) {
      const part = await get({ range });
      expect([range, part.status, part.headers.get('content-range')]).toEqual([
        range,
        206,
        `bytes ${start}-${end}/1000`,
      ]);
      expect((await bytesOf(part)).equals(bytes.subarray(start, end + 1))).toBe(true);
    }
    const beyond = await get({ range: 'bytes=1000-' });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */1000']);
    for (const range of ['bytes=0-1,5-6', 'lines=0-1', 'bytes=x'])
      expect([range, (await get({ range })).status]).toEqual([range, 200]);
    expect((await get({ range: 'bytes=0-9', 'if-range': etag })).status).toBe(206);
    expect((await get({ range: 'bytes=0-9', 'if-range': '"another"' })).status).toBe(200);
    for (const held of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const answer = await get({ 'if-none-match': held });
      expect([held, answer.status, (await bytesOf(answer)).length]).toEqual([held, 304, 0]);
    }
    expect((await get({ 'if-none-match': '"another"' })).status).toBe(200);
    const head = await fetch(server.url + contentOf(id), {
      method: 'HEAD',
      headers: { authorization: `Bearer ${a.tokens.accessToken}` },
    });
    expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([200, '1000', etag]);
  });
});

describe('requirement 54: URLs from clients are never fetched', () => {
  it('requirement 54: an avatar is set by its upload id only', async () => {
    for (const uploadId of [
      'http://127.0.0.1:1/x.png',
      'file:///etc/passwd',
      'http://0x7f.1/',
      '//[::ffff:127.0.0.1]/',
    ])
      expect((await as(a).put('/api/users/avatar', { uploadId })).status).toBe(400);
  });
});

describe('a deleted account', () => {
  it('exports its uploads, and takes those with it that nothing else uses', async () => {
    const own = await startServer({ ACCOUNT_ERASURE_DELAY: '0' });
    const [user, friend] = await makeUsers(own, 2);
    const direct = await makeDirect(own, user, friend);
    const [kept, loose, avatar] = [
      await upload(own, user),
      await upload(own, user),
      await upload(own, user, { purpose: 'avatar' }),
    ];
    await api(own).as(user).put('/api/users/avatar', { uploadId: avatar.id });
    const body = { conversationId: direct.id, clientId: 'kept', attachments: [kept.id] };
    const { url } = (await api(own).as(user).post('/api/messages', body)).body.attachments[0]!;
    const exported = (await api(own).as(user).get('/api/users/export')).body;
    expect(exported.uploads.map(({ id }) => id)).toEqual([kept.id, loose.id, avatar.id]);
    expect((await fetch(exported.uploads[1]!.url)).status).toBe(200);
    expect(exported.messages[0]!.attachments[0]!.id).toBe(kept.id);
    const preview = await api(own).as(user).delete('/api/users/me', { password: user.password, dryRun: true });
    expect(preview.body.uploads).toBe(3);
    await api(own).as(user).delete('/api/users/me', { password: user.password });
    await expect.poll(async () => (await fetch(loose.url)).status).toBe(404);
    await expect.poll(async () => (await fetch(avatar.url)).status).toBe(404);
    expect([(await fetch(url)).status, (await fetchAs(own, friend, contentOf(kept.id))).status]).toEqual([200, 200]);
    await own.stop();
  });
});
