/** Sends files, with ranges and conditional requests (RFC 9110, sections 13 and 14). */
import { pipeline } from 'node:stream/promises';
import contentDisposition from 'content-disposition';
import type { Request, Response } from 'express';
import type { ServedFile } from '../kernel/served-file.js';

/** The requested range; null for the whole file, false for a range that is not satisfiable. */
function rangeOf(req: Request, { size, etag }: ServedFile): { start: number; end: number } | null | false {
  const condition = req.get('if-range');
  if (condition !== undefined && condition !== `"${etag}"`) return null;
  const ranges = req.range(size, { combine: true });
  if (ranges === -1) return false;
  if (ranges === undefined || ranges === -2 || ranges.type !== 'bytes') return null;
  const [range] = ranges;
  return range && ranges.length === 1 ? { start: range.start, end: range.end } : null;
}

/** Whether the client has this version already, even if it asks not to be answered from a cache on the way. */
function isCached(req: Request, { etag }: ServedFile): boolean {
  const etags = (req.get('if-none-match') ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''));
  return etags.includes('*') || etags.includes(`"${etag}"`);
}

function setHeaders(res: Response, file: ServedFile): void {
  res.set({
    'Content-Type': file.type === 'text/plain' ? 'text/plain; charset=utf-8' : file.type,
    'Content-Disposition': contentDisposition(file.name, { type: file.isInline ? 'inline' : 'attachment' }),
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'X-Content-Type-Options': 'nosniff',
    // The holder of a link may show it on a page of another origin.
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Cache-Control': 'private, max-age=3600',
    'Accept-Ranges': 'bytes',
    ETag: `"${file.etag}"`,
  });
  res.vary('Accept');
}

/** Sends a file, a range of it, or 304. */
export async function sendFile(req: Request, res: Response, file: ServedFile): Promise<void> {
  setHeaders(res, file);
  if (isCached(req, file)) {
    res.status(304).end();
    return;
  }
  const range = rangeOf(req, file);
  if (range === false) {
    res.removeHeader('Content-Type');
    res.status(416).set('Content-Range', `bytes */${file.size}`).end();
    return;
  }
  if (range) res.status(206).set('Content-Range', `bytes ${range.start}-${range.end}/${file.size}`);
  res.set('Content-Length', String(range ? range.end - range.start + 1 : file.size));
  if (req.method === 'HEAD') res.end();
  else await pipeline(await file.open(range), res);
}
