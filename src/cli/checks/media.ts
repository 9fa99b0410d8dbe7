import type { Connection } from 'mongoose';
import type { Storage } from '../../drivers/storage.js';
import { parseReservation } from '../../rules/reservation-keys.js';
import type { UploadRow } from '../../repositories/uploads/upload-repository.js';

interface AttachmentRef {
  _id: { toString(): string };
}

/** Whether what claims an upload names it. */
async function isNamed(connection: Connection, row: UploadRow): Promise<boolean> {
  const reservation = parseReservation(row.claims[0] ?? '');
  const isIt = (shown: AttachmentRef | null | undefined): boolean => String(shown?._id) === String(row._id);
  const { Types } = connection.base;
  if (reservation.by === 'message') {
    const { conversationId, userId, clientId } = reservation;
    const key = { conversationId: new Types.ObjectId(conversationId), senderId: new Types.ObjectId(userId), clientId };
    const found = await connection.collection<{ attachments?: AttachmentRef[] }>('messages').findOne(key);
    return found?.attachments?.some(isIt) ?? false;
  }
  const [name, field, id] =
    reservation.by === 'avatar'
      ? ['users', 'avatar', reservation.userId]
      : ['conversations', 'photo', reservation.conversationId];
  const found = await connection
    .collection<Record<string, AttachmentRef>>(name)
    .findOne({ _id: new Types.ObjectId(id) } as object);
  return isIt(found?.[field]);
}

async function* brokenUpload(connection: Connection, row: UploadRow): AsyncGenerator<string> {
  const which = `Upload ${String(row._id)}`;
  if (row.stage === 'going') return;
  if ((row.stage === 'claimed' || row.stage === 'attached') !== row.claims.length > 0)
    yield `${which}: its stage and its claims do not fit.`;
  if (row.stage === 'attached' && !(await isNamed(connection, row))) yield `${which}: nothing carries it.`;
}

/** What is carried is there: a message, a person or a group names no upload that is gone. */
async function* brokenCarriers(connection: Connection): AsyncGenerator<string> {
  const uploads = connection.collection<UploadRow>('uploads');
  async function isThere(shown: AttachmentRef): Promise<boolean> {
    return (await uploads.findOne({ _id: shown._id as UploadRow['_id'], stage: { $ne: 'going' } })) !== null;
  }
  for await (const message of connection
    .collection<{ attachments?: AttachmentRef[] }>('messages')
    .find({ type: 'media' }))
    for (const one of message.attachments ?? [])
      if (!(await isThere(one))) yield `Message ${String(message._id)}: what it carries is gone.`;
  for (const [name, field] of [
    ['users', 'avatar'],
    ['conversations', 'photo'],
  ] as const)
    for await (const row of connection.collection(name).find({ [field]: { $type: 'object' } }))
      if (!(await isThere(row[field] as AttachmentRef))) yield `${name} ${String(row._id)}: the picture is gone.`;
}

/** What the quotas say is the sum of what is there, once nothing is under way. */
async function* brokenQuotas(connection: Connection, used: ReadonlyMap<string, number>): AsyncGenerator<string> {
  const isDeleting = (await connection.collection('uploads').findOne({ stage: 'going' })) !== null;
  if (isDeleting) return;
  for await (const { _id, bytes, open } of connection.collection<{ bytes: number; open: unknown[] }>('quotas').find()) {
    const sum = used.get(String(_id)) ?? 0;
    if (open.length === 0 && bytes !== sum) yield `Quota of ${String(_id)}: it says ${bytes} bytes for ${sum}.`;
  }
}

/** Each upload that is in use has its file. */
async function* brokenFile(row: UploadRow, storage: Storage): AsyncGenerator<string> {
  if (row.stage === 'writing' || row.stage === 'going') return;
  const size = await storage.sizeOf(row.key);
  if (size === null) yield `Upload ${String(row._id)}: its file is not there.`;
  else if (size !== row.size) yield `Upload ${String(row._id)}: its file is of another size.`;
}

/** Verifies uploads: their rows, what carries them, quotas, and, with the storage, that each row has its file and each file its row. */
export async function* checkMedia(connection: Connection, storage: Storage | null): AsyncGenerator<string> {
  const keys = new Set<string>();
  const used = new Map<string, number>();
  for await (const row of connection.collection<UploadRow>('uploads').find().sort({ _id: 1 })) {
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
    if (!keys.has(name.split('.')[0] ?? '')) yield `File ${name}: no upload names it.`;
}
