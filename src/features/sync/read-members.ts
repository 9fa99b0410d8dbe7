import type { SyncedConversation } from '@causerie/contract/sync';
import type { ChangeSummary } from '../../repositories/changes/change-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import { toMembers } from '../../views/member-views.js';
import type { Users } from '../users/users.service.js';
import { type ChangedConversation, idOf } from './changed-conversation.js';

interface Deps {
  members: Pick<MemberRepository, 'page' | 'among'>;
  users: Pick<Users, 'refs'>;
}

type SyncedMembers = Pick<SyncedConversation, 'members' | 'removedMemberIds'>;

/** If more have changed, the device loads the list of members instead. */
const maxMembers = 100;
const none: SyncedMembers = { members: [], removedMemberIds: [] };
const tooMany: SyncedMembers = { members: null, removedMemberIds: [] };

/**
 * Reads the members of a group: all of them if the device does not know the group, otherwise those whose membership
 * has changed. `changes` are those that the device has not seen, by conversation; they are awaited only if needed.
 */
export function createReadMembers({ members, users }: Deps) {
  async function allMembers({ membership: { conversation } }: ChangedConversation): Promise<SyncedMembers> {
    if (conversation.memberCount > maxMembers) return tooMany;
    const rows = await members.page(conversation._id, null, maxMembers + 1);
    if (rows.length > maxMembers) return tooMany;
    const refs = await users.refs(rows.map(({ userId }) => userId));
    return { members: toMembers(rows, refs), removedMemberIds: [] };
  }

  return async function readMembers(
    changed: ChangedConversation,
    changes: Promise<Map<string, ChangeSummary[]>>,
  ): Promise<SyncedMembers> {
    const { conversation } = changed.membership;
    if (conversation.type === 'direct') return none;
    if (changed.known === null) return allMembers(changed);
    const unseen = (await changes).get(idOf(changed)) ?? [];
    const userIds = [...new Set(unseen.flatMap((change) => change.userIds))];
    if (userIds.length === 0) return none;
    if (userIds.length > maxMembers) return tooMany;
    const [rows, refs] = await Promise.all([members.among(conversation._id, userIds), users.refs(userIds)]);
    const present = new Set(rows.map(({ userId }) => userId));
    return { members: toMembers(rows, refs), removedMemberIds: userIds.filter((userId) => !present.has(userId)) };
  };
}
