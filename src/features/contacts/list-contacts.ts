import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import { normalizeText } from '../../kernel/normalize-text.js';
import { page } from '../../kernel/page.js';
import type { RelationRow, RelationRepository } from '../../repositories/relations/relation-repository.js';
import type { Users } from '../users/users.service.js';
import type { ContactViews } from './contact-views.js';
import type { ContactList, ListContacts } from '@causerie/contract/contacts';

interface Deps {
  repository: Pick<RelationRepository, 'contactsOf'>;
  users: Pick<Users, 'refs'>;
  cursors: Cursors;
}

/** Where a page of contacts ends: milliseconds since the epoch, and the id of a user. */
type Place = [since: number, userId: string];

/** The place of a contact in the list, which is in the order in which they were added. */
export const placeOf = ({ contactSince, userId }: RelationRow): Place => [contactSince?.getTime() ?? 0, userId];

const isAfter = (a: Place, b: Place): boolean => a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);

/** Lists contacts; a filter matches the alias, name or username. */
export function createListContacts({ repository, users, cursors }: Deps, views: ContactViews) {
  async function matching(ownerId: string, q: string | undefined): Promise<RelationRow[]> {
    const all = await repository.contactsOf(ownerId);
    if (q === undefined) return all;
    const wanted = normalizeText(q.trim());
    const refs = await users.refs(all.map(({ userId }) => userId));
    return all.filter(({ userId, alias }) => {
      const user = refs.get(userId);
      return [alias, user?.displayName, user?.username].some((one) => one && normalizeText(one).includes(wanted));
    });
  }

  return async function list({ userId }: Actor, { q, limit, cursor }: ListContacts): Promise<ContactList> {
    const name = `contacts ${q ?? ''}`;
    const after = cursors.place<Place>(name, userId, cursor, ['number', 'string']);
    const left = (await matching(userId, q)).filter((row) => after === null || isAfter(placeOf(row), after));
    const { rows, next } = page(left, limit, placeOf);
    return { items: await views.of(userId, rows), nextCursor: next && cursors.encode(name, userId, next) };
  };
}
