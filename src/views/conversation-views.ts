import { startOf } from '../rules/conversations.js';
import { roleOf } from '../rules/groups.js';
import type { Conversation } from '@causerie/contract/conversations';
import type { MemberRow } from '../repositories/members/member-repository.js';
import type { MessageRow, MessageRepository } from '../repositories/messages/message-repository.js';
import type { Links } from './links.js';
import type { People, Person } from './people.js';
import { type Counting, countsIn } from './counting.js';
import { type Membership, minReceiptsOf } from './membership.js';
import type { MessageViews } from './message-views.js';
import type { Visibility } from './visibility.js';
import { directPermissions, toPermissions } from '../rules/roles.js';
import { allowedBy } from './permissions.js';

interface Deps {
  messages: Pick<MessageRepository, 'atPlaces' | 'hasWritten'>;
  messageViews: MessageViews;
  visibility: Pick<Visibility, 'range'>;
  counting: Counting;
  people: Pick<People, 'of'>;
  links: Pick<Links, 'picture'>;
}

export interface ConversationViews {
  /** Conversations as a viewer sees them, with a fixed number of queries. */
  of(viewerId: string, memberships: readonly Membership[]): Promise<Conversation[]>;
}

export function settingsOf({ mutedUntil, archived, pinned, markedUnread }: MemberRow): Conversation['settings'] {
  return { mutedUntil: mutedUntil?.toISOString() ?? null, archived, pinned, markedUnread };
}

const keyOf = ({ conversation }: Membership): string => conversation._id;

export function createConversationViews(deps: Deps): ConversationViews {
  const { messages, messageViews, visibility, counting, people, links } = deps;

  /** The newest message that each viewer sees: one query for all, and one more for each whose last one may be hidden. */
  async function lastRowsOf(memberships: readonly Membership[]): Promise<MessageRow[]> {
    const filled = memberships.filter(({ conversation, member }) => conversation.seq > startOf(member));
    const hasHidden = ({ conversation, member }: Membership): boolean => member.lastHiddenSeq >= conversation.seq;
    const places = filled
      .filter((one) => !hasHidden(one))
      .map(({ conversation: { _id, seq } }) => ({ conversationId: _id, seq }));
    const withHidden = filled.filter(hasHidden).map(({ conversation, member }) => {
      const range = { above: 0, below: conversation.seq + 1, limit: 1, nearest: 'below' } as const;
      return visibility.range(member, range);
    });
    return (await Promise.all([messages.atPlaces(places), ...withHidden])).flat();
  }

  async function lastMessagesOf(memberships: readonly Membership[]): Promise<Map<string, Conversation['lastMessage']>> {
    const views = await messageViews.of(await lastRowsOf(memberships), memberships);
    return new Map(views.map((view) => [view.conversationId, view]));
  }

  async function permissionsFor(membership: Membership, peer: Person | null): Promise<Conversation['permissions']> {
    const role = roleFor(membership);
    if (role !== null) return toPermissions(role);
    if (!peer) return [];
    return directPermissions(await allowedBy(messages.hasWritten, membership, peer));
  }

  return {
    async of(viewerId, memberships) {
      const peerIds = memberships.map(({ conversation, other }) =>
        conversation.type === 'group' ? null : other ? other.userId : viewerId,
      );
      const [last, counts, met] = await Promise.all([
        lastMessagesOf(memberships),
        counting.of(viewerId, memberships),
        people.of(
          viewerId,
          peerIds.filter((id) => id !== null),
        ),
      ]);
      const views = memberships.map(async (one, place): Promise<Conversation> => {
        const peer = met.get(peerIds[place] ?? '') ?? null;
        return {
          ...headOf(one, links),
          ...countsIn(counts, one),
          permissions: await permissionsFor(one, peer),
          peer: peer?.view ?? null,
          lastMessage: last.get(keyOf(one)) ?? null,
          reached: minReceiptsOf(one),
        };
      });
      return Promise.all(views);
    },
  };
}

type Derived = 'permissions' | 'peer' | 'lastMessage' | 'unreadCount' | 'mentionCount' | 'reached';

/** The role of the viewer; null in a direct conversation. */
function roleFor({ conversation, member }: Membership): Conversation['role'] {
  return conversation.type === 'group' ? roleOf(conversation, member.userId) : null;
}

function headOf(membership: Membership, links: Deps['links']): Omit<Conversation, Derived> {
  const { conversation, member } = membership;
  return {
    id: conversation._id,
    type: conversation.type,
    title: conversation.title,
    description: conversation.description,
    photo: conversation.photo ? links.picture(conversation.photo) : null,
    memberCount: conversation.memberCount,
    role: roleFor(membership),
    createdAt: conversation.createdAt.toISOString(),
    lastActivityAt: conversation.lastActivityAt.toISOString(),
    seq: conversation.seq,
    rev: conversation.rev,
    readSeq: member.readSeq,
    deliveredSeq: member.deliveredSeq,
    settings: settingsOf(member),
  };
}
