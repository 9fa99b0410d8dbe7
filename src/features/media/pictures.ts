/** Decodes and encodes pictures: the only file that passes uploaded bytes to a decoder. */
import { open } from 'node:fs/promises';
import pLimit from 'p-limit';
import sharp, { type Sharp } from 'sharp';
import { rgbaToThumbHash } from 'thumbhash';
import { Problem } from '../../kernel/problem.js';
import { type PictureMime, pictureFormats } from './file-types.js';

/** A picture as it is stored: encoded again, upright, and without metadata. */
export interface Picture {
  width: number;
  height: number;
  placeholder: string;
  hasAlpha: boolean;
}

export type PictureFormat = 'jpeg' | 'png' | 'gif' | 'webp' | 'avif';

const maxPixels = 25_000_000;
const maxPerSide = 12_000;
const maxFrames = 1_000;
const atOnce = 2;
const hashedSide = 100;

sharp.cache(false);
sharp.concurrency(1);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Nsgif', 'Webp', 'Heif'].flatMap((name) => [
    `VipsForeignLoad${name}File`,
    `VipsForeignLoad${name}Buffer`,
  ]),
});

const runInOrder = pLimit(atOnce);

const tooLarge = {
  en: 'The picture has more than 25 million pixels in all its frames, or more than 12,000 on one side. Make it smaller.',
  fr: 'L’image dépasse 25 millions de pixels (toutes les images d’une animation comprises), ou 12 000 pixels de côté. Réduisez-la.',
};
const broken = {
  en: 'The picture is damaged or incomplete. Send it again, or export it again.',
  fr: 'L’image est endommagée ou tronquée. Renvoyez-la, ou enregistrez-la de nouveau.',
};

function unreadable(cause: unknown): Problem {
  return new Problem('unprocessable_media', { sentence: broken, cause });
}

function opened(path: string): Sharp {
  return sharp(path, { failOn: 'warning', sequentialRead: true, animated: true, limitInputPixels: maxPixels });
}

/** Reads the header alone, and rejects pictures that are too large to decode. */
async function requireDecodable(path: string): Promise<void> {
  // The library limits what is decoded; the header is read whatever size it states.
  const {
    width,
    height,
    pages = 1,
    pageHeight = height,
  } = await sharp(path, { limitInputPixels: false, animated: true })
    .metadata()
    .catch((error: unknown) => {
      throw unreadable(error);
    });
  const isTooLarge = width * pageHeight * pages > maxPixels || Math.max(width, pageHeight) > maxPerSide;
  if (isTooLarge || pages > maxFrames) throw new Problem('unprocessable_media', { sentence: tooLarge });
}

/** A truncated animation decodes to fewer frames without an error: GIF89a, section 27, requires a trailer at the end. */
async function requireTrailer(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const end = Buffer.alloc(Math.min(size, 64));
    await handle.read(end, 0, end.length, size - end.length);
    if (end.toString('latin1').replace(/\0+$/, '').at(-1) !== ';') throw unreadable(undefined);
  } finally {
    await handle.close();
  }
}

function encoded(image: Sharp, format: PictureFormat, isWhole: boolean): Sharp {
  switch (format) {
    case 'jpeg':
      return image.flatten({ background: '#fff' }).jpeg({ quality: isWhole ? 90 : 82 });
    case 'png':
      return image.png({ compressionLevel: 6 });
    case 'gif':
      return image.gif({ effort: 3 });
    case 'avif':
      return image.avif({ effort: 0, quality: 60 });
    case 'webp':
      return image.webp({ quality: isWhole ? 90 : 80, effort: isWhole ? 2 : 4 });
  }
}

async function placeholderOf(path: string): Promise<string> {
  const { data, info } = await sharp(path)
    .resize(hashedSide, hashedSide, { fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return Buffer.from(rgbaToThumbHash(info.width, info.height, data)).toString('base64');
}

/** Encodes a picture again; throws `unprocessable_media` if it is too large or cannot be decoded completely. */
export async function reencode(from: string, to: string, mime: PictureMime): Promise<Picture> {
  if (mime === 'image/gif') await requireTrailer(from);
  await requireDecodable(from);
  return runInOrder(async () => {
    try {
      const image = opened(from);
      const { pages = 1 } = await image.metadata();
      const turned = pages > 1 ? image : image.autoOrient();
      const { width, height, pageHeight } = await encoded(turned, pictureFormats[mime], true).toFile(to);
      const { hasAlpha } = await sharp(to).metadata();
      return { width, height: pageHeight ?? height, placeholder: await placeholderOf(to), hasAlpha };
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ENOSPC' || /No space left/.test(String(error)))
        throw new Problem('insufficient_storage', { cause: error });
      throw unreadable(error);
    }
  });
}

/** Writes a stored picture in another size, never enlarged; with a null side, in its own size. */
export async function resized(from: string, to: string, side: number | null, format: PictureFormat): Promise<void> {
  await runInOrder(async () => {
    const isAnimated = format === 'webp' || format === 'gif';
    const image = sharp(from, { animated: isAnimated, sequentialRead: true, limitInputPixels: maxPixels });
    const options = { fit: 'inside', withoutEnlargement: true } as const;
    const fit = side === null ? image : image.resize(side, side, options);
    await encoded(fit, format, side === null).toFile(to);
  });
}
