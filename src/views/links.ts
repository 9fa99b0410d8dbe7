/** Links to files that need no token: each is signed, names one object, and expires. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Key, Keys } from '../kernel/keys.js';
import { Problem } from '../kernel/problem.js';
import { type AttachmentRow, pictureOf, type PictureRow } from '../repositories/uploads/attachment-row.js';
import type { Attachment, ImageRef, Upload } from '@causerie/contract/media';
import type { UploadRow } from '../repositories/uploads/upload-repository.js';

type Query = Readonly<Record<string, unknown>>;

export interface Links {
  picture(row: PictureRow): ImageRef;
  attachment(row: AttachmentRow): Attachment;
  upload(row: UploadRow): Upload;
  /** Throws `unauthenticated` if the link was altered or has expired. */
  verify(path: string, query: Query): void;
}

interface Deps {
  keys: Keys;
  /** PUBLIC_URL, or the address that the server listens on. */
  publicUrl: () => string;
  /** MEDIA_LINK_TTL, in milliseconds. */
  ttlMs: number;
}

const isNoLink = {
  en: 'This link is no longer valid. Get a new one by loading the resource again.',
  fr: 'Ce lien n’est plus valable. Rechargez la ressource pour en obtenir un nouveau.',
};

function signed(key: Key, path: string, parts: Readonly<Record<string, string>>): string {
  const text = `${path}?${new URLSearchParams(Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1))).toString()}`;
  return `${key.id}.${createHmac('sha256', key.secret).update(text).digest('base64url')}`;
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

export function createLinks({ keys, publicUrl, ttlMs }: Deps): Links {
  const { current, all } = keys.for('media-link');
  /** Links to one object are the same for a quarter of their lifetime, so that caches can use them. */
  const stepMs = ttlMs / 4;

  function linkTo(path: string, query: Readonly<Record<string, string>> = {}): string {
    const expires = String(Math.floor(Math.floor((Date.now() + ttlMs) / stepMs) * stepMs));
    const parts = { ...query, expires };
    const search = new URLSearchParams({ ...parts, signature: signed(current, path, parts) });
    return `${publicUrl()}${path}?${search.toString()}`;
  }

  function picture({ _id, width, height, placeholder }: PictureRow): ImageRef {
    const path = `/api/images/${_id}`;
    const [thumb, small, medium, large] = ['thumb', 'small', 'medium', 'large'].map((size) => linkTo(path, { size }));
    const urls = { thumb, small, medium, large } as ImageRef['urls'];
    return { id: _id, width, height, placeholder, urls };
  }

  function attachment(row: AttachmentRow): Attachment {
    const { _id, kind, name, mime, size, width, height, durationMs } = row;
    const shown = pictureOf(row);
    const image = shown && picture(shown);
    const url = linkTo(`/api/upload/${_id}/content`);
    return { id: _id, kind, name, mime, size, width, height, durationMs, image, url };
  }

  return {
    picture,
    attachment,
    upload: (row) => ({ ...attachment(row), purpose: row.purpose, createdAt: row.createdAt.toISOString() }),
    verify(path, query) {
      const { signature, ...parts } = query;
      const isText = Object.values(parts).every((value) => typeof value === 'string');
      const key = typeof signature === 'string' && all.find(({ id }) => signature.startsWith(`${id}.`));
      const isSound = isText && key && isEqual(signed(key, path, parts as Record<string, string>), signature);
      if (!isSound || !(Number(parts['expires']) > Date.now()))
        throw new Problem('unauthenticated', { sentence: isNoLink });
    },
  };
}
