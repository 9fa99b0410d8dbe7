import type { Types } from 'mongoose';
import type { Attachment } from '@causerie/contract/media';

/** What is kept of a picture where it is shown. */
export interface PictureRow {
  _id: Types.ObjectId;
  width: number;
  height: number;
  placeholder: string;
}

/** What is kept of an upload in the message that carries it. */
export interface AttachmentRow extends Pick<Attachment, 'kind' | 'name' | 'mime' | 'size' | 'durationMs'> {
  _id: Types.ObjectId;
  width: number | null;
  height: number | null;
  placeholder: string | null;
}

/** Only what is kept elsewhere, of a whole row. */
export function attachmentOf(row: AttachmentRow): AttachmentRow {
  const { _id, kind, name, mime, size, durationMs, width, height, placeholder } = row;
  return { _id, kind, name, mime, size, durationMs, width, height, placeholder };
}

/** The picture of an upload; null for what is none. */
export function pictureOf({ _id, kind, width, height, placeholder }: AttachmentRow): PictureRow | null {
  if (kind !== 'image' || width === null || height === null || placeholder === null) return null;
  return { _id, width, height, placeholder };
}
