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
        'One `file` and its `purpose`. What it is is decided by its content. A picture is written anew, without anything beside it; what nothing carries within 24 hours is removed.',
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
      summary: 'Remove an own upload that nothing carries',
      params: UploadParams,
      returns: { 204: null },
      handle: async ({ actor, params }) => {
        await media.remove(actor, params.id);
        return nothing();
      },
    }),
    fileEndpoint({
      path: '/:id/content',
      summary: 'Get the bytes of an upload',
      description: 'With an access token, or by the link of an answer.',
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
        '160, 480, 1080 or 2048 pixels at the longer side, never enlarged; WebP, or JPEG or PNG where `Accept` excludes that. With an access token, or by the link of an answer.',
      params: UploadParams,
      query: ImageQuery,
      handle: ({ viewerId, params, query, accepts }) => media.image(viewerId, params.id, { size: query.size, accepts }),
    }),
  ];
}
