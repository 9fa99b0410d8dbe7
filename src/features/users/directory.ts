import { foldText } from '../../kernel/fold.js';
import { emailKeyOf } from './accounts.service.js';
import { mayFind } from './people.policy.js';
import { ownerOf, type People } from './people.js';
import type { Relations } from './relations.js';
import type { UserRow, UserRows } from './users.model.js';
import type { PublicUser } from './users.schemas.js';

interface Deps {
  rows: Pick<UserRows, 'named' | 'byEmailKey'>;
  relations: Pick<Relations, 'between'>;
  people: Pick<People, 'viewOf'>;
}

const mostFound = 20;
const pageSize = 40;
/** Whoever is blocked by so many people of one name looks no further. */
const mostPages = 5;

/** Builds the looking up of people by the beginning of a name, or by an address whose owner allows it. */
export function createDirectory({ rows, relations, people }: Deps) {
  /** Those of these people whom the viewer may find. */
  async function findable(viewerId: string, found: readonly UserRow[]): Promise<PublicUser[]> {
    const betweens = await relations.between(
      viewerId,
      found.map(({ _id }) => String(_id)),
    );
    return found.flatMap((row) => {
      const between = betweens.get(String(row._id));
      return between && mayFind(between, ownerOf(row)) ? [people.viewOf(row, between)] : [];
    });
  }

  async function byAddress(viewerId: string, address: string): Promise<PublicUser[]> {
    const row = await rows.byEmailKey(emailKeyOf(address));
    return row?.privacy.findByEmail ? findable(viewerId, [row]) : [];
  }

  return async function find(viewerId: string, q: string): Promise<PublicUser[]> {
    const asked = q.trim();
    const beginning = foldText(asked);
    const items = asked.includes('@') ? await byAddress(viewerId, asked) : [];
    if (beginning === '') return items;
    for (let page = 0; page < mostPages && items.length < mostFound; page++) {
      const found = await rows.named(beginning, page * pageSize, pageSize);
      const there = new Set(items.map(({ id }) => id));
      items.push(...(await findable(viewerId, found)).filter(({ id }) => !there.has(id)));
      if (found.length < pageSize) break;
    }
    return items.slice(0, mostFound);
  };
}
