/** Messages that no driver would send, and the largest and most that a driver may send. (8.8) */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import mongoose from 'mongoose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectTo, openStore } from './support/store.js';

const { BSON } = mongoose.mongo;
// The library writes into an internal buffer, which holds 17 MB by default.
BSON.setInternalBufferSize(50_000_000);
const headerBytes = 16;
const maxMessageBytes = 48_000_000;
const opMsg = 2013;

interface RawConnection {
  socket: Socket;
  /** Resolves with the next reply, decoded. */
  reply: () => Promise<mongoose.mongo.Document>;
  closed: Promise<void>;
}

/** Opens a bare connection that splits incoming bytes into replies. */
async function open(store: { socketPath: string }): Promise<RawConnection> {
  const socket = connect(store.socketPath);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let buffered = Buffer.alloc(0);
  const replies: mongoose.mongo.Document[] = [];
  const waiting: (() => void)[] = [];
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 4 && buffered.length >= buffered.readInt32LE(0)) {
      const frame = buffered.subarray(0, buffered.readInt32LE(0));
      replies.push(BSON.deserialize(frame.subarray(frame.readInt32LE(12) === 1 ? headerBytes + 20 : headerBytes + 5)));
      buffered = buffered.subarray(frame.length);
      waiting.shift()?.();
    }
  });
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  const reply = async (): Promise<mongoose.mongo.Document> => {
    if (replies.length === 0) await Promise.race([new Promise<void>((notify) => waiting.push(notify)), closed]);
    const next = replies.shift();
    if (!next) throw new Error('the connection was closed without a reply');
    return next;
  };
  return { socket, reply, closed };
}

function frame(payload: Buffer, { opcode = opMsg, length = headerBytes + payload.length, flags = 0 } = {}): Buffer {
  const head = Buffer.alloc(headerBytes);
  head.writeInt32LE(length, 0);
  head.writeInt32LE(7, 4);
  head.writeInt32LE(opcode, 12);
  if (flags) payload.writeUInt32LE(flags, 0);
  return Buffer.concat([head, payload]);
}

const body = (command: object, sectionKind = 0): Buffer =>
  Buffer.concat([Buffer.alloc(4), Buffer.of(sectionKind), BSON.serialize({ ...command, $db: 'test' })]);
const ping = (flags = 0): Buffer => frame(body({ ping: 1 }), { flags });
const truncated = (): Buffer => {
  const whole = body({ ping: 1, text: 'hello' });
  whole.writeInt32LE(whole.readInt32LE(5) + 40, 5);
  return whole;
};

describe('(8.8) malformed messages', () => {
  const broken: Record<string, Buffer> = {
    'a length of 0': frame(Buffer.alloc(5), { length: 0 }),
    'a length below the header': frame(Buffer.alloc(5), { length: 15 }),
    'a negative length': frame(Buffer.alloc(5), { length: -1 }),
    'a length above the limit': frame(Buffer.alloc(5), { length: maxMessageBytes + 1 }),
    'an unknown opcode': frame(body({ ping: 1 }), { opcode: 2002 }),
    'an unknown section': frame(body({ ping: 1 }, 9)),
    'two bodies': frame(Buffer.concat([body({ ping: 1 }), body({ ping: 1 }).subarray(4)])),
    'no body': frame(Buffer.alloc(5)),
    'a required flag that is unknown': ping(1 << 5),
    'a document that ends too late': frame(truncated()),
    'an unknown type': frame(Buffer.concat([Buffer.alloc(5), Buffer.from([8, 0, 0, 0, 0x42, 0x61, 0, 0])])),
    garbage: randomBytes(4096).fill(0xff, 0, 4),
  };

  it.each(Object.entries(broken))('%s closes its own connection and no other', async (_, bytes) => {
    const store = await openStore();
    const client = await connectTo(store);
    const { socket, closed } = await open(store);
    socket.write(bytes);
    await closed;
    expect(await client.db().command({ ping: 1 })).toMatchObject({ ok: 1 });
  });

  it('do no harm in 300 random mutations of a valid message', async () => {
    const store = await openStore();
    const client = await connectTo(store);
    const good = frame(body({ insert: 'rows', documents: [{ _id: 1, text: 'hello', list: [1, { a: true }] }] }));
    for (let round = 0; round < 300; round++) {
      const { socket, closed, reply } = await open(store);
      const bad = Buffer.from(good);
      for (let change = 0; change <= round % 4; change++) {
        // The upper bytes of the length stay: with a larger one the store would wait for more, as it should.
        const at = 2 + Math.floor(Math.random() * (bad.length - 2));
        if (at !== 2 && at !== 3) bad[at] = Math.floor(Math.random() * 256);
      }
      socket.end(bad);
      await Promise.race([closed, reply().catch(() => undefined)]);
      socket.destroy();
    }
    expect(await client.db().command({ ping: 1 })).toMatchObject({ ok: 1 });
  });
});

