import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Problem } from '../kernel/problem.js';
import { problemDocument } from '../kernel/problem-document.js';
import type { ProblemCode } from '@causerie/contract/problem-codes';

const reasons: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

const phrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
};

const broken = {
  en: 'The request is not valid HTTP/1.1.',
  fr: 'La requête n’est pas conforme à HTTP/1.1.',
};

function responseTo(code: ProblemCode): string {
  const requestId = randomUUID();
  const problem = new Problem(code, code === 'invalid_input' ? { sentence: broken } : {});
  const document = problemDocument(problem, 'en', requestId);
  const body = JSON.stringify(document);
  return [
    `HTTP/1.1 ${document.status} ${phrases[document.status] ?? 'Error'}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

/** Responds to a request that did not complete in time, and closes its connection. */
export function refuseLate(socket: Duplex): void {
  if (socket.writable) socket.end(responseTo('request_timeout'), () => socket.destroy());
}

/** Responds with a problem document to what never becomes a request: the parser rejects it, or it does not complete. */
export function answerBrokenRequests(http: Server): void {
  http.on('clientError', (error: Error & { code?: string }, socket: Duplex) => {
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    socket.end(responseTo(reasons[error.code ?? ''] ?? 'invalid_input'), () => socket.destroy());
  });
}
