import { connect } from 'node:net';
import { expect } from 'vitest';
import { readProblem, type ProblemDocument } from '../support/problem.js';

/** A response parsed from its raw bytes. */
export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** Decodes a chunked body (RFC 9112, section 7.1). */
function unchunked(bytes: Buffer): Buffer {
  const end = bytes.indexOf('\r\n');
  const size = end < 0 ? 0 : Number.parseInt(bytes.subarray(0, end).toString(), 16);
  if (!size) return Buffer.alloc(0);
  const begin = end + 2;
  return Buffer.concat([bytes.subarray(begin, begin + size), unchunked(bytes.subarray(begin + size + 2))]);
}

function read(bytes: Buffer): RawAnswer {
  const whole = bytes.toString();
  const end = whole.indexOf('\r\n\r\n');
  const [first = '', ...lines] = whole.slice(0, Math.max(0, end)).split('\r\n');
  const status = Number(first.split(' ')[1]);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const rest = bytes.subarray(Buffer.byteLength(whole.slice(0, end + 4)));
  if (headers['transfer-encoding'] === 'chunked') return { status, headers, text: unchunked(rest).toString() };
  const length = Number(headers['content-length'] ?? rest.length);
  return { status, headers, text: rest.subarray(0, length).toString() };
}

/** Sends raw bytes and reads the first response once the server has closed; `end` closes the client's side first. */
export function exchange(
  server: { port: number },
  bytes: string | Buffer,
  { end = false, timeoutMs = 60_000 } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: '127.0.0.1', port: server.port, allowHalfOpen: true });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`still open after ${timeoutMs} ms: ${Buffer.concat(chunks).toString().slice(0, 500)}`));
    }, timeoutMs);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => socket.end());
    // A response before a reset still counts.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      if (chunks.length === 0) reject(new Error('closed without an answer'));
      else resolve(read(Buffer.concat(chunks)));
    });
    socket.write(bytes);
    if (end) socket.end();
  });
}

/** The bytes of a request that closes its connection; Content-Length is right unless the headers set it. */
export function requestOf(
  method: string,
  target: string,
  headers: Record<string, string> = {},
  body?: string | Buffer,
): Buffer {
  const isFramed = Object.keys(headers).some((name) => /^(content-length|transfer-encoding)$/i.test(name));
  const all: Record<string, string> = {
    Host: 'test.example',
    Connection: 'close',
    ...(body === undefined || isFramed ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  return Buffer.concat([head, Buffer.from(body ?? '')]);
}

/** Expects a complete problem document, including its headers. */
export function expectProblem(answer: RawAnswer, status: number, code: string, what = ''): ProblemDocument {
  expect([what, answer.status, answer.headers['content-type']], answer.text.slice(0, 300)).toEqual([
    what,
    status,
    'application/problem+json; charset=utf-8',
  ]);
  const problem = readProblem(JSON.parse(answer.text));
  expect([what, problem.code, problem.requestId]).toEqual([what, code, answer.headers['x-request-id']]);
  expect(answer.headers['cache-control'], what).toBe('no-store');
  expect(answer.headers['x-content-type-options'], what).toBe('nosniff');
  expect(answer.headers['x-powered-by'], what).toBeUndefined();
  return problem;
}