describe('(8.8) messages', () => {
  it('are answered however they are split: byte by byte, two at once, one in two halves', async () => {
    const store = await openStore();
    const half = await open(store);
    half.socket.write(ping().subarray(0, 30));
    const slow = await open(store);
    slow.socket.setNoDelay(true);
    for (const byte of ping()) slow.socket.write(Buffer.of(byte));
    expect(await slow.reply()).toMatchObject({ ok: 1 });
    const quick = await open(store);
    quick.socket.write(Buffer.concat([ping(), ping()]));
    expect(await quick.reply()).toMatchObject({ ok: 1 });
    expect(await quick.reply()).toMatchObject({ ok: 1 });
    half.socket.write(ping().subarray(30));
    expect(await half.reply()).toMatchObject({ ok: 1 });
  });

  it('have no effect if the connection closes halfway', async () => {
    const store = await openStore();
    const client = await connectTo(store);
    const { socket, closed } = await open(store);
    const insert = frame(body({ insert: 'rows', documents: [{ _id: 1 }] }));
    socket.write(insert.subarray(0, insert.length - 1), () => socket.destroy());
    await closed;
    expect(await client.db().collection('rows').countDocuments()).toBe(0);
  });

  it('with moreToCome get no reply, and a checksum is ignored', async () => {
    const store = await openStore();
    const { socket, reply } = await open(store);
    const insert = body({ insert: 'rows', documents: [{ _id: 1 }] });
    socket.write(frame(insert, { flags: 2 }));
    socket.write(frame(Buffer.concat([body({ count: 'rows' }), Buffer.alloc(4)]), { flags: 1 }));
    expect(await reply()).toMatchObject({ n: 1, ok: 1 });
  });

  it('of type OP_QUERY are accepted for the first hello', async () => {
    const store = await openStore();
    const { socket, reply } = await open(store);
    const query = Buffer.concat([
      Buffer.alloc(4),
      Buffer.from('admin.$cmd\0'),
      Buffer.from([0, 0, 0, 0, 1, 0, 0, 0]),
      BSON.serialize({ isMaster: 1, helloOk: true }),
    ]);
    socket.write(frame(query, { opcode: 2004 }));
    expect(await reply()).toMatchObject({ ismaster: true, maxWireVersion: 25, ok: 1 });
  });

  it('may have 48,000,000 bytes, and not one byte more', async () => {
    const store = await openStore();
    const { socket, reply } = await open(store);
    const documents = [1, 2, 3].map((_id) => ({ _id, bytes: Buffer.alloc(15_999_000) }));
    const bare = frame(body({ insert: 'rows', documents, comment: '' })).length;
    const comment = 'x'.repeat(maxMessageBytes - bare);
    const largest = frame(body({ insert: 'rows', documents, comment }));
    expect(largest.length).toBe(maxMessageBytes);
    socket.write(largest);
    expect(await reply()).toMatchObject({ n: 3, ok: 1 });
    const client = await connectTo(store);
    expect(await client.db().collection('rows').countDocuments()).toBe(3);
    const tooLong = await open(store);
    tooLong.socket.write(frame(body({ ping: 1, comment: `${comment}x` }), { length: maxMessageBytes + 1 }));
    await tooLong.closed;
  });
});

