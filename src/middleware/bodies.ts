import { isUtf8 } from 'node:buffer';
import express, { type RequestHandler } from 'express';
import { Problem } from '../kernel/problem.js';

const usualLimit = 100_000;
const jsonTypes = ['application/json', 'application/*+json'];
const formType = 'application/x-www-form-urlencoded';

/** Whether a request has a body (RFC 9112, section 6). */
export function hasBody(headers: {
  'transfer-encoding'?: string | undefined;
  'content-length'?: string | undefined;
}): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Whether a type of content leaves the charset out or says UTF-8 (RFC 8259, section 8.1). */
function isInUtf8(contentType: string | undefined): boolean {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(contentType ?? '')?.[1];
  return charset === undefined || charset.toLowerCase() === 'utf-8';
}

const requireKnownType: RequestHandler = (req, _res, next) => {
  const isKnown = req.is([...jsonTypes, formType]) && isInUtf8(req.headers['content-type']);
  if (hasBody(req.headers) && !isKnown) throw new Problem('unsupported_media_type');
  next();
};

/**
 * Rejects a body by its declared length if that is far beyond the limit. A body that is only a little too large is
 * read to its end first: a client that is still sending when the connection closes may never see the response.
 */
function refuseHuge(limit: number): RequestHandler {
  return (req, _res, next) => {
    if (Number(req.headers['content-length'] ?? 0) > 10 * limit) throw new Problem('too_large');
    next();
  };
}

/** Invalid UTF-8 would be stored as replacement characters; it is rejected as `entity.verify.failed`. */
function verify(_req: unknown, _res: unknown, bytes: Buffer): void {
  if (!isUtf8(bytes)) throw new Error('the body is not UTF-8');
}

/** Parses a JSON or form body into `req.body`; rejects other types, and bodies above the limit. */
export function readBody(limit = usualLimit): RequestHandler[] {
  return [
    requireKnownType,
    refuseHuge(limit),
    express.json({ limit, strict: false, type: jsonTypes, verify }),
    express.urlencoded({ limit, extended: false, type: formType, verify }),
  ];
}
