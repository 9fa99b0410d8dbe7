import { normalizeText } from '../../kernel/normalize-text.js';
import { emailKeyOf } from './accounts.js';
import { canFind } from '../../rules/people.js';
import { profileOf, type People } from '../../views/people.js';
import type { Relations } from '../../views/relations.js';
import type { UserRow, UserRepository } from '../../repositories/users/user-repository.js';
import type { PublicUser } from '@causerie/contract/users';

interface Deps {
  repository: Pick<UserRepository, 'named' | 'byEmailKey'>;
  relations: Pick<Relations, 'relationship'>;
  people: Pick<People, 'viewOf'>;
}

const maxFound = 20;
const pageSize = 40;
/** After this many pages, a viewer who is blocked by many users of one name gets what was found. */
const maxPages = 5;

/** Finds users by the beginning of a name, or by an email address if its owner allows that. */
export function createFindUsers({ repository, relations, people }: Deps) {
  /** Those of these users that the viewer may find. */
  async function findable(viewerId: string, found: readonly UserRow[]): Promise<PublicUser[]> {
    const relationships = await relations.relationship(
      viewerId,
      found.map(({ _id }) => _id),
    );
    return found.flatMap((row) => {
      const relationship = relationships.get(row._id);
      return relationship && canFind({ relationship, profile: profileOf(row) })
        ? [people.viewOf(row, relationship)]
        : [];
    });
  }

  async function byAddress(viewerId: string, address: string): Promise<PublicUser[]> {
    const row = await repository.byEmailKey(emailKeyOf(address));
    return row?.privacy.findByEmail ? findable(viewerId, [row]) : [];
  }

  return async function find(viewerId: string, q: string): Promise<PublicUser[]> {
    const asked = q.trim();
    const beginning = normalizeText(asked);
    const items = asked.includes('@') ? await byAddress(viewerId, asked) : [];
    if (beginning === '') return items;
    for (let page = 0; page < maxPages && items.length < maxFound; page++) {
      const found = await repository.named(beginning, page * pageSize, pageSize);
      const there = new Set(items.map(({ id }) => id));
      items.push(...(await findable(viewerId, found)).filter(({ id }) => !there.has(id)));
      if (found.length < pageSize) break;
    }
    return items.slice(0, maxFound);
  };
}