describe('(8.8) connections and cursors', () => {
  it('answers 200 connections at once', async () => {
    const store = await openStore();
    const all = await Promise.all(Array.from({ length: 200 }, () => open(store)));
    for (const { socket } of all) socket.write(ping());
    const replies = await Promise.all(all.map(({ reply }) => reply()));
    expect(replies.filter(({ ok }) => ok === 1)).toHaveLength(200);
  });

  it('returns long results completely, with at most 16 MB in a batch', async () => {
    const client = await connectTo(await openStore());
    const rows = client.db().collection<{ _id: number; text: string }>('rows');
    const text = 'é'.repeat(500_000);
    for (let _id = 0; _id < 20; _id++) await rows.insertOne({ _id, text });
    const first = await client.db().command({ find: 'rows', filter: {}, batchSize: 1000 });
    expect(first['cursor'].firstBatch.length).toBeLessThan(17);
    expect(first['cursor'].firstBatch.length).toBeGreaterThan(10);
    const all = await rows.find().sort({ _id: 1 }).toArray();
    expect(all.map((row) => [row._id, row.text === text])).toEqual(all.map((_, at) => [at, true]));
    expect(all).toHaveLength(20);
  });

  it('closes idle cursors, and no others', async () => {
    const store = await openStore();
    const client = await connectTo(store);
    const db = client.db();
    await db.collection<{ _id: number }>('rows').insertMany(Array.from({ length: 40_000 }, (_, n) => ({ _id: n })));
    const open = async (more: object = {}): Promise<unknown> =>
      ((await db.command({ find: 'rows', batchSize: 1, ...more })) as { cursor: { id: unknown } }).cursor.id;
    const [idle, used, lasting] = [await open(), await open(), await open({ noCursorTimeout: true })];
    const more = (id: unknown) => db.command({ getMore: id, collection: 'rows', batchSize: 1 });
    await client.db('admin').command({ setParameter: 1, cursorTimeoutMillis: 1500 });
    const deadline = Date.now() + 15_000;
    const openCursors = async (): Promise<number> => {
      await more(used);
      return Number((await client.db('admin').command({ serverStatus: 1 }))['metrics'].cursor.open.total);
    };
    while ((await openCursors()) > 2)
      if (Date.now() > deadline) throw new Error('the idle cursor is still open after 15 s');
    await expect(more(idle)).rejects.toMatchObject({ code: 43 });
    expect((await more(lasting))['cursor'].nextBatch).toHaveLength(1);
    expect((await more(used))['cursor'].nextBatch).toHaveLength(1);
  });

  it('closes a cursor that was killed, and finds it only under its own namespace', async () => {
    const client = await connectTo(await openStore());
    const db = client.db();
    await db.collection<{ _id: number }>('rows').insertMany(Array.from({ length: 10 }, (_, _id) => ({ _id })));
    const { cursor } = (await db.command({ find: 'rows', batchSize: 2 })) as { cursor: { id: unknown } };
    const more = (collection: string) => db.command({ getMore: cursor.id, collection, batchSize: 2 });
    await expect(more('others')).rejects.toMatchObject({ code: 43, codeName: 'CursorNotFound' });
    expect((await more('rows'))['cursor'].nextBatch).toEqual([{ _id: 2 }, { _id: 3 }]);
    const killed = await db.command({ killCursors: 'rows', cursors: [cursor.id] });
    expect(killed['cursorsKilled']).toHaveLength(1);
    await expect(more('rows')).rejects.toMatchObject({ code: 43 });
    const again = await db.command({ killCursors: 'rows', cursors: [cursor.id] });
    expect([again['cursorsKilled'], again['cursorsNotFound'].length]).toEqual([[], 1]);
  });
});
