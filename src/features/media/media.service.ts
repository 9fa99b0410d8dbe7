import type { Actor } from '../../kernel/actor.js';
import type { IncomingForm } from '../../kernel/incoming-form.js';
import { notFound } from '../../kernel/problem.js';
import type { ServedFile } from '../../kernel/served-file.js';
import type { Reservations } from './reservations.js';
import type { Links } from '../../views/links.js';
import type { ImageSize, Purpose, Upload } from '@causerie/contract/media';
import type { Receive } from './receiving.js';
import type { Serving } from './serving.js';
import type { UploadRow, UploadRepository } from '../../repositories/uploads/upload-repository.js';

interface Deps {
  repository: Pick<UploadRepository, 'byId'>;
  links: Links;
  receive: Receive;
  serving: Serving;
  reservations: Pick<Reservations, 'dropOwned'>;
  /** Whether somebody sees what carries an upload. */
  maySee: (userId: string, row: UploadRow) => Promise<boolean>;
}

/** Uploads. Whoever may not see one is answered `not_found`; a `viewerId` of null holds a signed link. */
export interface Media {
  /**
   * Takes a file in. Throws `invalid_input` for another form, `too_large`, `unsupported_media_type` for a picture that is
   * none, `unprocessable_media` for one that is broken or too large to decode, and `insufficient_storage`.
   */
  receive(actor: Actor, form: IncomingForm<{ purpose: Purpose }>): Promise<Upload>;
  get(viewerId: string, id: string): Promise<Upload>;
  /** Removes an own upload that nothing carries; throws `conflict` for one that something does. */
  remove(actor: Actor, id: string): Promise<void>;
  content(viewerId: string | null, id: string): Promise<ServedFile>;
  /** A picture in one of its sizes; throws `not_acceptable` for who takes no format that there is. */
  image(
    viewerId: string | null,
    id: string,
    wish: { size: ImageSize; accepts: (types: string[]) => string | false },
  ): Promise<ServedFile>;
}

/** Builds uploads. */
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
