import { normalizeText } from '../../kernel/normalize-text.js';
import { emailKeyOf } from './accounts.service.js';
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
/** Whoever is blocked by so many people of one name looks no further. */
const maxPages = 5;

/** Builds the looking up of people by the beginning of a name, or by an address whose owner allows it. */
export function createDirectory({ repository, relations, people }: Deps) {
  /** Those of these people whom the viewer may find. */
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
