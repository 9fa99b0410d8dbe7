import type { Connection } from 'mongoose';
import type { Storage } from '../../drivers/storage.js';
import { parseReservation } from '../../rules/uploads.js';
import { toId } from '../../repositories/ids.js';
import type { StoredUpload } from '../../repositories/uploads/upload-repository.js';

interface AttachmentRef {
  _id: { toString(): string };
}

/** Returns true if the owner of the reservation refers to the upload. */
async function isNamed(connection: Connection, row: StoredUpload): Promise<boolean> {
  const reservation = parseReservation(row.claims[0]);
  if (reservation === null) return false;
  const isIt = (shown: AttachmentRef | null | undefined): boolean => String(shown?._id) === String(row._id);
  if (reservation.by === 'message') {
    const { conversationId, userId, clientId } = reservation;
    const key = { conversationId: toId(conversationId), senderId: toId(userId), clientId };
    const found = await connection.collection<{ attachments?: AttachmentRef[] }>('messages').findOne(key);
    return found?.attachments?.some(isIt) ?? false;
  }
  const [name, field, id] =
    reservation.by === 'avatar'
      ? ['users', 'avatar', reservation.userId]
      : ['conversations', 'photo', reservation.conversationId];
  const found = await connection.collection<Record<string, AttachmentRef>>(name).findOne({ _id: toId(id) } as object);
  return isIt(found?.[field]);
}

async function* brokenUpload(connection: Connection, row: StoredUpload): AsyncGenerator<string> {
  const which = `Upload ${String(row._id)}`;
  if (row.stage === 'going') return;
  if ((row.stage === 'claimed' || row.stage === 'attached') !== row.claims.length > 0)
    yield `${which}: its stage does not match its reservations.`;
  if (row.stage === 'attached' && !(await isNamed(connection, row)))
    yield `${which}: it is attached, but nothing refers to it.`;
}

/** Finds messages, users and groups that refer to an upload that does not exist or is being deleted. */
async function* brokenCarriers(connection: Connection): AsyncGenerator<string> {
  const uploads = connection.collection<StoredUpload>('uploads');
  async function isThere(shown: AttachmentRef): Promise<boolean> {
    return (await uploads.findOne({ _id: shown._id as StoredUpload['_id'], stage: { $ne: 'going' } })) !== null;
  }
  for await (const message of connection
    .collection<{ attachments?: AttachmentRef[] }>('messages')
    .find({ type: 'media' }))
    for (const one of message.attachments ?? [])
      if (!(await isThere(one))) yield `Message ${String(message._id)}: an attachment does not exist.`;
  for (const [name, field] of [
    ['users', 'avatar'],
    ['conversations', 'photo'],
  ] as const)
    for await (const row of connection.collection(name).find({ [field]: { $type: 'object' } }))
      if (!(await isThere(row[field] as AttachmentRef)))
        yield `${name} ${String(row._id)}: the picture does not exist.`;
}

/** Checks that quotas match the sum of the uploads, unless an upload is being written or deleted. */
async function* brokenQuotas(connection: Connection, used: ReadonlyMap<string, number>): AsyncGenerator<string> {
  const isDeleting = (await connection.collection('uploads').findOne({ stage: 'going' })) !== null;
  if (isDeleting) return;
  for await (const { _id, bytes, open } of connection.collection<{ bytes: number; open: unknown[] }>('quotas').find()) {
    const sum = used.get(String(_id)) ?? 0;
    if (open.length === 0 && bytes !== sum) yield `Quota of ${String(_id)}: it says ${bytes} bytes instead of ${sum}.`;
  }
}

/** Checks the file of an upload. */
async function* brokenFile(row: StoredUpload, storage: Storage): AsyncGenerator<string> {
  if (row.stage === 'writing' || row.stage === 'going') return;
  const size = await storage.sizeOf(row.key);
  if (size === null) yield `Upload ${String(row._id)}: its file does not exist.`;
  else if (size !== row.size) yield `Upload ${String(row._id)}: the size of its file is wrong.`;
}

/** Checks uploads: rows, references, quotas, and, if a storage is given, that rows and files match. */
export async function* checkMedia(connection: Connection, storage: Storage | null): AsyncGenerator<string> {
  const keys = new Set<string>();
  const used = new Map<string, number>();
  for await (const row of connection.collection<StoredUpload>('uploads').find().sort({ _id: 1 })) {
    keys.add(row.key);
    const owner = String(row.ownerId);
    if (row.isCharged) used.set(owner, (used.get(owner) ?? 0) + row.size);
    yield* brokenUpload(connection, row);
    if (storage) yield* brokenFile(row, storage);
  }
  yield* brokenQuotas(connection, used);
  yield* brokenCarriers(connection);
  if (storage === null) return;
  for await (const { name } of storage.list())
    if (!keys.has(name.split('.')[0] ?? '')) yield `File ${name}: no upload refers to it.`;
}
