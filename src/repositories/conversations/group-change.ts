import type { Types } from 'mongoose';
import type { Role, SystemKind } from '@causerie/contract/roles';

/** Somebody with a role between creator and member. */
export interface Elevated {
  userId: Types.ObjectId;
  role: 'admin' | 'moderator';
}

/** What a system message says. */
export interface SystemContent {
  kind: SystemKind;
  actorId: Types.ObjectId | null;
  userIds: Types.ObjectId[];
  role: Role | null;
  title: string | null;
}

/** A whole change of a group: whoever finds it on the row of the conversation can finish it. */
export interface GroupChange {
  /** The `changeId` of its system message and of its record. */
  _id: Types.ObjectId;
  /** What `membersVersion` is with it. */
  version: number;
  system: SystemContent;
  /** Who comes in; their rows are made. */
  joining: Types.ObjectId[];
  /** The rows that end. */
  ending: { memberId: Types.ObjectId; userId: Types.ObjectId }[];
  /** Whose role becomes another one. */
  roles: { userId: Types.ObjectId; role: Role }[];
  /** The photo that is replaced; there only where one is. */
  replacedPhoto?: Types.ObjectId;
  at: Date;
}

interface Ranked {
  creatorId: Types.ObjectId | null;
  elevated: readonly Elevated[];
}

/** The role of a member of a group, by its conversation row. */
export function roleOf({ creatorId, elevated }: Ranked, userId: string): Role {
  if (String(creatorId) === userId) return 'creator';
  return elevated.find((one) => String(one.userId) === userId)?.role ?? 'member';
}
