/**
 * The floor `commit`: plain Socket.IO with group commit. One insert is in flight; messages that arrive meanwhile join the
 * next. The store is the embedded one, in its thread; a row has two unique indexes, no words and no rules.
 */
import { join } from 'node:path';
import mongoose from 'mongoose';
import { startEmbeddedStore } from '@causerie/embedded-mongo';
import { type MessageFrame, serveFrames } from './frames.js';

const store = await startEmbeddedStore({ path: join(process.env['FLOOR_DATA'] ?? '.', 'store') });
const connection = await mongoose.createConnection(store.uri('floor')).asPromise();
const rows = connection.collection('rows');
await rows.createIndex({ conversationId: 1, seq: 1 }, { unique: true });
await rows.createIndex({ conversationId: 1, senderId: 1, clientId: 1 }, { unique: true });

let waiting: { row: MessageFrame; done: () => void }[] = [];
let isWriting = false;

async function write(): Promise<void> {
  isWriting = true;
  while (waiting.length > 0) {
    const batch = waiting;
    waiting = [];
    await rows.insertMany(batch.map(({ row }) => ({ ...row })));
    for (const { done } of batch) done();
  }
  isWriting = false;
}

serveFrames(
  (row) =>
    new Promise((done) => {
      waiting.push({ row, done });
      if (!isWriting) void write();
    }),
);
