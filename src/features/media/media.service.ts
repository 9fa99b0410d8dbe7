import type { Actor } from '../../kernel/actor.js';
import type { IncomingForm } from '../../kernel/incoming-form.js';
import { notFound } from '../../kernel/problem.js';
import type { ServedFile } from '../../kernel/served-file.js';
import type { Reservations } from './reservations.js';
import type { Links } from '../../views/links.js';
import type { ImageSize, Purpose, Upload } from '@causerie/contract/media';
import type { ReceiveUpload } from './receive-upload.js';
import type { ServeFile } from './serve-file.js';
import type { UploadRow, UploadRepository } from '../../repositories/uploads/upload-repository.js';

interface Deps {
  repository: Pick<UploadRepository, 'byId'>;
  links: Links;
  receive: ReceiveUpload;
  serving: ServeFile;
  reservations: Pick<Reservations, 'dropOwned'>;
  /** Whether a user other than its owner may see an upload. */
  maySee: (userId: string, row: UploadRow) => Promise<boolean>;
}

/** Uploads. One that the viewer may not see is `not_found`; with a `viewerId` of null, the viewer has a signed link. */
export interface Media {
  /**
   * Stores a file. Throws `invalid_input` for another form, `too_large`, `unsupported_media_type` if a picture is required
   * and the file is not one, `unprocessable_media` if it is damaged or too large to decode, and `insufficient_storage`.
   */
  receive(actor: Actor, form: IncomingForm<{ purpose: Purpose }>): Promise<Upload>;
  get(viewerId: string, id: string): Promise<Upload>;
  /** Deletes an own upload; throws `conflict` if something carries it. */
  remove(actor: Actor, id: string): Promise<void>;
  content(viewerId: string | null, id: string): Promise<ServedFile>;
  /** A picture in one of its sizes; throws `not_acceptable` if the client accepts none of its formats. */
  image(
    viewerId: string | null,
    id: string,
    request: { size: ImageSize; accepts: (types: string[]) => string | false },
  ): Promise<ServedFile>;
}

export function createMedia({ repository, links, receive, serving, reservations, maySee }: Deps): Media {
  async function visible(viewerId: string | null, id: string): Promise<UploadRow> {
    const row = await repository.byId(id);
    if (!row) throw notFound();
    if (viewerId === null || row.ownerId === viewerId || (await maySee(viewerId, row))) return row;
    throw notFound();
  }

  return {
    receive: async ({ userId }, form) => links.upload(await receive(userId, form)),
    get: async (viewerId, id) => links.upload(await visible(viewerId, id)),
    remove: ({ userId }, id) => reservations.dropOwned(userId, id),
    content: async (viewerId, id) => serving.content(await visible(viewerId, id)),
    image: async (viewerId, id, { size, accepts }) => serving.image(await visible(viewerId, id), size, accepts),
  };
}
