import { z } from 'zod';
import { objectId, time } from './input.js';

const link = z.string().describe('An absolute address with a signature that lives for a while');

export const ImageRef = z
  .strictObject({
    id: objectId,
    width: z.int(),
    height: z.int(),
    placeholder: z.string().describe('A ThumbHash in base64: a blur to show until the picture is there'),
    urls: z.strictObject({ thumb: link, small: link, medium: link, large: link }),
  })
  .meta({ id: 'ImageRef' });
export type ImageRef = z.infer<typeof ImageRef>;

export const kinds = ['image', 'video', 'audio', 'file'] as const;

export const Attachment = z
  .strictObject({
    id: objectId,
    kind: z.enum(kinds),
    name: z.string(),
    mime: z.string().describe('What the content is, whatever it was called'),
    size: z.int().describe('In bytes'),
    width: z.int().nullable(),
    height: z.int().nullable(),
    durationMs: z.int().nullable(),
    image: ImageRef.nullable(),
    url: link,
  })
  .meta({ id: 'Attachment' });
export type Attachment = z.infer<typeof Attachment>;

export const purposes = ['message', 'avatar', 'group_photo'] as const;
export type Purpose = (typeof purposes)[number];

export const Upload = Attachment.extend({ purpose: z.enum(purposes), createdAt: time }).meta({ id: 'Upload' });
export type Upload = z.infer<typeof Upload>;

export const UploadFields = z.strictObject({ purpose: z.enum(purposes) });

export const UploadParams = z.strictObject({ id: objectId });

/** The longer side of each size, in pixels; null for the picture as it is. */
export const sides = { thumb: 160, small: 480, medium: 1080, large: 2048, original: null } as const;
export type ImageSize = keyof typeof sides;

export const ImageQuery = z.strictObject({
  size: z.enum(['thumb', 'small', 'medium', 'large', 'original']).default('large'),
});
