import { setTimeout as wait } from 'node:timers/promises';
import type { Connection } from 'mongoose';
import type { ConversationRow, StoredConversation } from '../../repositories/conversations/conversation-row.js';
import { roleOf } from '../../rules/groups.js';
import { toId, toRow } from '../../repositories/ids.js';
import type { MemberRow, StoredMember } from '../../repositories/members/member-row.js';
import type { StoredChangeRow } from '../../repositories/changes/change-repository.js';
import type { MessageRow, StoredMessage } from '../../repositories/messages/message-row.js';
import type { StoredUser } from '../../repositories/users/user-row.js';
import type { StoredReaction } from '../../repositories/reactions/reaction-repository.js';
import { rankOf } from '../../rules/roles.js';

const recheckMs = 2000;

function* brokenMember(member: MemberRow, seq: number): Generator<string> {
  const who = `Member ${member._id}`;
  if (member.readSeq > member.deliveredSeq) yield `${who}: readSeq is above deliveredSeq.`;
  if (member.deliveredSeq > seq) yield `${who}: deliveredSeq is above the last message.`;
  if (member.shownReadSeq > member.readSeq) yield `${who}: shownReadSeq is above readSeq.`;
  if (member.shownDeliveredSeq > member.deliveredSeq) yield `${who}: shownDeliveredSeq is above deliveredSeq.`;
}

/** Checks a group: one creator, roles only for members, and group receipts that no member is below. */
function* brokenGroup(row: ConversationRow, present: readonly MemberRow[]): Generator<string> {
  const which = `Group ${row._id}`;
  if (row.pending) yield `${which}: a change is pending.`;
  const creators = present.filter(({ userId }) => userId === row.creatorId);
  if (creators.length !== 1) yield `${which}: it has ${creators.length} creators instead of 1.`;
  for (const { userId } of row.elevated) {
    if (!present.some((member) => member.userId === userId)) yield `${which}: a user has a role but is not a member.`;
    if (row.creatorId === userId) yield `${which}: its creator has a second role.`;
  }
  for (const member of present) {
    if (member.rank !== rankOf(roleOf(row, member.userId)))
      yield `Member ${member._id}: the role differs from the one in the conversation.`;
    if (member.shownReadSeq < row.reachedReadSeq || member.shownDeliveredSeq < row.reachedDeliveredSeq)
      yield `Member ${member._id}: the shown receipts are below the group receipts.`;
  }
}

function* brokenPair(row: ConversationRow, present: readonly MemberRow[]): Generator<string> {
  const ids = new Set(row.userIds);
  if (present.some(({ userId }) => !ids.has(userId)))
    yield `Conversation ${row._id}: a member does not belong to the pair.`;
}

async function* brokenMembers(connection: Connection, row: ConversationRow): AsyncGenerator<string> {
  const which = `Conversation ${row._id}`;
  const members = connection.collection<StoredMember>('members');
  const filter = { conversationId: toId(row._id), endedAt: null };
  const present = await members.find(filter).sort({ userId: 1 }).map(toRow).toArray();
  if (row.state === 'active' && present.length !== row.memberCount)
    yield `${which}: memberCount is not the number of members.`;
  yield* row.type === 'group' ? brokenGroup(row, present) : brokenPair(row, present);
  for (const member of present) {
    yield* brokenMember(member, row.seq);
    const users = connection.collection<StoredUser>('users');
    const person = await users.findOne({ _id: toId(member.userId) }, { projection: { _id: 1 } });
    if (!person) yield `Member ${member._id}: the user does not exist.`;
  }
}

/** Checks a message: a tombstone has no content, and `rev` is not above that of the conversation. */
function* brokenChange(message: MessageRow, conversation: ConversationRow): Generator<string> {
  const which = `Message ${message._id}`;
  if (message.rev > conversation.rev) yield `${which}: its rev is above that of the conversation.`;
  if (message.reacting?.length) yield `${which}: a change of its reactions is pending.`;
  if (message.pending?.length) yield `${which}: a change has no number yet.`;
  const isUncounted = message.uncounted === true && conversation.lastUncountedSeq >= message.seq;
  if ((message.deletedAt !== null || message.type === 'system') && !isUncounted) yield `${which}: it counts as unread.`;
  if (message.deletedAt === null) return;
  const kept = [
    message.text,
    ...message.reactions.map(({ emoji }) => emoji),
    ...message.words,
    ...message.revisions,
    ...message.mentions,
    message.replyTo,
  ];
  if (kept.some(Boolean)) yield `${which}: it is deleted, but still has content.`;
}

