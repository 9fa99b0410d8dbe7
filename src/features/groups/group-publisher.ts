import pLimit from 'p-limit';
import type { DomainEvents } from '../../domain-events.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import type { Links } from '../../views/links.js';
import { toMembers } from '../../views/member-views.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { GroupChange } from '../../repositories/conversations/group-change.js';
import type { MemberRow, MemberRepository } from '../../repositories/members/member-repository.js';
import type { Users } from '../users/users.service.js';
import type { Member } from '@causerie/contract/groups';
import { toPermissions } from '../../rules/roles.js';

interface Deps {
  members: Pick<MemberRepository, 'among'>;
  users: Pick<Users, 'refs'>;
  conversations: Pick<Conversations, 'findView'>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  links: Pick<Links, 'picture'>;
  /** Whether somebody has a socket here: for others nothing has to be put together. */
  isConnected(userId: string): boolean;
}

/** So many are shown a group at once: who brings in a thousand leaves room for others. */
const shownAtOnce = 10;

/** Tells the members of a group what has changed in it. */
export interface GroupPublisher {
  /** Members as clients see them, in the order of their rows. */
  viewsOf(rows: readonly MemberRow[]): Promise<Member[]>;
  created(row: ConversationRow, change: GroupChange): Promise<void>;
  changed(row: ConversationRow, change: GroupChange, rev: number): Promise<void>;
}

/** Builds the news of groups. */
export function createGroupPublisher({ members, users, conversations, bus, links, isConnected }: Deps): GroupPublisher {
  async function viewsOf(rows: readonly MemberRow[]): Promise<Member[]> {
    return toMembers(rows, await users.refs(rows.map(({ userId }) => userId)));
  }

  const membersOf = async (row: ConversationRow, userIds: readonly { toString(): string }[]): Promise<Member[]> =>
    viewsOf(await members.among(row._id, userIds.map(String)));

  /** Everybody who comes in, and is there, is shown the group as he sees it; who has gone again meanwhile is shown nothing. */
  async function show(row: ConversationRow, userIds: readonly { toString(): string }[]): Promise<void> {
    const some = pLimit(shownAtOnce);
    const showTo = async (userId: string): Promise<void> => {
      const conversation = await conversations.findView(userId, row._id);
      if (conversation) bus.publish('conversation.created', { userId, conversation });
    };
    const present = userIds.map(String).filter(isConnected);
    await Promise.all(present.map((userId) => some(() => showTo(userId))));
  }

  async function publishRoles(row: ConversationRow, change: GroupChange, rev: number): Promise<void> {
    const conversationId = row._id;
    for (const member of await membersOf(
      row,
      change.roles.map(({ userId }) => userId),
    )) {
      bus.publish('member.updated', { conversationId, rev, member });
      const changes = { role: member.role, permissions: toPermissions(member.role) };
      bus.publish('conversation.updated', { conversationId, rev, changes, userId: member.user.id });
    }
  }

  return {
    viewsOf,
    created: (row, { joining }) => show(row, joining),
    async changed(row, change, rev) {
      const conversationId = row._id;
      const { system, joining, ending } = change;
      if (joining.length > 0) {
        await show(row, joining);
        bus.publish('members.added', { conversationId, rev, members: await membersOf(row, joining) });
      }
      for (const { userId } of ending) bus.publish('member.removed', { conversationId, rev, userId });
      await publishRoles(row, change, rev);
      if (system.kind === 'title_changed')
        bus.publish('conversation.updated', { conversationId, rev, changes: { title: row.title } });
      if (system.kind === 'description_changed')
        bus.publish('conversation.updated', { conversationId, rev, changes: { description: row.description } });
      if (system.kind === 'photo_changed') {
        const photo = row.photo && links.picture(row.photo);
        bus.publish('conversation.updated', { conversationId, rev, changes: { photo } });
      }
    },
  };
}
