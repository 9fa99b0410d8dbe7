/** What a file is, by its content alone. What reads files is loaded with the first one, so that a server starts without it. */
import { isUtf8 } from 'node:buffer';

export type MediaKind = 'image' | 'video' | 'audio' | 'file';

export interface FileType {
  kind: MediaKind;
  mime: string;
}

/** So many bytes at the beginning tell the type. */
export const headBytes = 64 * 1024;

/** The formats of pictures that are decoded; every other one is a file that nobody looks into. */
export const pictureFormats = {
  'image/jpeg': 'jpeg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
} as const;
export type PictureMime = keyof typeof pictureFormats;

/** Types that are stored under their own name; what is in none of these lists is only bytes. */
const videos = ['video/mp4', 'video/webm', 'video/quicktime', 'video/matroska', 'video/ogg'];
const sounds = ['audio/mpeg', 'audio/mp4', 'audio/x-m4a', 'audio/aac', 'audio/ogg', 'audio/wav', 'audio/flac'];
const files = [
  'application/pdf',
  'application/zip',
  'application/gzip',
  'application/x-7z-compressed',
  'application/epub+zip',
  'application/vnd.oasis.opendocument.text',
  'application/vnd.oasis.opendocument.spreadsheet',
  'application/vnd.oasis.opendocument.presentation',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
];
const bytes = 'application/octet-stream';
const plain = 'text/plain';

function isPicture(mime: string): mime is PictureMime {
  return Object.hasOwn(pictureFormats, mime);
}

/** Text that is no markup; what is cut off within a character at the end is text as well. */
function isPlainText(head: Buffer): boolean {
  if (head.length === 0 || head.includes(0)) return false;
  const isText = [0, 1, 2, 3].some((cut) => isUtf8(head.subarray(0, Math.max(0, head.length - cut))));
  return isText && !/^[\s\ufeff]*</.test(head.toString('utf8', 0, 1024));
}

/** The type of a file by its first bytes. */
export async function typeOf(head: Buffer): Promise<FileType> {
  const { fileTypeFromBuffer } = await import('file-type');
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  const mime = found?.mime.split(';')[0] ?? (isPlainText(head) ? plain : bytes);
  if (isPicture(mime)) return { kind: 'image', mime };
  if (videos.includes(mime)) return { kind: 'video', mime };
  if (sounds.includes(mime)) return { kind: 'audio', mime };
  return { kind: 'file', mime: files.includes(mime) || mime === plain ? mime : bytes };
}

/** Whether a browser may show it in place; everything else is saved. */
export function isInline({ kind }: Pick<FileType, 'kind'>): boolean {
  return kind !== 'file';
}
