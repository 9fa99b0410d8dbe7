import pLimit from 'p-limit';
import type { DomainEvents } from '../../domain-events.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import type { GroupChange } from '../../repositories/conversations/group-change.js';
import { toPermissions } from '../../rules/roles.js';
import type { Links } from '../../views/links.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { GroupMembers } from './members.js';

export interface GroupPublisher {
  /** Publishes a new group to its members. */
  created(group: ConversationRow, change: GroupChange): Promise<void>;
  /** Publishes a change of a group to its members. */
  changed(group: ConversationRow, change: GroupChange, rev: number): Promise<void>;
}

interface Deps {
  members: Pick<GroupMembers, 'viewsAmong'>;
  conversations: Pick<Conversations, 'findView'>;
  links: Pick<Links, 'picture'>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  /** Whether a user has a socket here: nothing is loaded for others. */
  isConnected(userId: string): boolean;
}

/** How many members are shown a group at once, so that adding a thousand leaves room for other requests. */
const shownAtOnce = 10;

export function createGroupPublisher({ members, conversations, links, bus, isConnected }: Deps): GroupPublisher {
  /** Shows a group to connected users who join, as each of them sees it, unless they have left again. */
  async function showTo(userIds: readonly string[], conversationId: string): Promise<void> {
    const limit = pLimit(shownAtOnce);
    const show = async (userId: string): Promise<void> => {
      const conversation = await conversations.findView(userId, conversationId);
      if (conversation) bus.publish('conversation.created', { userId, conversation });
    };
    await Promise.all(userIds.filter(isConnected).map((userId) => limit(() => show(userId))));
  }

  async function publishRoles(conversationId: string, roles: GroupChange['roles'], rev: number): Promise<void> {
    const userIds = roles.map(({ userId }) => userId);
    for (const member of await members.viewsAmong(conversationId, userIds)) {
      bus.publish('member.updated', { conversationId, rev, member });
      const changes = { role: member.role, permissions: toPermissions(member.role) };
      bus.publish('conversation.updated', { conversationId, rev, changes, userId: member.user.id });
    }
  }

  return {
    created: ({ _id }, { joining }) => showTo(joining, _id),
    async changed({ _id: conversationId, title, description, photo }, { system, joining, ending, roles }, rev) {
      if (joining.length > 0) {
        await showTo(joining, conversationId);
        const added = await members.viewsAmong(conversationId, joining);
        bus.publish('members.added', { conversationId, rev, members: added });
      }
      for (const { userId } of ending) bus.publish('member.removed', { conversationId, rev, userId });
      await publishRoles(conversationId, roles, rev);
      if (system.kind === 'title_changed')
        bus.publish('conversation.updated', { conversationId, rev, changes: { title } });
      if (system.kind === 'description_changed')
        bus.publish('conversation.updated', { conversationId, rev, changes: { description } });
      if (system.kind === 'photo_changed') {
        const changes = { photo: photo && links.picture(photo) };
        bus.publish('conversation.updated', { conversationId, rev, changes });
      }
    },
  };
}
