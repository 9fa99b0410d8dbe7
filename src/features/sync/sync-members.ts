import type { Changed } from '../../repositories/changes/change-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import { membersShown } from '../groups/group-publisher.js';
import type { Users } from '../users/users.service.js';
import type { SyncedConversation } from '@causerie/contract/sync';
import { idOf, type Step } from './sync-step.js';

interface Deps {
  members: Pick<MemberRepository, 'page' | 'among'>;
  users: Pick<Users, 'refs'>;
}

type SyncedMembers = Pick<SyncedConversation, 'members' | 'removedMemberIds'>;

/** More than so many are not told: the device asks for the list. */
const maxMembers = 100;
const nothing: SyncedMembers = { members: [], removedMemberIds: [] };
const tooMany: SyncedMembers = { members: null, removedMemberIds: [] };

/** Builds what tells the members of groups: all where the device does not know the group, else whose membership changed. */
export function createSyncMembers({ members, users }: Deps) {
  async function everybodyIn({ membership: { conversation } }: Step): Promise<SyncedMembers> {
    if (conversation.memberCount > maxMembers) return tooMany;
    const rows = await members.page(conversation._id, null, maxMembers + 1);
    if (rows.length > maxMembers) return tooMany;
    const refs = await users.refs(rows.map(({ userId }) => userId));
    return { members: membersShown(rows, refs), removedMemberIds: [] };
  }

  /** `changes` are those that the device has not seen, by conversation; they are waited for where they matter. */
  return async function membersOf(step: Step, changes: Promise<Map<string, Changed[]>>): Promise<SyncedMembers> {
    const { membership, before } = step;
    if (membership.conversation.type === 'direct') return nothing;
    if (before === null) return everybodyIn(step);
    const records = (await changes).get(idOf(step)) ?? [];
    const changed = [...new Set(records.flatMap(({ userIds }) => userIds))];
    if (changed.length === 0) return nothing;
    if (changed.length > maxMembers) return tooMany;
    const [rows, refs] = await Promise.all([members.among(membership.conversation._id, changed), users.refs(changed)]);
    const present = new Set(rows.map(({ userId }) => userId));
    return { members: membersShown(rows, refs), removedMemberIds: changed.filter((one) => !present.has(one)) };
  };
}
