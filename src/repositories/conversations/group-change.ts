import { type Id, type Row, toId, toIdOrNull, toIds } from '../ids.js';
import type { Role, SystemKind } from '@causerie/contract/roles';

/** A member with a role between creator and member. */
export interface StoredElevated {
  userId: Id;
  role: 'admin' | 'moderator';
}

export type Elevated = Row<StoredElevated>;

/** The content of a system message. */
export interface StoredSystem {
  kind: SystemKind;
  actorId: Id | null;
  userIds: Id[];
  role: Role | null;
  title: string | null;
}

export type SystemContent = Row<StoredSystem>;

/** A whole change of a group: any process that finds it on the conversation row can complete it. */
export interface StoredChange {
  /** The `changeId` of its system message and of its record. */
  _id: Id;
  /** The `membersVersion` that this change produces. */
  version: number;
  system: StoredSystem;
  /** The users who join; their rows are created. */
  joining: Id[];
  /** The member rows that end. */
  ending: { memberId: Id; userId: Id }[];
  /** The new roles of members. */
  roles: { userId: Id; role: Role }[];
  /** The photo that is replaced; absent if there was none. */
  replacedPhoto?: Id;
  at: Date;
}

export type GroupChange = Row<StoredChange>;

export function storedSystem({ actorId, userIds, ...rest }: SystemContent): StoredSystem {
  return { ...rest, actorId: toIdOrNull(actorId), userIds: toIds(userIds) };
}

export function storedElevated(elevated: readonly Elevated[]): StoredElevated[] {
  return elevated.map(({ userId, role }) => ({ userId: toId(userId), role }));
}

export function storedChange(change: GroupChange): StoredChange {
  const { _id, version, system, joining, ending, roles, replacedPhoto, at } = change;
  return {
    _id: toId(_id),
    version,
    system: storedSystem(system),
    joining: toIds(joining),
    ending: ending.map(({ memberId, userId }) => ({ memberId: toId(memberId), userId: toId(userId) })),
    roles: roles.map(({ userId, role }) => ({ userId: toId(userId), role })),
    ...(replacedPhoto ? { replacedPhoto: toId(replacedPhoto) } : {}),
    at,
  };
}
