import type { Types } from 'mongoose';
import type { Role, SystemKind } from '@causerie/contract/roles';

/** A member with a role between creator and member. */
export interface Elevated {
  userId: Types.ObjectId;
  role: 'admin' | 'moderator';
}

/** The content of a system message. */
export interface SystemContent {
  kind: SystemKind;
  actorId: Types.ObjectId | null;
  userIds: Types.ObjectId[];
  role: Role | null;
  title: string | null;
}

/** A whole change of a group: any process that finds it on the conversation row can complete it. */
export interface GroupChange {
  /** The `changeId` of its system message and of its record. */
  _id: Types.ObjectId;
  /** The `membersVersion` that this change produces. */
  version: number;
  system: SystemContent;
  /** The users who join; their rows are created. */
  joining: Types.ObjectId[];
  /** The member rows that end. */
  ending: { memberId: Types.ObjectId; userId: Types.ObjectId }[];
  /** The new roles of members. */
  roles: { userId: Types.ObjectId; role: Role }[];
  /** The photo that is replaced; absent if there was none. */
  replacedPhoto?: Types.ObjectId;
  at: Date;
}

interface Ranked {
  creatorId: Types.ObjectId | null;
  elevated: readonly Elevated[];
}

/** The role of a member, from the conversation row of the group. */
export function roleOf({ creatorId, elevated }: Ranked, userId: string): Role {
  if (String(creatorId) === userId) return 'creator';
  return elevated.find((one) => String(one.userId) === userId)?.role ?? 'member';
}
