import { createMedia } from '../features/media/media.service.js';
import { createServeFile } from '../features/media/serve-file.js';
import { createSeeUpload } from '../features/messages/read-message.js';
import type { createChat } from './chat.js';
import type { Files } from './files.js';
import type { Infrastructure, ServerOptions } from './infrastructure.js';
import type { PeopleParts } from './people.js';

/** Uploads, and the check whether a user may see one. */
export function createUploads(
  { storage, scratch }: ServerOptions,
  { repositories }: Infrastructure,
  files: Files,
  { users, conversations, views }: Pick<PeopleParts, 'users'> & ReturnType<typeof createChat>,
) {
  const { visibility } = views;
  const maySee = createSeeUpload({ carriers: files.carriers, people: users.people, conversations, visibility });
  const serving = createServeFile({ storage, scratch, repository: repositories.uploads });
  return { media: createMedia({ ...files, repository: repositories.uploads, serving, maySee }) };
}
