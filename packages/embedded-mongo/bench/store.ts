/**
 * Measures the store as it grows: `npx tsx packages/embedded-mongo/bench/store.ts [documents]`, by default 1,000,000. A page of 50
 * by index compared to one out of 1,000; starting; the delay that a scan adds to point reads; concurrent inserts. The store
 * runs in a process of its own. Compare the ratios; the times depend on the machine.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mongoose from 'mongoose';

const main = fileURLToPath(new URL('../main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'store-bench-'));
const size = Number(process.argv[2] ?? 1_000_000);
const { MongoClient } = mongoose.mongo;

interface Row {
  _id: number;
  conversation: number;
  seq: number;
  text: string;
}

/** Starts the store of one folder; returns how long it took until it was listening. */
async function start(name: string): Promise<{ child: ChildProcess; uri: string; ms: number }> {
  const socket = join(folder, `${name}.sock`);
  const began = performance.now();
  const child = spawn(process.execPath, [main, '--path', join(folder, name), '--socket', socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((said) => child.stdout.once('data', said));
  return { child, uri: `mongodb://${encodeURIComponent(socket)}/bench`, ms: performance.now() - began };
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null) await new Promise((ended) => child.once('exit', ended));
}

function at(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

async function timed(ask: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await ask();
  return performance.now() - began;
}

const ms = (value: number): string => `${value.toFixed(2)} ms`;

async function fill(rows: mongoose.mongo.Collection<Row>, count: number): Promise<void> {
  await rows.createIndex({ conversation: 1, seq: -1 });
  const text = 'x'.repeat(120);
  for (let from = 0; from < count; from += 5000) {
    const some = Array.from({ length: Math.min(5000, count - from) }, (_, n) => {
      const number = from + n;
      return { _id: number, conversation: number % 10, seq: Math.floor(number / 10), text };
    });
    await rows.insertMany(some, { ordered: false });
    if (from % 100_000 === 0) process.stderr.write(`\r${Math.round((100 * from) / count)} %  `);
  }
  process.stderr.write('\r');
}

async function pages(db: mongoose.mongo.Db): Promise<void> {
  const [few, many] = [db.collection<Row>('few'), db.collection<Row>('many')];
  const page = (rows: typeof few) => rows.find({ conversation: 3 }).sort({ seq: -1 }).limit(50).toArray();
  const times = { few: [] as number[], many: [] as number[] };
  for (let n = 0; n < 1100; n++) {
    const [ofFew, ofMany] = [await timed(() => page(few)), await timed(() => page(many))];
    if (n < 100) continue;
    times.few.push(ofFew);
    times.many.push(ofMany);
  }
  const [a, b] = [at(times.few, 0.5), at(times.many, 0.5)];
  console.log(
    `page of 50: ${ms(a)} out of 1,000, ${ms(b)} out of ${size.toLocaleString('en')}, ratio ${(b / a).toFixed(2)}`,
  );
}

async function scans(db: mongoose.mongo.Db): Promise<void> {
  const many = db.collection<Row>('many');
  const read = async (count: number): Promise<number[]> => {
    const times: number[] = [];
    for (let n = 0; n < count; n++) times.push(await timed(() => many.findOne({ _id: (n * 7919) % size })));
    return times;
  };
  await read(200);
  const alone = await read(1000);
  let isScanning = true;
  const scanning = (async () => {
    while (isScanning) await many.countDocuments({ text: 'none' });
  })();
  const beside = await read(1000);
  isScanning = false;
  await scanning;
  for (const share of [0.5, 0.99, 1]) {
    const [a, b] = [at(alone, share), at(beside, share)];
    console.log(`point read, p${share * 100}: ${ms(a)} alone, ${ms(b)} beside a scan, ${ms(b - a)} more`);
  }
}

async function inserts(db: mongoose.mongo.Db): Promise<void> {
  const rows = db.collection<Row>('inserts');
  await rows.createIndex({ conversation: 1, seq: -1 });
  let next = 0;
  let first = 0;
  for (const inFlight of [1, 16, 64]) {
    const end = performance.now() + 4000;
    const before = next;
    await Promise.all(
      Array.from({ length: inFlight }, async () => {
        while (performance.now() < end)
          await rows.insertOne({ _id: next++, conversation: next % 10, seq: next, text: 'y'.repeat(120) });
      }),
    );
    const rate = (next - before) / 4;
    first ||= rate;
    console.log(`inserts, ${inFlight} in flight: ${Math.round(rate)}/s, ratio ${(rate / first).toFixed(1)}`);
  }
}

async function starts(name: string, what: string): Promise<void> {
  const times: number[] = [];
  for (let n = 0; n < 7; n++) {
    const { child, ms: took } = await start(name);
    times.push(took);
    await stop(child);
  }
  console.log(`start with ${what}: ${Math.round(at(times, 0.5))} ms until it listens`);
}

try {
  await starts('empty', 'nothing');
  const { child, uri } = await start('full');
  const client = await MongoClient.connect(uri, { maxPoolSize: 100 });
  await fill(client.db().collection<Row>('few'), 1000);
  await fill(client.db().collection<Row>('many'), size);
  await pages(client.db());
  await scans(client.db());
  await inserts(client.db());
  await client.close();
  await stop(child);
  await starts('full', `${size.toLocaleString('en')} documents`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
