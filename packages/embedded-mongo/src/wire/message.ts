/** MongoDB's wire protocol (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/): OP_MSG, and OP_QUERY for the first hello. */
import { CommandError } from '../errors.js';
import { decode } from '../bson/decode.js';
import { type Encodable, encode } from '../bson/encode.js';
import type { Doc } from '../bson/value.js';

export const maxMessageBytes = 48_000_000;
export const headerBytes = 16;

const opReply = 1;
const opQuery = 2004;
const opMsg = 2013;
const checksumFlag = 1;
const moreToComeFlag = 2;
/** A server must reject unknown flags among these bits. */
const requiredFlags = 0xffff;

export interface Request {
  id: number;
  body: Doc;
  /** Documents sent outside the body, as raw bytes, by the name of the field they stand for. */
  sequences: ReadonlyMap<string, readonly Buffer[]>;
  wantsReply: boolean;
  /** True for OP_QUERY, which is answered with OP_REPLY. */
  isLegacy: boolean;
}

interface Sections {
  body: Doc | null;
  sequences: Map<string, Buffer[]>;
}

function malformed(reason: string): CommandError {
  return new CommandError(17, `malformed message: ${reason}`);
}

function endOfCString(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(0, from);
  if (end < 0) throw malformed('a string is not terminated');
  return end;
}

function documentAt(bytes: Buffer, at: number, end: number): Buffer {
  if (at + 4 > end) throw malformed('a length runs past the end');
  const length = bytes.readInt32LE(at);
  if (length < 5 || at + length > end) throw malformed('a document runs past the end');
  return bytes.subarray(at, at + length);
}

function readSequence(bytes: Buffer, at: number, end: number, sections: Sections): number {
  if (at + 4 > end) throw malformed('a section runs past the end');
  const length = bytes.readInt32LE(at);
  const sectionEnd = at + length;
  if (length < 5 || sectionEnd > end) throw malformed('a section runs past the end');
  const nameEnd = endOfCString(bytes, at + 4);
  const name = bytes.toString('utf8', at + 4, nameEnd);
  const documents: Buffer[] = [];
  let position = nameEnd + 1;
  while (position < sectionEnd) {
    const document = documentAt(bytes, position, sectionEnd);
    documents.push(document);
    position += document.length;
  }
  if (position !== sectionEnd) throw malformed('a section does not match its length');
  sections.sequences.set(name, documents);
  return sectionEnd;
}

function readSections(bytes: Buffer, end: number): Sections {
  const sections: Sections = { body: null, sequences: new Map() };
  let at = headerBytes + 4;
  while (at < end) {
    const kind = bytes[at++];
    if (kind === 0) {
      const raw = documentAt(bytes, at, end);
      if (sections.body) throw malformed('two bodies');
      sections.body = decode(raw);
      at += raw.length;
    } else if (kind === 1) {
      at = readSequence(bytes, at, end, sections);
    } else {
      throw malformed(`unknown section kind ${kind}`);
    }
  }
  return sections;
}

function readMessage(bytes: Buffer): Request {
  if (bytes.length < headerBytes + 5) throw malformed('too short');
  const flags = bytes.readUInt32LE(headerBytes);
  if (flags & requiredFlags & ~(checksumFlag | moreToComeFlag)) throw malformed('unknown required flag');
  const { body, sequences } = readSections(bytes, bytes.length - (flags & checksumFlag ? 4 : 0));
  if (!body) throw malformed('no body');
  return { id: bytes.readInt32LE(4), body, sequences, wantsReply: !(flags & moreToComeFlag), isLegacy: false };
}

function readQuery(bytes: Buffer): Request {
  const nameEnd = endOfCString(bytes, headerBytes + 4);
  const [db = ''] = bytes.toString('utf8', headerBytes + 4, nameEnd).split('.');
  const body = decode(documentAt(bytes, nameEnd + 9, bytes.length));
  return {
    id: bytes.readInt32LE(4),
    body: { ...body, $db: db },
    sequences: new Map(),
    wantsReply: true,
    isLegacy: true,
  };
}

/** Reads one complete frame. Throws 17 or 22 if it is malformed; the connection must then be closed. */
export function readFrame(bytes: Buffer): Request {
  const opcode = bytes.readInt32LE(12);
  if (opcode === opMsg) return readMessage(bytes);
  if (opcode === opQuery) return readQuery(bytes);
  throw malformed(`unsupported opcode ${opcode}`);
}

function header(length: number, responseTo: number, opcode: number): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  bytes.writeInt32LE(length, 0);
  bytes.writeInt32LE(responseTo, 8);
  bytes.writeInt32LE(opcode, 12);
  return bytes;
}

/** Writes the frame that answers a request. */
export function replyFrame(request: Pick<Request, 'id' | 'isLegacy'>, reply: { [key: string]: Encodable }): Buffer {
  const body = encode(reply);
  if (request.isLegacy) {
    const fields = Buffer.alloc(20);
    fields.writeInt32LE(8, 0);
    fields.writeInt32LE(1, 16);
    return Buffer.concat([header(headerBytes + 20 + body.length, request.id, opReply), fields, body]);
  }
  return Buffer.concat([header(headerBytes + 5 + body.length, request.id, opMsg), Buffer.alloc(5), body]);
}

/** Writes the frame of a request, for tools that talk to a store without a driver. */
export function requestFrame(command: { [key: string]: Encodable }): Buffer {
  const body = encode(command);
  const frame = Buffer.concat([header(headerBytes + 5 + body.length, 0, opMsg), Buffer.alloc(5), body]);
  frame.writeInt32LE(1, 4);
  return frame;
}
