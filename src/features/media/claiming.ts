/** Which upload is used where: claimed before it is shown, attached once it is. */
import { invalidInput, notFound, Problem } from '../../kernel/problem.js';
import { pictureOf, type PictureRow } from './attachment.model.js';
import { claims } from './claims.js';
import type { Purpose } from './media.schemas.js';
import type { UploadRow, UploadRows } from './uploads.model.js';

/** Who wants to use which uploads for what. */
export interface Wanted {
  ownerId: string;
  purpose: Purpose;
  ids: readonly string[];
  claim: string;
}

export interface Claiming {
  /**
   * Claims uploads, in their order; the same claim again is no conflict. `path` is the field of the input that names
   * them. Throws `not_found` for what is not the owner's, `invalid_input` for one of another purpose or named twice, and
   * `conflict` for what is used already.
   */
  claim(wanted: Wanted, path: string): Promise<UploadRow[]>;
  /** The same for one that is to be shown as a picture. */
  claimPicture(wanted: Omit<Wanted, 'ids'>, id: string, path: string): Promise<PictureRow | null>;
  /** What claims these is there; a person and a group show one at a time, and name it. */
  attach(claim: string, id?: string): Promise<void>;
  /** Before what uses one is changed: whatever happens then, it is found out whether it is used. */
  doubt(id: string): Promise<void>;
  unclaim(claim: string): Promise<void>;
  /** Takes away what was used under a claim: from now on it is not found, and its file goes. */
  drop(claim: string): Promise<void>;
  /** The same for one upload, where it is not needed any more. */
  dropOne(id: string): Promise<void>;
  /** The same for one that its owner does not want; throws `not_found` and `conflict`. */
  dropOwn(ownerId: string, id: string): Promise<void>;
  /** The same for all messages of a conversation. */
  dropConversation(conversationId: string): Promise<void>;
}

interface Deps {
  rows: UploadRows;
  /** Whether what claims an upload is there. */
  isUsed: (row: UploadRow) => Promise<boolean>;
  /** Has what goes removed soon. */
  wake: () => void;
}

/** A claim whose claimer has not come in this time never will: sending gives up earlier. */
const staleMs = 15_000;

const otherPurpose = {
  en: 'It was uploaded for another purpose.',
  fr: 'Ce fichier a été envoyé pour un autre usage.',
};
const twice = { en: 'Each upload can be used once.', fr: 'Chaque fichier ne peut servir qu’une fois.' };

async function ownOf({ rows }: Deps, ownerId: string, id: string): Promise<UploadRow> {
  const row = await rows.byId(id);
  if (!row || String(row.ownerId) !== ownerId) throw notFound();
  return row;
}

/** Throws `conflict` for what something uses, or is about to: a claim is given up when it is old and came to nothing. */
async function requireUnused({ isUsed }: Deps, row: UploadRow): Promise<void> {
  if (row.stage === 'free') return;
  const isOld = row.stage === 'claimed' && Date.now() - row.since.getTime() > staleMs;
  if (!isOld || (await isUsed(row))) throw new Problem('conflict');
}

/** Builds what takes uploads out of use. */
function createDropping(deps: Deps): Pick<Claiming, 'drop' | 'dropOne' | 'dropOwn' | 'dropConversation'> {
  const { rows, wake } = deps;
  return {
    async drop(claim) {
      await rows.discardClaim(claim);
      wake();
    },
    async dropOne(id) {
      for (;;) {
        const row = await rows.byId(id);
        if (!row || (await rows.discard(row))) return wake();
      }
    },
    async dropOwn(ownerId, id) {
      for (;;) {
        const row = await ownOf(deps, ownerId, id);
        await requireUnused(deps, row);
        if (await rows.discard(row)) return wake();
      }
    },
    async dropConversation(conversationId) {
      await rows.discardClaims(claims.messagesOf(conversationId));
      await rows.discardClaim(claims.photo(conversationId));
      wake();
    },
  };
}

/** Builds the claims of uploads. */
export function createClaiming(deps: Deps): Claiming {
  const { rows } = deps;

  async function claimOne(
    { ownerId, purpose, claim }: Omit<Wanted, 'ids'>,
    id: string,
    path: string,
  ): Promise<UploadRow> {
    for (;;) {
      const claimed = await rows.claim(id, ownerId, purpose, claim);
      if (claimed) return claimed;
      const row = await ownOf(deps, ownerId, id);
      if (row.purpose !== purpose) throw invalidInput(path, otherPurpose);
      await requireUnused(deps, row);
      if (row.stage !== 'free') await rows.free(row);
    }
  }

  return {
    async claim(wanted, path) {
      const { ids, claim } = wanted;
      const again = ids.findIndex((id, at) => ids.indexOf(id) !== at);
      if (again !== -1) throw invalidInput(`${path}.${again}`, twice);
      const claimed: UploadRow[] = [];
      try {
        for (const [at, id] of ids.entries()) claimed.push(await claimOne(wanted, id, `${path}.${at}`));
        return claimed;
      } catch (error) {
        if (claimed.some(({ stage }) => stage === 'claimed')) await rows.unclaim(claim);
        throw error;
      }
    },
    claimPicture: async (wanted, id, path) => pictureOf(await claimOne(wanted, id, path)),
    attach: rows.attach,
    doubt: rows.doubt,
    unclaim: rows.unclaim,
    ...createDropping(deps),
  };
}
