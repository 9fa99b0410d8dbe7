import { canAddToGroup } from '../../rules/people.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import type { Users } from '../users/users.service.js';
import type { Refused } from '@causerie/contract/groups';

/** Who may come into a group. */
export interface Admission {
  /** Judges people whom somebody brings in, each once, of whom so many have room; in the order in which they are named. */
  admit(actorId: string, userIds: readonly string[], room: number): Promise<{ admitted: string[]; refused: Refused[] }>;
  /** Whose accounts are being erased, of people who were brought in: asked after they are in, so none slips through. */
  inactiveAmong(userIds: readonly string[]): Promise<string[]>;
}

/** Builds the question who may come in. */
export function createAdmission({
  users,
  members,
}: {
  users: Pick<Users, 'people' | 'statesOf'>;
  members: Pick<MemberRepository, 'crowdedAmong'>;
}): Admission {
  return {
    async inactiveAmong(userIds) {
      const states = await users.statesOf(userIds);
      return userIds.filter((one) => ['erasing', 'erased'].includes(states.get(one) ?? 'erased'));
    },
    async admit(actorId, userIds, room) {
      const asked = [...new Set(userIds)];
      const [people, crowded] = await Promise.all([users.people.of(actorId, asked), members.crowdedAmong(asked)]);
      const willing = asked.filter((one) => {
        const person = people.get(one);
        return person && canAddToGroup(person);
      });
      const known = willing.filter((one) => !crowded.has(one));
      const late = new Set([...known.slice(Math.max(0, room)), ...crowded]);
      const refused = asked.flatMap((userId): Refused[] => {
        const person = people.get(userId);
        if (!person) return [{ userId, code: 'not_found' }];
        if (!canAddToGroup(person)) return [{ userId, code: 'not_contactable' }];
        return late.has(userId) ? [{ userId, code: 'conflict' }] : [];
      });
      return { admitted: known.slice(0, Math.max(0, room)), refused };
    },
  };
}
