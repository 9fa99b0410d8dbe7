/** Receives an upload: streamed to a local file, inspected, and only then stored. */
import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Scratch } from '../../drivers/scratch.js';
import { problemOfStorage, type Storage } from '../../drivers/storage.js';
import type { IncomingFile, IncomingForm } from '../../kernel/incoming-form.js';
import { Problem } from '../../kernel/problem.js';
import type { Purpose } from '@causerie/contract/media';
import type { QuotaRepository } from '../../repositories/quotas/quota-repository.js';
import { type FileType, headBytes, type PictureMime, typeOf } from './file-types.js';
import {
  newUpload,
  type UploadContent,
  type UploadRow,
  type UploadRepository,
} from '../../repositories/uploads/upload-repository.js';

/** The largest files, in bytes. */
export interface UploadLimits {
  image: number;
  file: number;
  avatar: number;
  quota: number;
}

interface Deps {
  repository: UploadRepository;
  quotas: QuotaRepository;
  storage: Storage;
  scratch: Scratch;
  limits: UploadLimits;
}

export type ReceiveUpload = (ownerId: string, form: IncomingForm<{ purpose: Purpose }>) => Promise<UploadRow>;

/** A file that has been received whole. */
interface ReceivedFile {
  name: string;
  path: string;
  size: number;
  sha256: string;
  type: FileType;
}

const maxNameLength = 255;
const noPicture = {
  en: 'Pictures must be JPEG, PNG, GIF, WebP or AVIF files.',
  fr: 'Une image doit être un fichier JPEG, PNG, GIF, WebP ou AVIF.',
};
const quotaFull = {
  en: 'This upload would exceed your storage quota. Delete some uploads first.',
  fr: 'Ce fichier dépasserait votre quota de stockage. Supprimez d’abord d’autres fichiers.',
};

/** The name of a file, without a path and without control characters. */
function nameOf(given: string): string {
  const last = given.split(/[/\\]/).at(-1) ?? '';
  const shown = last
    .replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, '')
    .toWellFormed()
    .trim();
  return [...shown].slice(0, maxNameLength).join('') || 'file';
}

/** The largest size of a file of this type; throws `unsupported_media_type` if it cannot be used for this purpose. */
function limitFor({ image, file, avatar }: UploadLimits, type: FileType, purpose: Purpose | undefined): number {
  const isPicture = type.kind === 'image';
  if (purpose === 'avatar' || purpose === 'group_photo') {
    if (!isPicture) throw new Problem('unsupported_media_type', { sentence: noPicture });
    return Math.min(avatar, image);
  }
  return isPicture ? image : file;
}

/** The most that waits between the parser and the disk, in each of two places. */
const bufferBytes = 1024 * 1024;

/** Counts, hashes and inspects the bytes that pass; fails with `too_large` as soon as they are too many. */
function inspecting(limitOf: (type: FileType) => number, room: number) {
  const hash = createHash('sha256');
  const seen = { size: 0, type: null as FileType | null, limit: Infinity };
  let head: Buffer = Buffer.alloc(0);

  async function inspect(): Promise<void> {
    seen.type = await typeOf(head);
    seen.limit = limitOf(seen.type);
  }

  /** Gathers the beginning from the first chunks; the chunks behind it wait for no promise. */
  async function begin(chunk: Buffer): Promise<void> {
    head = Buffer.concat([head, chunk]);
    if (head.length >= headBytes) await inspect();
  }

  const excess = (): Problem | null => {
    if (seen.size > seen.limit) return new Problem('too_large');
    return seen.size > room ? new Problem('too_large', { sentence: quotaFull }) : null;
  };

  const stream = new Transform({
    highWaterMark: bufferBytes,
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      seen.size += chunk.length;
      if (seen.type !== null) return void done(excess(), chunk);
      begin(chunk).then(() => done(excess(), chunk), done);
    },
  });
  return {
    stream,
    async result() {
      if (seen.type === null) await inspect();
      if (seen.size > seen.limit) throw new Problem('too_large');
      return { size: seen.size, sha256: hash.digest('hex'), type: seen.type as FileType };
    },
  };
}

const emptyFile = { en: 'The file is empty.', fr: 'Le fichier est vide.' };

/** Writes the bytes of a form to a local file. */
function createWriteFile({ scratch, limits }: Deps) {
  return async function writeFile(
    { name, bytes }: IncomingFile,
    { purpose, path, room }: { purpose: Purpose | undefined; path: string; room: number },
  ): Promise<ReceivedFile> {
    const watched = inspecting((type) => limitFor(limits, type, purpose), room);
    try {
      await pipeline(bytes, watched.stream, createWriteStream(path, { mode: 0o600, highWaterMark: bufferBytes }));
    } catch (error) {
      await scratch.remove(path);
      throw problemOfStorage(error);
    }
    const { size, sha256, type } = await watched.result();
    if (size === 0) throw new Problem('invalid_input', { errors: [{ path: 'body.file', message: emptyFile }] });
    return { name: nameOf(name), path, size, sha256, type };
  };
}

/** The content to store: pictures are encoded again, to the path `to`. */
async function contentOf(file: ReceivedFile, to: string): Promise<UploadContent & { path: string }> {
  const { name, path, type, size, sha256 } = file;
  const { kind, mime } = type;
  const plain = { name, kind, mime, size, etag: sha256, path, width: null, height: null, durationMs: null };
  if (kind === 'image') {
    const { reencode } = await import('./pictures.js');
    const picture = await reencode(path, to, mime as PictureMime);
    await rm(path, { force: true });
    return { ...plain, ...picture, path: to, size: (await stat(to)).size, etag: randomBytes(16).toString('hex') };
  }
  const tracks = kind === 'file' ? {} : await (await import('./read-tracks.js')).readTracks(path);
  return { ...plain, ...tracks, placeholder: null, hasAlpha: false };
}

/** Stores the row first, so that no file is ever without one. */
export function createReceiveUpload(deps: Deps): ReceiveUpload {
  const { repository, quotas, storage, scratch, limits } = deps;
  const writeFile = createWriteFile(deps);

  async function store(row: UploadRow, path: string): Promise<UploadRow> {
    await repository.insert(row);
    try {
      if (!(await quotas.charge(row, limits.quota))) throw new Problem('too_large', { sentence: quotaFull });
      await storage.put(row.key, path);
      if (!(await repository.ready(row._id))) throw new Problem('unavailable', { retryAfterMs: 1000 });
    } catch (error) {
      // If that fails as well, garbage collection deletes the row and refunds its bytes.
      await repository.discard(row).catch(() => false);
      throw error;
    }
    await quotas.confirm(row);
    return { ...row, stage: 'free', isCharged: true };
  }

  return async function receive(ownerId, form) {
    const room = limits.quota - (await quotas.usedBy(ownerId));
    const paths = [scratch.path(), scratch.path()] as const;
    try {
      const { result: received, fields } = await form.read((file, { purpose }) =>
        writeFile(file, { purpose, path: paths[0], room }),
      );
      const { purpose } = fields;
      if (received.size > limitFor(limits, received.type, purpose)) throw new Problem('too_large');
      const { path, ...content } = await contentOf(received, paths[1]);
      return await store(newUpload({ ownerId, purpose, key: randomBytes(16).toString('hex'), content }), path);
    } finally {
      for (const path of paths) await scratch.remove(path).catch(() => undefined);
    }
  };
}
