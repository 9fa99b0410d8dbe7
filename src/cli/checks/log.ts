import { setTimeout as wait } from 'node:timers/promises';
import type { Connection } from 'mongoose';
import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import { roleOf } from '../../repositories/conversations/group-change.js';
import type { MemberRow } from '../../repositories/members/member-repository.js';
import type { ChangeRow } from '../../repositories/changes/change-repository.js';
import type { MessageRow } from '../../repositories/messages/message-repository.js';
import { rankOf } from '../../rules/roles.js';

const recheckMs = 2000;

function* brokenMember(member: MemberRow, seq: number): Generator<string> {
  const who = `Member ${String(member._id)}`;
  if (member.readSeq > member.deliveredSeq) yield `${who}: more is read than delivered.`;
  if (member.deliveredSeq > seq) yield `${who}: more is delivered than there is.`;
  if (member.shownReadSeq > member.readSeq) yield `${who}: more is shown as read than is read.`;
  if (member.shownDeliveredSeq > member.deliveredSeq) yield `${who}: more is shown as delivered than is delivered.`;
}

/** What holds for a group beside: one creator, roles of members alone, marks that all have passed. */
function* brokenGroup(row: ConversationRow, present: readonly MemberRow[]): Generator<string> {
  const which = `Group ${String(row._id)}`;
  if (row.pending) yield `${which}: a change is not finished.`;
  const creators = present.filter(({ userId }) => row.creatorId?.equals(userId));
  if (creators.length !== 1) yield `${which}: it has ${creators.length} creators.`;
  for (const { userId } of row.elevated) {
    if (!present.some((member) => member.userId.equals(userId)))
      yield `${which}: somebody has a role and is no member.`;
    if (row.creatorId?.equals(userId)) yield `${which}: its creator has another role too.`;
  }
  for (const member of present) {
    if (member.rank !== rankOf(roleOf(row, String(member.userId))))
      yield `Member ${String(member._id)}: the role is not that of the group's row.`;
    if (member.shownReadSeq < row.reachedReadSeq || member.shownDeliveredSeq < row.reachedDeliveredSeq)
      yield `Member ${String(member._id)}: less is shown than all are said to have reached.`;
  }
}

function* brokenPair(row: ConversationRow, present: readonly MemberRow[]): Generator<string> {
  const ids = new Set(row.userIds.map(String));
  if (present.some(({ userId }) => !ids.has(String(userId))))
    yield `Conversation ${String(row._id)}: somebody is a member who is not of the pair.`;
}

async function* brokenMembers(connection: Connection, row: ConversationRow): AsyncGenerator<string> {
  const which = `Conversation ${String(row._id)}`;
  const members = connection.collection<MemberRow>('members');
  const present = await members.find({ conversationId: row._id, endedAt: null }).sort({ userId: 1 }).toArray();
  if (row.state === 'active' && present.length !== row.memberCount)
    yield `${which}: the number of members is not memberCount.`;
  yield* row.type === 'group' ? brokenGroup(row, present) : brokenPair(row, present);
  for (const member of present) {
    yield* brokenMember(member, row.seq);
    const person = await connection.collection('users').findOne({ _id: member.userId }, { projection: { _id: 1 } });
    if (!person) yield `Member ${String(member._id)}: the user does not exist.`;
  }
}

/** A tombstone keeps nothing, and no message is further than its conversation. */
function* brokenChange(message: MessageRow, conversation: ConversationRow): Generator<string> {
  const which = `Message ${String(message._id)}`;
  if (message.rev > conversation.rev) yield `${which}: its rev is above the head's.`;
  if (message.reacting?.length) yield `${which}: a change of its reactions has not ended.`;
  if (message.pending?.length) yield `${which}: a change of it has no number.`;
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
  if (kept.some(Boolean)) yield `${which}: it is deleted, and its content is there.`;
}

