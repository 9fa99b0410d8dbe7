import { notContactable } from '../../kernel/problem.js';
import type { Held } from '../../views/held.js';
import { mayChange, mayWrite, type Shows } from '../users/people.policy.js';
import type { Person } from '../users/people.js';
import type { Users } from '../users/users.service.js';
import type { ConversationRow } from './conversations.model.js';

/** What a member may do here as far as the other one decides, and which of his marks others are shown. */
export interface Rules {
  mayWrite: boolean;
  mayChange: boolean;
  shows: Shows;
}

interface Deps {
  users: { people: Pick<Users['people'], 'facing'> };
  /** Whether somebody has ever written in a conversation. */
  hasWritten(conversationId: ConversationRow['_id'], userId: string): Promise<boolean>;
}

type HasWritten = Deps['hasWritten'];

/** What another person allows in a direct conversation; his own message there opens it, whatever his privacy says. */
export async function allowedBy(
  hasWritten: HasWritten,
  { conversation, other }: Held,
  { owner, between }: Omit<Person, 'view'>,
): Promise<Omit<Rules, 'shows'>> {
  const isOpen = mayWrite(between, owner, false);
  const mayOpen = !isOpen && other !== null && mayWrite(between, owner, true);
  return {
    mayWrite: isOpen || (mayOpen && (await hasWritten(conversation._id, String(other.userId)))),
    mayChange: mayChange(between),
  };
}

/** The rules that another person makes in a conversation. */
export interface Contactability {
  /** In a group nobody decides for others. */
  rulesOf(held: Held): Promise<Rules>;
  /** Throws `not_contactable` where the two may not change messages, react or type. */
  requireChange(held: Held): Promise<void>;
}

/** Builds the question what one person allows another. */
export function createContactability({ users, hasWritten }: Deps): Contactability {
  async function rulesOf(held: Held): Promise<Rules> {
    const otherId = held.other ? String(held.other.userId) : null;
    const { other, shows } = await users.people.facing(String(held.member.userId), otherId);
    const allowed = other ? await allowedBy(hasWritten, held, other) : { mayWrite: true, mayChange: true };
    return { ...allowed, shows };
  }

  return {
    rulesOf,
    async requireChange(held) {
      if (held.other && !(await rulesOf(held)).mayChange) throw notContactable();
    },
  };
}
