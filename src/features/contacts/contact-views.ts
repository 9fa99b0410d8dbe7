import type { RelationRow, RelationRepository } from '../../repositories/relations/relation-repository.js';
import type { Users } from '../users/users.service.js';
import type { Contact } from '@causerie/contract/contacts';

interface Deps {
  repository: Pick<RelationRepository, 'among'>;
  users: Pick<Users, 'people'>;
}

/** Contacts as their owner sees them. */
export interface ContactViews {
  /** Views of rows, in their order. */
  of(ownerId: string, rows: readonly RelationRow[]): Promise<Contact[]>;
  /** The relation of a user to another one, as it is now. */
  one(ownerId: string, userId: string): Promise<{ contact: Contact | null; isBlocked: boolean }>;
}

export function createContactViews({ repository, users }: Deps): ContactViews {
  async function viewsOf(ownerId: string, found: readonly RelationRow[]): Promise<Contact[]> {
    const people = await users.people.of(
      ownerId,
      found.map(({ userId }) => userId),
    );
    return found.flatMap(({ userId, alias, contactSince }) => {
      const user = people.get(userId)?.view;
      return user && contactSince ? [{ user, alias, createdAt: contactSince.toISOString() }] : [];
    });
  }

  return {
    of: viewsOf,
    async one(ownerId, userId) {
      const [row] = await repository.among([{ ownerId, userId }]);
      const [contact] = row?.contactSince ? await viewsOf(ownerId, [row]) : [];
      return { contact: contact ?? null, isBlocked: Boolean(row?.blockedSince) };
    },
  };
}
