import type { Changed } from '../../log/change.model.js';
import type { MemberRow, MemberRows } from '../conversations/members.model.js';
import type { Member } from '../groups/groups.schemas.js';
import type { SyncedConversation } from './sync.schemas.js';
import type { Step } from './sync-step.js';

interface Deps {
  members: Pick<MemberRows, 'page' | 'among'>;
  memberViews: (rows: readonly MemberRow[]) => Promise<Member[]>;
}

type Told = Pick<SyncedConversation, 'members' | 'removedMemberIds'>;

/** More than so many are not told: the device asks for the list. */
const mostMembers = 100;
const nothing: Told = { members: [], removedMemberIds: [] };
const tooMany: Told = { members: null, removedMemberIds: [] };

/** Builds what tells the members of groups: all where the device does not know the group, else whose membership changed. */
export function createSyncMembers({ members, memberViews }: Deps) {
  async function everybodyIn({ held: { conversation } }: Step): Promise<Told> {
    if (conversation.memberCount > mostMembers) return tooMany;
    const rows = await members.page(conversation._id, null, mostMembers + 1);
    return rows.length > mostMembers ? tooMany : { members: await memberViews(rows), removedMemberIds: [] };
  }

  return async function membersOf(step: Step, records: readonly Changed[]): Promise<Told> {
    const { held, before } = step;
    if (held.conversation.type === 'direct') return nothing;
    if (before === null) return everybodyIn(step);
    const changed = [...new Set(records.flatMap(({ userIds }) => userIds.map(String)))];
    if (changed.length === 0) return nothing;
    if (changed.length > mostMembers) return tooMany;
    const rows = await members.among(held.conversation._id, changed);
    const present = new Set(rows.map(({ userId }) => String(userId)));
    return { members: await memberViews(rows), removedMemberIds: changed.filter((one) => !present.has(one)) };
  };
}
