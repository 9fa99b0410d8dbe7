import type { Users } from '../users/users.service.js';
import type { Refused } from './groups.schemas.js';
import type { MemberChanges } from './members-change.model.js';

/** Who may come into a group. */
export interface Admission {
  /** Judges people, each once, of whom so many have room; in the order in which they are named. */
  judge(userIds: readonly string[], room: number): Promise<{ admitted: string[]; refused: Refused[] }>;
  /** The same ids as rows hold them. */
  idsOf: MemberChanges['idsOf'];
}

/** Builds the question who may come in. */
export function createAdmission({
  users,
  memberChanges,
}: {
  users: Pick<Users, 'active'>;
  memberChanges: Pick<MemberChanges, 'idsOf'>;
}): Admission {
  return {
    idsOf: memberChanges.idsOf,
    async judge(userIds, room) {
      const asked = [...new Set(userIds)];
      const there = await users.active(asked);
      const known = asked.filter((one) => there.has(one));
      const late = new Set(known.slice(Math.max(0, room)));
      const refused = asked.flatMap((userId): Refused[] => {
        if (!there.has(userId)) return [{ userId, code: 'not_found' }];
        return late.has(userId) ? [{ userId, code: 'conflict' }] : [];
      });
      return { admitted: known.slice(0, Math.max(0, room)), refused };
    },
  };
}
