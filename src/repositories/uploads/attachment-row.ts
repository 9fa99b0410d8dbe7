import { type Id, type Row, toId } from '../ids.js';
import type { Attachment } from '@causerie/contract/media';

/** What is kept of a picture where it is shown. */
export interface StoredPicture {
  _id: Id;
  width: number;
  height: number;
  placeholder: string;
}

export type PictureRow = Row<StoredPicture>;

/** What is kept of an upload in the message that carries it. */
export interface StoredAttachment extends Pick<Attachment, 'kind' | 'name' | 'mime' | 'size' | 'durationMs'> {
  _id: Id;
  width: number | null;
  height: number | null;
  placeholder: string | null;
}

export type AttachmentRow = Row<StoredAttachment>;

export function storedPicture(picture: PictureRow | null): StoredPicture | null {
  return picture && { ...picture, _id: toId(picture._id) };
}

/** Only what is kept elsewhere, of a whole row. */
export function attachmentOf(row: AttachmentRow): AttachmentRow {
  const { _id, kind, name, mime, size, durationMs, width, height, placeholder } = row;
  return { _id, kind, name, mime, size, durationMs, width, height, placeholder };
}

/** The picture of an upload; null if it is not a picture. */
export function pictureOf({ _id, kind, width, height, placeholder }: AttachmentRow): PictureRow | null {
  if (kind !== 'image' || width === null || height === null || placeholder === null) return null;
  return { _id, width, height, placeholder };
}
