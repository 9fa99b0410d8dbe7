import { type Connection } from 'mongoose';
import { firstIdAt, newId, toId, toIdOrNull, toIds, toRow, toRows } from '../ids.js';
import { type ConversationRow, newConversation, type StoredConversation } from './conversation-row.js';
import {
  type GroupChange,
  storedChange,
  storedElevated,
  type StoredSystem,
  type SystemContent,
} from './group-change.js';
import { type PictureRow, storedPicture } from '../uploads/attachment-row.js';
import { isDuplicateKey } from '../errors.js';

/** A change that is written to the row of its group, and the fields that it sets there. */
export interface Proposal {
  system: SystemContent;
  joining?: string[];
  ending?: GroupChange['ending'];
  roles?: GroupChange['roles'];
  replacedPhoto?: string;
  /** New values for fields of the row. */
  set?: Partial<Pick<ConversationRow, 'title' | 'description' | 'photo' | 'creatorId' | 'elevated'>>;
}

/** A group to create. */
export interface NewGroup {
  id: string;
  photo: PictureRow | null;
  creatorId: string;
  title: string;
  description: string | null;
  memberIds: readonly string[];
  /** Makes a retry find the first creation; null if the client does not retry. */
  clientId: string | null;
}

/** Groups: each change is one conditional update that stores everything left to do. */
export interface GroupRepository {
  /** The id of a group to create. */
  newId(): string;
  /** The group that a creator made with a `clientId`. */
  byClientId(creatorId: string, clientId: string): Promise<ConversationRow | null>;
  /** Creates a group whose creation is in progress; null if another request with the same `clientId` was faster. */
  create(group: NewGroup): Promise<ConversationRow | null>;
  /** A group that is not being deleted. */
  byId(conversationId: string): Promise<ConversationRow | null>;
  /** Begins a change and returns the new row; null if another change has begun since the row was read. */
  propose(row: ConversationRow, proposal: Proposal): Promise<ConversationRow | null>;
  /** Completes a change: records its `rev` and removes it from the row. */
  complete(conversationId: string, changeId: string, rev: number): Promise<void>;
  /** From here on the group has no members; false if another change has begun since the row was read. */
  beginDeletion(row: ConversationRow): Promise<boolean>;
  /** Erases the row of a group that is being deleted; called last, because recovery finds the rest by it. */
  eraseRow(conversationId: string): Promise<void>;
  /** The groups with a change, a creation or a deletion that began before a moment. */
  unfinished(before: Date): Promise<ConversationRow[]>;
}

const keyOf = (creatorId: string, clientId: string): string => `${creatorId} ${clientId}`;

/** A group row whose creation is its first change. */
function newGroup(group: NewGroup): StoredConversation {
  const { creatorId, title, description, memberIds, clientId } = group;
  const at = new Date();
  const creator = toId(creatorId);
  const joining = [creator, ...toIds(memberIds)];
  const system: StoredSystem = {
    kind: 'group_created',
    actorId: creator,
    userIds: joining.slice(1),
    role: null,
    title,
  };
  return {
    ...newConversation(at),
    _id: toId(group.id),
    photo: storedPicture(group.photo),
    type: 'group',
    pair: null,
    userIds: [],
    memberCount: joining.length,
    title,
    description,
    createKey: clientId === null ? null : keyOf(creatorId, clientId),
    creatorId: creator,
    pending: {
      _id: toId(newId()),
      version: 0,
      system,
      joining,
      ending: [],
      roles: [{ userId: creator, role: 'creator' }],
      at,
    },
  };
}

/** The fields of a proposal as they are stored. */
function storedFields({ creatorId, photo, elevated, ...texts }: NonNullable<Proposal['set']>) {
  return {
    ...texts,
    ...(creatorId === undefined ? {} : { creatorId: toIdOrNull(creatorId) }),
    ...(photo === undefined ? {} : { photo: storedPicture(photo) }),
    ...(elevated === undefined ? {} : { elevated: storedElevated(elevated) }),
  };
}

type Creation = Pick<GroupRepository, 'newId' | 'byClientId' | 'create'>;

function creationOf(conversations: ReturnType<typeof conversationsOf>): Creation {
  return {
    newId,
    byClientId: async (creatorId, clientId) =>
      toRow(await conversations.findOne({ createKey: { $eq: keyOf(creatorId, clientId), $type: 'string' } })),
    async create(group) {
      const row = newGroup(group);
      try {
        await conversations.insertOne(row);
        return toRow(row);
      } catch (error) {
        if (isDuplicateKey(error)) return null;
        throw error;
      }
    },
  };
}

function conversationsOf(connection: Connection) {
  return connection.collection<StoredConversation>('conversations');
}

export function createGroupRepository(connection: Connection): GroupRepository {
  const conversations = conversationsOf(connection);

  return {
    ...creationOf(conversations),
    byId: async (conversationId) =>
      toRow(await conversations.findOne({ _id: toId(conversationId), type: 'group', state: { $ne: 'deleting' } })),
    async propose({ _id, membersVersion, memberCount }, proposal) {
      const { system, joining = [], ending = [], roles = [], set = {}, replacedPhoto } = proposal;
      const version = membersVersion + 1;
      const pending: GroupChange = {
        _id: newId(),
        version,
        system,
        joining,
        ending,
        roles,
        ...(replacedPhoto ? { replacedPhoto } : {}),
        at: new Date(),
      };
      const count = memberCount + joining.length - ending.length;
      const changed = await conversations.findOneAndUpdate(
        { _id: toId(_id), membersVersion, pending: null, state: 'active' },
        { $set: { ...storedFields(set), pending: storedChange(pending), membersVersion: version, memberCount: count } },
        { returnDocument: 'after' },
      );
      return toRow(changed);
    },
    async complete(conversationId, changeId, rev) {
      await conversations.updateOne(
        { _id: toId(conversationId), 'pending._id': { $eq: toId(changeId), $type: 'objectId' } },
        { $set: { pending: null, state: 'active' }, $max: { rev } },
      );
    },
    async beginDeletion({ _id, membersVersion }) {
      const result = await conversations.updateOne(
        { _id: toId(_id), membersVersion, pending: null, state: 'active' },
        { $set: { state: 'deleting', createKey: null }, $inc: { membersVersion: 1 } },
      );
      return result.modifiedCount === 1;
    },
    async eraseRow(conversationId) {
      await conversations.deleteOne({ _id: toId(conversationId), state: 'deleting' });
    },
    async unfinished(before) {
      const old = { $lt: toId(firstIdAt(before)) };
      const found = await Promise.all([
        conversations.find({ 'pending._id': { ...old, $type: 'objectId' } }).toArray(),
        conversations.find({ state: 'deleting', _id: old }).toArray(),
      ]);
      return toRows(found.flat());
    },
  };
}
