import { type Endpoint, endpoint, fileEndpoint, formEndpoint, nothing, ok } from '../../kernel/endpoint.js';
import { ImageQuery, Upload, UploadFields, UploadParams } from '@causerie/contract/media';
import type { Media } from './media.service.js';

/** Uploads, under `/api/upload`. */
export function uploadEndpoints(media: Media): Endpoint[] {
  return [
    formEndpoint({
      method: 'post',
      path: '/',
      summary: 'Upload a file',
      description:
        'Takes one `file` and its `purpose`. The type is detected from the content. Pictures are re-encoded and lose their metadata. An upload that is not used within 24 hours is removed.',
      limit: 'upload',
      form: UploadFields,
      returns: { 201: Upload },
      handle: async ({ actor, form }) => ({ status: 201 as const, body: await media.receive(actor, form) }),
    }),
    endpoint({
      method: 'get',
      path: '/:id',
      summary: 'Get an upload',
      params: UploadParams,
      returns: { 200: Upload },
      handle: async ({ actor, params }) => ok(await media.get(actor.userId, params.id)),
    }),
    endpoint({
      method: 'delete',
      path: '/:id',
      summary: 'Delete an upload',
      description: "Deletes one of the caller's unused uploads; an upload that is in use is a `conflict`.",
      params: UploadParams,
      returns: { 204: null },
      handle: async ({ actor, params }) => {
        await media.remove(actor, params.id);
        return nothing();
      },
    }),
    fileEndpoint({
      path: '/:id/content',
      summary: 'Download an upload',
      description: 'Needs an access token or a signed link from an earlier response.',
      params: UploadParams,
      handle: ({ viewerId, params }) => media.content(viewerId, params.id),
    }),
  ];
}

/** Pictures, under `/api/images`. */
export function imageEndpoints(media: Media): Endpoint[] {
  return [
    fileEndpoint({
      path: '/:id',
      summary: 'Get a picture',
      description:
        'The longer side is at most 160, 480, 1080 or 2048 pixels; pictures are never enlarged. The format is WebP, or JPEG or PNG if `Accept` excludes WebP. Needs an access token or a signed link from an earlier response.',
      params: UploadParams,
      query: ImageQuery,
      handle: ({ viewerId, params, query, accepts }) => media.image(viewerId, params.id, { size: query.size, accepts }),
    }),
  ];
}