async function* brokenChanges(connection: Connection, row: ConversationRow): AsyncGenerator<string> {
  const which = `Conversation ${row._id}`;
  const changes = connection.collection<StoredChangeRow>('changes');
  const messages = connection.collection<StoredMessage>('messages');
  let last = 0;
  for await (const { rev, messageId } of changes.find({ conversationId: toId(row._id) }).sort({ rev: 1 })) {
    last = rev;
    if (!messageId) continue;
    const message = await messages.findOne({ _id: messageId });
    if (!message) yield `${which}: change ${rev} refers to a message that does not exist.`;
    else if (message.rev < rev) yield `Message ${String(message._id)}: its rev is below that of its last change.`;
  }
  if (row.rev !== last) yield `${which}: its rev is not that of the last change.`;
}

/** Checks that the reaction summary of a message matches its reaction rows. */
async function* brokenReactions(connection: Connection, message: MessageRow): AsyncGenerator<string> {
  const rows = await connection
    .collection<StoredReaction>('reactions')
    .find({ messageId: toId(message._id) })
    .sort({ _id: 1 })
    .toArray();
  const counts = new Map<string, number>();
  for (const { emoji } of rows) counts.set(emoji, (counts.get(emoji) ?? 0) + 1);
  const shown = message.reactions.map(({ emoji, count }) => `${emoji} ${count}`);
  if (
    shown.sort().join() !==
    [...counts]
      .map((one) => one.join(' '))
      .sort()
      .join()
  )
    yield `Message ${message._id}: its reaction summary differs from its reaction rows.`;
}

async function* brokenMessages(connection: Connection, row: ConversationRow): AsyncGenerator<string> {
  const which = `Conversation ${row._id}`;
  const ids = new Set(row.userIds);
  let last = 0;
  const messages = connection.collection<StoredMessage>('messages');
  for await (const message of messages
    .find({ conversationId: toId(row._id) })
    .sort({ seq: 1 })
    .map(toRow)) {
    if (message.seq !== ++last) yield `${which}: message ${message._id} has seq ${message.seq} instead of ${last}.`;
    last = message.seq;
    yield* brokenChange(message, row);
    yield* brokenReactions(connection, message);
    if (message.type === 'system') continue;
    if (!message.digest) yield `Message ${message._id}: the content digest is missing.`;
    if (row.type === 'direct' && !ids.has(String(message.senderId)))
      yield `Message ${message._id}: its sender does not belong to the conversation.`;
  }
  if (row.seq < last) yield `${which}: its seq is below that of the last message.`;
  if (row.seq > last) yield `${which}: its seq is above that of the last message.`;
}

/** Finds rows of conversations that do not exist. Ended member rows of a deleted group remain and are not reported. */
async function* orphans(connection: Connection): AsyncGenerator<string> {
  const conversations = connection.collection<StoredConversation>('conversations');
  for (const name of ['members', 'messages', 'changes', 'hidden', 'reactions'] as const) {
    const collection = connection.collection<Pick<StoredMember, '_id' | 'conversationId' | 'endedAt'>>(name);
    const filter = name === 'members' ? { endedAt: null } : {};
    for (const id of await collection.distinct('conversationId', filter)) {
      const owner = await conversations.findOne({ _id: id }, { projection: { _id: 1 } });
      if (!owner) yield `Collection ${name}: conversation ${String(id)} does not exist.`;
    }
  }
}

async function* checkOnce(connection: Connection): AsyncGenerator<string> {
  const pairs = new Set<string>();
  const conversations = connection.collection<StoredConversation>('conversations');
  for await (const row of conversations
    .find({ state: { $ne: 'deleting' } })
    .sort({ _id: 1 })
    .map(toRow)) {
    if (row.pair !== null && pairs.has(row.pair))
      yield `Conversation ${row._id}: another conversation has the same pair.`;
    if (row.pair !== null) pairs.add(row.pair);
    yield* brokenMembers(connection, row);
    yield* brokenMessages(connection, row);
    yield* brokenChanges(connection, row);
  }
  yield* orphans(connection);
}

/**
 * Checks conversations, members and messages; yields one sentence per violation. Violations are checked again after two
 * seconds, since a running server writes heads and receipts with a delay.
 */
export async function* checkLog(connection: Connection): AsyncGenerator<string> {
  const first: string[] = [];
  for await (const violation of checkOnce(connection)) first.push(violation);
  if (first.length === 0) return;
  await wait(recheckMs);
  const before = new Set(first);
  for await (const violation of checkOnce(connection)) if (before.has(violation)) yield violation;
}
