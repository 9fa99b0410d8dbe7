/** The type of a file, from its content alone. The parser is loaded with the first file, so that a server starts without it. */
import { isUtf8 } from 'node:buffer';

export type MediaKind = 'image' | 'video' | 'audio' | 'file';

export interface FileType {
  kind: MediaKind;
  mime: string;
}

/** The bytes at the beginning that determine the type. */
export const headBytes = 64 * 1024;

/** The formats of pictures that are decoded; any other picture is stored as a plain file. */
export const pictureFormats = {
  'image/jpeg': 'jpeg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
} as const;
export type PictureMime = keyof typeof pictureFormats;

/** Types that are stored under their own name; all others become `application/octet-stream`. */
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

/** Whether this is text without markup; a character that is cut off at the end is allowed. */
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

/** Whether a browser may show it in place; all other files are downloaded. */
export function isInline({ kind }: Pick<FileType, 'kind'>): boolean {
  return kind !== 'file';
}
