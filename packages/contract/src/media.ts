import { z } from 'zod';
import { objectId, time } from './input.js';

const link = z.string().describe('Absolute signed URL that expires after a while');

export const ImageRef = z
  .strictObject({
    id: objectId.describe('Id of the upload'),
    width: z.int().describe('Width of the full-size picture in pixels'),
    height: z.int().describe('Height of the full-size picture in pixels'),
    placeholder: z.string().describe('ThumbHash in base64: a blurred preview to show while the picture loads'),
    urls: z
      .strictObject({ thumb: link, small: link, medium: link, large: link })
      .describe('The longer side is at most 160, 480, 1080 or 2048 pixels'),
  })
  .meta({ id: 'ImageRef' });
export type ImageRef = z.infer<typeof ImageRef>;

export const kinds = ['image', 'video', 'audio', 'file'] as const;

export const Attachment = z
  .strictObject({
    id: objectId.describe('Id of the upload'),
    kind: z.enum(kinds).describe('Coarse type of the content'),
    name: z.string().describe('File name'),
    mime: z.string().describe('Media type, detected from the content'),
    size: z.int().describe('Size in bytes'),
    width: z.int().nullable().describe('Width in pixels; null if it has none or it is unknown'),
    height: z.int().nullable().describe('Height in pixels; null if it has none or it is unknown'),
    durationMs: z.int().nullable().describe('Duration in milliseconds; null if it has none or it is unknown'),
    image: ImageRef.nullable().describe('The picture in several sizes; null if the kind is not `image`'),
    url: link,
  })
  .meta({ id: 'Attachment' });
export type Attachment = z.infer<typeof Attachment>;

export const purposes = ['message', 'avatar', 'group_photo'] as const;
export type Purpose = (typeof purposes)[number];

export const Upload = Attachment.extend({
  purpose: z.enum(purposes).describe('The only use that may be made of it'),
  createdAt: time,
}).meta({ id: 'Upload' });
export type Upload = z.infer<typeof Upload>;

export const UploadFields = z.strictObject({
  purpose: z
    .enum(purposes)
    .describe('The purpose of the upload: a message attachment, the avatar of the caller, or the photo of a group'),
});

export const UploadParams = z.strictObject({ id: objectId.describe('Id of the upload') });

/** Maximum length of the longer side for each size, in pixels; null for full size. */
export const sides = { thumb: 160, small: 480, medium: 1080, large: 2048, original: null } as const;
export type ImageSize = keyof typeof sides;

export const ImageQuery = z.strictObject({
  size: z
    .enum(['thumb', 'small', 'medium', 'large', 'original'])
    .default('large')
    .describe('Longer side of at most 160, 480, 1080 or 2048 pixels; `original` is the full size'),
});
