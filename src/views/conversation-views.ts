import { startOf } from '../features/conversations/conversations.policy.js';
import { directPermissions, permissionsOf } from '../features/conversations/roles.schemas.js';
import { allowedBy } from '../features/conversations/rules.js';
import { roleOf } from '../features/conversations/group-change.model.js';
import type { Conversation } from '../features/conversations/conversations.schemas.js';
import type { MemberRow } from '../features/conversations/members.model.js';
import type { MessageRow, MessageRows } from '../features/messages/messages.model.js';
import type { Links } from '../features/media/links.js';
import type { People, Person } from '../features/users/people.js';
import { type Counting, countsIn } from './counting.js';
import { type Held, reachedOf } from './held.js';
import type { MessageViews } from './message-views.js';
import type { Visibility } from './visibility.js';

interface Deps {
  messages: Pick<MessageRows, 'atPlaces' | 'hasWritten'>;
  messageViews: MessageViews;
  visibility: Pick<Visibility, 'range'>;
  counting: Counting;
  people: Pick<People, 'of'>;
  links: Pick<Links, 'picture'>;
}

export interface ConversationViews {
  /** Conversations as one viewer sees them, by a fixed number of queries. */
  of(viewerId: string, held: readonly Held[]): Promise<Conversation[]>;
}

/** What a person has set for himself. */
export function settingsOf({ mutedUntil, archived, pinned, markedUnread }: MemberRow): Conversation['settings'] {
  return { mutedUntil: mutedUntil?.toISOString() ?? null, archived, pinned, markedUnread };
}

const keyOf = ({ conversation }: Held): string => String(conversation._id);

/** Builds what puts a conversation, its people and its last message together. */
export function createConversationViews(deps: Deps): ConversationViews {
  const { messages, messageViews, visibility, counting, people, links } = deps;

  /** The newest message that each viewer can see: one query for all, and one more where the last one may be hidden. */
  async function lastRowsOf(held: readonly Held[]): Promise<MessageRow[]> {
    const filled = held.filter(({ conversation, member }) => conversation.seq > startOf(member));
    const isVeiled = ({ conversation, member }: Held): boolean => member.lastHiddenSeq >= conversation.seq;
    const places = filled
      .filter((one) => !isVeiled(one))
      .map(({ conversation: { _id, seq } }) => ({ conversationId: _id, seq }));
    const veiled = filled.filter(isVeiled).map(({ conversation, member }) => {
      const range = { above: 0, below: conversation.seq + 1, limit: 1, nearest: 'below' } as const;
      return visibility.range(member, range);
    });
    return (await Promise.all([messages.atPlaces(places), ...veiled])).flat();
  }

  async function lastMessagesOf(held: readonly Held[]): Promise<Map<string, Conversation['lastMessage']>> {
    const views = await messageViews.of(await lastRowsOf(held), held);
    return new Map(views.map((view) => [view.conversationId, view]));
  }

  async function permissionsFor(held: Held, peer: Person | null): Promise<Conversation['permissions']> {
    const role = roleFor(held);
    if (role !== null) return permissionsOf(role);
    if (!peer) return [];
    return directPermissions(await allowedBy(messages.hasWritten, held, peer));
  }

  return {
    async of(viewerId, held) {
      const peerIds = held.map(({ conversation, other }) =>
        conversation.type === 'group' ? null : other ? String(other.userId) : viewerId,
      );
      const [last, counts, met] = await Promise.all([
        lastMessagesOf(held),
        counting.of(viewerId, held),
        people.of(
          viewerId,
          peerIds.filter((id) => id !== null),
        ),
      ]);
      const views = held.map(async (one, place): Promise<Conversation> => {
        const peer = met.get(peerIds[place] ?? '') ?? null;
        return {
          ...headOf(one, links),
          ...countsIn(counts, one),
          permissions: await permissionsFor(one, peer),
          peer: peer?.view ?? null,
          lastMessage: last.get(keyOf(one)) ?? null,
          reached: reachedOf(one),
        };
      });
      return Promise.all(views);
    },
  };
}

type Derived = 'permissions' | 'peer' | 'lastMessage' | 'unreadCount' | 'mentionCount' | 'reached';

/** The role of the viewer; null in a direct conversation. */
function roleFor({ conversation, member }: Held): Conversation['role'] {
  return conversation.type === 'group' ? roleOf(conversation, String(member.userId)) : null;
}

function headOf(held: Held, links: Deps['links']): Omit<Conversation, Derived> {
  const { conversation, member } = held;
  return {
    id: String(conversation._id),
    type: conversation.type,
    title: conversation.title,
    description: conversation.description,
    photo: conversation.photo ? links.picture(conversation.photo) : null,
    memberCount: conversation.memberCount,
    role: roleFor(held),
    createdAt: conversation.createdAt.toISOString(),
    lastActivityAt: conversation.lastActivityAt.toISOString(),
    seq: conversation.seq,
    rev: conversation.rev,
    readSeq: member.readSeq,
    deliveredSeq: member.deliveredSeq,
    settings: settingsOf(member),
  };
}
