import { createHash } from 'node:crypto';
import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import { invalidInput } from '../../kernel/problem.js';
import { type Membership, minReceiptsOf } from '../../views/membership.js';
import type { Contacts, OwnRelations } from '../contacts/contacts.service.js';
import type { Conversations } from '../conversations/conversations.service.js';
import { startOf } from '../../rules/conversations.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import type { Me } from '@causerie/contract/users';
import type { Notifications } from '../notifications/notifications.service.js';
import { type Entry, packVector, unpackVector, type Vector } from './sync-cursor.js';
import type { SyncReading } from './sync-reading.js';
import type { Step } from './sync-step.js';
import type { SyncAnswer, SyncRequest } from '@causerie/contract/sync';

interface Deps {
  conversations: Pick<Conversations, 'membershipsWithOthers'>;
  members: Pick<MemberRepository, 'conversationsOfCursorIndexes'>;
  me: (userId: string) => Promise<Me>;
  contacts: Pick<Contacts, 'relationsOf'>;
  notifications: Pick<Notifications, 'newest'>;
  reading: SyncReading;
  cursors: Cursors;
}

export interface Sync {
  /** Everything that has changed for the caller since a cursor; throws `invalid_input` for a cursor that is not his. */
  since(actor: Actor, request: SyncRequest): Promise<SyncAnswer>;
}

const list = 'sync';
const unreadable = {
  en: 'This cursor is not valid. Start again without one.',
  fr: 'Ce curseur n’est pas valide. Recommencez sans curseur.',
};

/** What a device that has seen all of a conversation knows of it. */
function entryOf(membership: Membership): Entry {
  const { conversation, member } = membership;
  const { deliveredSeq, readSeq } = minReceiptsOf(membership);
  return {
    cursorIndex: member.slot,
    seq: conversation.seq,
    rev: conversation.rev,
    memberRevision: member.own,
    shown: deliveredSeq + readSeq,
    start: startOf(member),
  };
}

function isSame(a: Entry, b: Entry): boolean {
  return (
    a.seq === b.seq &&
    a.rev === b.rev &&
    a.memberRevision === b.memberRevision &&
    a.shown === b.shown &&
    a.start === b.start
  );
}

function versionOf(view: unknown): string {
  return createHash('sha256').update(JSON.stringify(view)).digest('base64url').slice(0, 12);
}

/** The latest activity first. */
function byActivity(a: Membership, b: Membership): number {
  const later = b.conversation.lastActivityAt.getTime() - a.conversation.lastActivityAt.getTime();
  return later || (a.conversation._id < b.conversation._id ? 1 : -1);
}

/** What belongs to nobody but its owner: what tells two versions apart, and what reads it. */
interface Collection {
  version: unknown;
  read(): Promise<unknown>;
}

/** Each of them is told whole. */
function collectionsOf(
  me: Me,
  { contacts, blocked }: OwnRelations,
  notifications: unknown,
): Record<string, Collection> {
  return {
    me: { version: me, read: () => Promise.resolve(me) },
    contacts,
    blocked,
    notifications: { version: notifications, read: () => Promise.resolve(notifications) },
  };
}

/** The vector of a cursor; an empty one if there is no cursor. */
function vectorOf(cursors: Cursors, userId: string, cursor: string | undefined): Vector {
  if (cursor === undefined) return { entries: [], versions: {} };
  const vector = unpackVector(cursors.open(list, userId, cursor, 'body.cursor'));
  if (!vector) throw invalidInput('body.cursor', unreadable);
  return vector;
}

/** Catches a device up by one cursor: equal entries cost no read of content. */
export function createSync({ conversations, members, me, contacts, notifications, reading, cursors }: Deps): Sync {
  /** Ids of what the cursor holds and the caller has no more; one that is there again is told as a conversation. */
  async function removedOf(
    userId: string,
    known: Map<number, Entry>,
    memberships: readonly Membership[],
  ): Promise<string[]> {
    const present = new Set(memberships.map(({ member }) => member.slot));
    const left = [...known.keys()].filter((cursorIndex) => !present.has(cursorIndex));
    for (const cursorIndex of left) known.delete(cursorIndex);
    const there = new Set(memberships.map(({ conversation }) => conversation._id));
    return (await members.conversationsOfCursorIndexes(userId, left)).filter((id) => !there.has(id));
  }

  /** What has changed in the conversations of a person: all of their numbers are read before any content. */
  async function conversationsFor(userId: string, known: Map<number, Entry>, limit: number) {
    const memberships = await conversations.membershipsWithOthers(userId);
    const changed = memberships
      .map((one): Step => ({ membership: one, before: known.get(one.member.slot) ?? null }))
      .filter(({ membership: one, before }) => before === null || !isSame(before, entryOf(one)))
      .sort((a, b) => byActivity(a.membership, b.membership));
    const steps = changed.slice(0, limit);
    const [removed, synced] = await Promise.all([removedOf(userId, known, memberships), reading.read(userId, steps)]);
    for (const { membership: one } of steps) known.set(one.member.slot, entryOf(one));
    return { removed, synced, hasMore: changed.length > steps.length };
  }

  /** The collections of a person that are not as a device knows them, and the versions of all. */
  async function collectionsFor(userId: string, versions: Vector['versions']) {
    const [account, people, notified] = await Promise.all([
      me(userId),
      contacts.relationsOf(userId),
      notifications.newest(userId),
    ]);
    const all = Object.entries(collectionsOf(account, people, notified)).map(([name, { version, read }]) => ({
      name,
      version: versionOf(version),
      read,
    }));
    const fresh = all.filter(({ name, version }) => versions[name] !== version);
    const views = await Promise.all(fresh.map(async ({ name, read }) => [name, await read()] as const));
    return { views, versions: Object.fromEntries(all.map(({ name, version }) => [name, version])) };
  }

  return {
    async since({ userId }, { cursor, limit }) {
      const before = vectorOf(cursors, userId, cursor);
      const known = new Map(before.entries.map((entry) => [entry.cursorIndex, entry]));
      const [{ removed, synced, hasMore }, { views, versions }] = await Promise.all([
        conversationsFor(userId, known, limit),
        collectionsFor(userId, before.versions),
      ]);
      return {
        cursor: cursors.seal(list, userId, packVector({ entries: [...known.values()], versions })),
        hasMore,
        ...Object.fromEntries(views),
        conversations: synced,
        removedConversationIds: removed,
      };
    },
  };
}
