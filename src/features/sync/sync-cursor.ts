/** The vector that a device has seen, as bytes: a few numbers for each conversation, compressed. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** What is known of one conversation. */
export interface Entry {
  /** The number of the member row among those of its person. */
  cursorIndex: number;
  seq: number;
  rev: number;
  memberRevision: number;
  /** The sum of the two marks of `reached`, as they are shown. */
  shown: number;
  /** The number up to which nothing can be seen. */
  start: number;
}

/** Everything that a device has seen. */
export interface Vector {
  entries: Entry[];
  /** The versions of the personal collections, by name. */
  versions: Record<string, string>;
}

const format = 1;
const maxNumber = 10_000_000;

function writeNumber(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}

function readNumbers(bytes: Buffer): number[] {
  const numbers: number[] = [];
  let value = 0;
  let weight = 1;
  for (const byte of bytes) {
    value += (byte & 0x7f) * weight;
    weight *= 0x80;
    if (byte >= 0x80) continue;
    numbers.push(value);
    value = 0;
    weight = 1;
  }
  return numbers;
}

/** The bytes of a vector: numbers of seven bits a byte, slots as differences, the whole deflated. */
export function packVector({ entries, versions }: Vector): Buffer {
  const names = Buffer.from(JSON.stringify(versions));
  const bytes: number[] = [];
  writeNumber(bytes, format);
  writeNumber(bytes, names.length);
  let before = 0;
  const numbers: number[] = [];
  for (const { cursorIndex, seq, rev, memberRevision, shown, start } of [...entries].sort(
    (a, b) => a.cursorIndex - b.cursorIndex,
  )) {
    for (const value of [cursorIndex - before, seq, rev, memberRevision, shown, start]) writeNumber(numbers, value);
    before = cursorIndex;
  }
  return deflateRawSync(Buffer.concat([Buffer.from(bytes), names, Buffer.from(numbers)]));
}

function entriesOf(numbers: readonly number[]): Entry[] {
  const entries: Entry[] = [];
  let cursorIndex = 0;
  for (let at = 0; at + 5 < numbers.length; at += 6) {
    const [step = 0, seq = 0, rev = 0, memberRevision = 0, shown = 0, start = 0] = numbers.slice(at, at + 6);
    cursorIndex += step;
    entries.push({ cursorIndex, seq, rev, memberRevision, shown, start });
  }
  return entries;
}

/** The vector of bytes that this server has made; null for another format. */
export function unpackVector(packed: Buffer): Vector | null {
  const bytes = inflateRawSync(packed, { maxOutputLength: maxNumber });
  const [given, length = 0] = readNumbers(bytes.subarray(0, 10));
  if (given !== format) return null;
  const names = 1 + (length < 0x80 ? 1 : length < 0x4000 ? 2 : 3);
  const versions = JSON.parse(bytes.subarray(names, names + length).toString()) as Record<string, string>;
  return { entries: entriesOf(readNumbers(bytes.subarray(names + length))), versions };
}