async function* brokenChanges(connection: Connection, row: ConversationRow): AsyncGenerator<string> {
  const which = `Conversation ${String(row._id)}`;
  const changes = connection.collection<ChangeRow>('changes');
  const messages = connection.collection<MessageRow>('messages');
  let last = 0;
  for await (const { rev, messageId } of changes.find({ conversationId: row._id }).sort({ rev: 1 })) {
    last = rev;
    if (!messageId) continue;
    const message = await messages.findOne({ _id: messageId });
    if (!message) yield `${which}: change ${rev} is of a message that does not exist.`;
    else if (message.rev < rev) yield `Message ${String(message._id)}: its rev is below that of its change.`;
  }
  if (row.rev !== last) yield `${which}: the head's rev is not that of the last change.`;
}

/** The summary of a message says what its rows say. */
async function* brokenReactions(connection: Connection, message: MessageRow): AsyncGenerator<string> {
  const rows = await connection
    .collection<{ emoji: string }>('reactions')
    .find({ messageId: message._id })
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
    yield `Message ${String(message._id)}: its reactions are not those of its rows.`;
}

async function* brokenMessages(connection: Connection, row: ConversationRow): AsyncGenerator<string> {
  const which = `Conversation ${String(row._id)}`;
  const ids = new Set(row.userIds.map(String));
  let last = 0;
  const messages = connection.collection<MessageRow>('messages');
  for await (const message of messages.find({ conversationId: row._id }).sort({ seq: 1 })) {
    if (message.seq !== ++last)
      yield `${which}: message ${String(message._id)} has number ${message.seq} instead of ${last}.`;
    last = message.seq;
    yield* brokenChange(message, row);
    yield* brokenReactions(connection, message);
    if (message.type === 'system') continue;
    if (!message.digest) yield `Message ${String(message._id)}: the digest of its content is missing.`;
    if (row.type === 'direct' && !ids.has(String(message.senderId)))
      yield `Message ${String(message._id)}: its sender is not of the conversation.`;
  }
  if (row.seq < last) yield `${which}: the head is below the last message.`;
  if (row.seq > last) yield `${which}: the head is above the last message.`;
}

/** Rows of conversations that do not exist; of a group that was deleted the ended rows of its members stay. */
async function* orphans(connection: Connection): AsyncGenerator<string> {
  const conversations = connection.collection<ConversationRow>('conversations');
  for (const name of ['members', 'messages', 'changes', 'hidden', 'reactions'] as const) {
    const collection = connection.collection<Pick<MemberRow, '_id' | 'conversationId' | 'endedAt'>>(name);
    const filter = name === 'members' ? { endedAt: null } : {};
    for (const id of await collection.distinct('conversationId', filter)) {
      const owner = await conversations.findOne({ _id: id }, { projection: { _id: 1 } });
      if (!owner) yield `Collection ${name}: conversation ${String(id)} does not exist.`;
    }
  }
}

async function* checkOnce(connection: Connection): AsyncGenerator<string> {
  const pairs = new Set<string>();
  const conversations = connection.collection<ConversationRow>('conversations');
  for await (const row of conversations.find({ state: { $ne: 'deleting' } }).sort({ _id: 1 })) {
    if (row.pair !== null && pairs.has(row.pair))
      yield `Conversation ${String(row._id)}: another one has the same pair.`;
    if (row.pair !== null) pairs.add(row.pair);
    yield* brokenMembers(connection, row);
    yield* brokenMessages(connection, row);
    yield* brokenChanges(connection, row);
  }
  yield* orphans(connection);
}

/**
 * Verifies conversations, members and messages; gives one sentence for each violation. What does not fit is looked at again
 * after two seconds: heads and marks are written behind, so a running server may be on its way.
 */
export async function* checkLog(connection: Connection): AsyncGenerator<string> {
  const first: string[] = [];
  for await (const violation of checkOnce(connection)) first.push(violation);
  if (first.length === 0) return;
  await wait(recheckMs);
  const before = new Set(first);
  for await (const violation of checkOnce(connection)) if (before.has(violation)) yield violation;
}
