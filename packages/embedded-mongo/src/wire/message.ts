/** MongoDB's wire protocol (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/): OP_MSG, and OP_QUERY for the first hello. */
import { CommandError } from '../errors.js';
import { decode } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import type { Encodable } from '../bson/encode.js';
import type { Doc } from '../bson/value.js';

export const maxMessageBytes = 48_000_000;
export const headerBytes = 16;

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const CHECKSUM = 1;
const MORE_TO_COME = 2;
/** Flag bits up to here must be understood. */
const REQUIRED_FLAGS = 0xffff;

export interface Request {
  readonly id: number;
  readonly body: Doc;
  /** Documents sent beside the body, as raw bytes, by the name of the field they stand for. */
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
  readonly wantsReply: boolean;
  /** True for OP_QUERY, which is answered by OP_REPLY. */
  readonly legacy: boolean;
}

function broken(what: string): CommandError {
  return new CommandError(17, `malformed message: ${what}`);
}

function cstringEnd(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(0, from);
  if (end < 0) throw broken('a string has no end');
  return end;
}

function slice(bytes: Buffer, at: number, end: number): Buffer {
  if (at + 4 > end) throw broken('a length runs past the end');
  const length = bytes.readInt32LE(at);
  if (length < 5 || at + length > end) throw broken('a document runs past the end');
  return bytes.subarray(at, at + length);
}

interface Sections {
  body: Doc | null;
  readonly sequences: Map<string, Buffer[]>;
}

function readSequence(bytes: Buffer, at: number, end: number, sections: Sections): number {
  if (at + 4 > end) throw broken('a section runs past the end');
  const length = bytes.readInt32LE(at);
  const stop = at + length;
  if (length < 5 || stop > end) throw broken('a section runs past the end');
  const nameEnd = cstringEnd(bytes, at + 4);
  const name = bytes.toString('utf8', at + 4, nameEnd);
  const documents: Buffer[] = [];
  let position = nameEnd + 1;
  while (position < stop) {
    const document = slice(bytes, position, stop);
    documents.push(document);
    position += document.length;
  }
  if (position !== stop) throw broken('a section does not end where it says');
  sections.sequences.set(name, documents);
  return stop;
}

function readSections(bytes: Buffer, end: number): Sections {
  const sections: Sections = { body: null, sequences: new Map() };
  let at = headerBytes + 4;
  while (at < end) {
    const kind = bytes[at++];
    if (kind === 0) {
      const raw = slice(bytes, at, end);
      if (sections.body) throw broken('two bodies');
      sections.body = decode(raw);
      at += raw.length;
    } else if (kind === 1) {
      at = readSequence(bytes, at, end, sections);
    } else {
      throw broken(`unknown section kind ${kind}`);
    }
  }
  return sections;
}

function readMessage(bytes: Buffer): Request {
  if (bytes.length < headerBytes + 5) throw broken('too short');
  const flags = bytes.readUInt32LE(headerBytes);
  if (flags & REQUIRED_FLAGS & ~(CHECKSUM | MORE_TO_COME)) throw broken('unknown required flag');
  const { body, sequences } = readSections(bytes, bytes.length - (flags & CHECKSUM ? 4 : 0));
  if (!body) throw broken('no body');
  return { id: bytes.readInt32LE(4), body, sequences, wantsReply: !(flags & MORE_TO_COME), legacy: false };
}

function readQuery(bytes: Buffer): Request {
  const nameEnd = cstringEnd(bytes, headerBytes + 4);
  const name = bytes.toString('utf8', headerBytes + 4, nameEnd);
  const raw = slice(bytes, nameEnd + 9, bytes.length);
  const body = decode(raw);
  const [db = ''] = name.split('.');
  return { id: bytes.readInt32LE(4), body: { ...body, $db: db }, sequences: new Map(), wantsReply: true, legacy: true };
}

/** Reads one whole frame. Throws 17 or 22 for a malformed one; the connection must then be closed. */
export function readFrame(bytes: Buffer): Request {
  const opcode = bytes.readInt32LE(12);
  if (opcode === OP_MSG) return readMessage(bytes);
  if (opcode === OP_QUERY) return readQuery(bytes);
  throw broken(`unsupported opcode ${opcode}`);
}

function header(length: number, requestId: number, opcode: number): Buffer {
  const result = Buffer.alloc(headerBytes);
  result.writeInt32LE(length, 0);
  result.writeInt32LE(requestId, 8);
  result.writeInt32LE(opcode, 12);
  return result;
}

/** The frame that answers a request. */
export function replyFrame(request: Pick<Request, 'id' | 'legacy'>, reply: { [key: string]: Encodable }): Buffer {
  const body = encode(reply);
  if (request.legacy) {
    const fields = Buffer.alloc(20);
    fields.writeInt32LE(8, 0);
    fields.writeInt32LE(1, 16);
    return Buffer.concat([header(headerBytes + 20 + body.length, request.id, OP_REPLY), fields, body]);
  }
  return Buffer.concat([header(headerBytes + 5 + body.length, request.id, OP_MSG), Buffer.alloc(5), body]);
}

/** The frame of a request, for tools that ask a store themselves. */
export function requestFrame(command: { [key: string]: Encodable }): Buffer {
  const body = encode(command);
  const frame = Buffer.concat([header(headerBytes + 5 + body.length, 0, OP_MSG), Buffer.alloc(5), body]);
  frame.writeInt32LE(1, 4);
  return frame;
}
