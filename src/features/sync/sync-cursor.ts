/** The cursor of a sync: the numbers of everything that a device has, a few for each conversation, as compressed bytes. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Cursors } from '../../kernel/cursors.js';
import { invalidInput } from '../../kernel/problem.js';

/** What a device knows of one conversation. */
export interface ConversationState {
  cursorIndex: number;
  seq: number;
  rev: number;
  memberRevision: number;
  /** Both group receipts, or both receipts of the other member, added up: receipts only move forward. */
  receiptSum: number;
  start: number;
}

/** What a device knows of everything. */
export interface SyncVector {
  conversations: ConversationState[];
  /** The versions of the collections of the user, by name. */
  versions: Record<string, string>;
}

const list = 'sync';
const format = 1;
const maxBytes = 10_000_000;
const fieldsEach = 6;

const unreadable = {
  en: 'This cursor is not valid. Start again without one.',
  fr: 'Ce curseur n’est pas valide. Recommencez sans curseur.',
};

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

/** Packs a vector: seven bits of a number to a byte, cursor indexes as differences, all of it deflated. */
function pack({ conversations, versions }: SyncVector): Buffer {
  const names = Buffer.from(JSON.stringify(versions));
  const header: number[] = [];
  writeNumber(header, format);
  writeNumber(header, names.length);
  const numbers: number[] = [];
  let previous = 0;
  for (const state of conversations.toSorted((a, b) => a.cursorIndex - b.cursorIndex)) {
    const { cursorIndex, seq, rev, memberRevision, receiptSum, start } = state;
    for (const value of [cursorIndex - previous, seq, rev, memberRevision, receiptSum, start])
      writeNumber(numbers, value);
    previous = cursorIndex;
  }
  return deflateRawSync(Buffer.concat([Buffer.from(header), names, Buffer.from(numbers)]));
}

function statesOf(numbers: readonly number[]): ConversationState[] {
  const states: ConversationState[] = [];
  let cursorIndex = 0;
  for (let at = 0; at + fieldsEach <= numbers.length; at += fieldsEach) {
    const [step = 0, seq = 0, rev = 0, memberRevision = 0, receiptSum = 0, start = 0] = numbers.slice(
      at,
      at + fieldsEach,
    );
    cursorIndex += step;
    states.push({ cursorIndex, seq, rev, memberRevision, receiptSum, start });
  }
  return states;
}

/** Returns null for another format. */
function unpack(packed: Buffer): SyncVector | null {
  const bytes = inflateRawSync(packed, { maxOutputLength: maxBytes });
  const [given, length = 0] = readNumbers(bytes.subarray(0, 10));
  if (given !== format) return null;
  const start = 1 + (length < 0x80 ? 1 : length < 0x4000 ? 2 : 3);
  const versions = JSON.parse(bytes.subarray(start, start + length).toString()) as Record<string, string>;
  return { conversations: statesOf(readNumbers(bytes.subarray(start + length))), versions };
}

export function encodeVector(cursors: Cursors, userId: string, vector: SyncVector): string {
  return cursors.seal(list, userId, pack(vector));
}

/** Returns an empty vector without a cursor; throws `invalid_input` for a cursor of another user or format. */
export function decodeVector(cursors: Cursors, userId: string, cursor: string | undefined): SyncVector {
  if (cursor === undefined) return { conversations: [], versions: {} };
  const vector = unpack(cursors.open(list, userId, cursor, 'body.cursor'));
  if (!vector) throw invalidInput('body.cursor', unreadable);
  return vector;
}
