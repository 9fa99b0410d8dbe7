/** Answers with a file: its headers, parts of it, and what the client holds already (RFC 9110, sections 13 and 14). */
import { pipeline } from 'node:stream/promises';
import contentDisposition from 'content-disposition';
import type { Request, Response } from 'express';
import type { ServedFile } from '../kernel/served-file.js';

/** The one part that is asked for; null for the whole, and false for a part that is not there. */
function rangeOf(req: Request, { size, etag }: ServedFile): { start: number; end: number } | null | false {
  const condition = req.get('if-range');
  if (condition !== undefined && condition !== `"${etag}"`) return null;
  const ranges = req.range(size, { combine: true });
  if (ranges === -1) return false;
  if (ranges === undefined || ranges === -2 || ranges.type !== 'bytes') return null;
  const [range] = ranges;
  return range && ranges.length === 1 ? { start: range.start, end: range.end } : null;
}

/** Whether the client holds it already: also where it asks, as some do, not to be answered from a cache on the way. */
function isCached(req: Request, { etag }: ServedFile): boolean {
  const held = (req.get('if-none-match') ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''));
  return held.includes('*') || held.includes(`"${etag}"`);
}

function setHeaders(res: Response, file: ServedFile): void {
  res.set({
    'Content-Type': file.type === 'text/plain' ? 'text/plain; charset=utf-8' : file.type,
    'Content-Disposition': contentDisposition(file.name, { type: file.isInline ? 'inline' : 'attachment' }),
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'X-Content-Type-Options': 'nosniff',
    // Whoever holds the link may show it in a page of another origin.
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Cache-Control': 'private, max-age=3600',
    'Accept-Ranges': 'bytes',
    ETag: `"${file.etag}"`,
  });
  res.vary('Accept');
}

/** Sends a file, a part of it, or that it has not changed. */
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
