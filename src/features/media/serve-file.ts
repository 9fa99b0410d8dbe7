/** Serves files, pictures in the requested size and an accepted format. */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Scratch } from '../../drivers/scratch.js';
import type { Storage } from '../../drivers/storage.js';
import { notFound, Problem } from '../../kernel/problem.js';
import type { ServedFile } from '../../kernel/served-file.js';
import { type ImageSize, sides } from '@causerie/contract/media';
import type { PictureFormat } from './pictures.js';
import { isInline, pictureFormats, type PictureMime } from './file-types.js';
import type { UploadRow, UploadRepository } from '../../repositories/uploads/upload-repository.js';

interface Deps {
  storage: Storage;
  scratch: Scratch;
  repository: Pick<UploadRepository, 'byId'>;
}

export interface ServeFile {
  /** The bytes of an upload as they are stored. */
  content(row: UploadRow): ServedFile;
  /** A picture; throws `not_found` if the upload is not one, and `not_acceptable`. */
  image(row: UploadRow, size: ImageSize, accepts: (types: string[]) => string | false): Promise<ServedFile>;
}

const extensions: Readonly<Record<PictureFormat, string>> = {
  jpeg: 'jpg',
  png: 'png',
  gif: 'gif',
  webp: 'webp',
  avif: 'avif',
};

/** The formats in which a picture is served, the preferred one first. */
function formatsOf({ hasAlpha }: UploadRow): PictureFormat[] {
  return hasAlpha ? ['webp', 'png', 'jpeg'] : ['webp', 'jpeg', 'png'];
}

export function createServeFile({ storage, scratch, repository }: Deps): ServeFile {
  /** Sizes that are being created: each once, for all requests that wait for it. */
  const inProgress = new Map<string, Promise<void>>();

  async function make(row: UploadRow, name: string, side: number | null, format: PictureFormat): Promise<void> {
    const { resized } = await import('./pictures.js');
    const [from, to] = [scratch.path(), scratch.path()];
    try {
      await pipeline(await storage.open(row.key, null), createWriteStream(from, { mode: 0o600 }));
      await resized(from, to, side, format);
      await storage.put(name, to);
      // The upload may have been deleted before this size existed.
      if (!(await repository.byId(row._id))) await storage.remove(row.key);
    } finally {
      await Promise.all([from, to].map((path) => scratch.remove(path)));
    }
  }

  function madeOnce(name: string, work: () => Promise<void>): Promise<void> {
    const known = inProgress.get(name);
    if (known) return known;
    const made = work().finally(() => inProgress.delete(name));
    inProgress.set(name, made);
    return made;
  }

  function served(row: UploadRow, file: Pick<ServedFile, 'size' | 'type' | 'etag' | 'name'>, key: string): ServedFile {
    return { ...file, isInline: isInline(row), open: (range) => storage.open(key, range) };
  }

  return {
    content: (row) => served(row, { size: row.size, type: row.mime, etag: row.etag, name: row.name }, row.key),
    async image(row, size, accepts) {
      if (row.kind !== 'image') throw notFound();
      const type = accepts(formatsOf(row).map((format) => `image/${format}`));
      if (type === false) throw new Problem('not_acceptable');
      const format = pictureFormats[type as PictureMime];
      const side = sides[size];
      const key = `${row.key}.${size}.${format}`;
      let bytes = await storage.sizeOf(key);
      if (bytes === null) {
        await madeOnce(key, () => make(row, key, side, format));
        bytes = await storage.sizeOf(key);
      }
      if (bytes === null) throw notFound();
      const name = `${row.name.replace(/\.[A-Za-z0-9]{1,5}$/, '')}.${extensions[format]}`;
      return served(row, { size: bytes, type, etag: `${row.etag}-${size}-${format}`, name }, key);
    },
  };
}
