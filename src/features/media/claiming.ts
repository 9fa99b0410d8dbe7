/** Which upload is used where: claimed before it is shown, attached once it is. */
import { invalidInput, notFound, Problem } from '../../kernel/problem.js';
import { claims } from './claims.js';
import type { Purpose } from './media.schemas.js';
import type { UploadRow, UploadRows } from './uploads.model.js';

/** Who wants to use which uploads for what. */
export interface Wanted {
  ownerId: string;
  purpose: Purpose;
  ids: readonly string[];
  claim: string;
  /** The field of the input that names them. */
  path: string;
}

export interface Claiming {
  /**
   * Claims uploads, in their order; the same claim again is no conflict. Throws `not_found` for what is not the owner's,
   * `invalid_input` for one of another purpose or named twice, and `conflict` for what is used already.
   */
  claim(wanted: Wanted): Promise<UploadRow[]>;
  attach(claim: string): Promise<void>;
  unclaim(claim: string): Promise<void>;
  /** Takes away what was used under a claim: from now on it is not found, and its file goes. */
  drop(claim: string): Promise<void>;
  /** The same for one upload, where it is not needed any more. */
  dropOne(id: string): Promise<void>;
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

/** Whether a claim can be given up: it is old, and what claimed it is not there. */
export async function isStale(row: UploadRow, isUsed: Deps['isUsed']): Promise<boolean> {
  return row.stage === 'claimed' && Date.now() - row.since.getTime() > staleMs && !(await isUsed(row));
}

/** Builds the claims of uploads. */
export function createClaiming({ rows, isUsed, wake }: Deps): Claiming {
  async function claimOne(wanted: Wanted, id: string, path: string): Promise<UploadRow> {
    const { ownerId, purpose, claim } = wanted;
    for (;;) {
      const claimed = await rows.claim(id, ownerId, purpose, claim);
      if (claimed) return claimed;
      const row = await rows.byId(id);
      if (!row || String(row.ownerId) !== ownerId) throw notFound();
      if (row.purpose !== purpose) throw invalidInput(path, otherPurpose);
      if (row.stage === 'free') continue;
      if (!(await isStale(row, isUsed))) throw new Problem('conflict');
      await rows.free(row);
    }
  }

  return {
    async claim(wanted) {
      const { ids, claim, path } = wanted;
      const again = ids.findIndex((id, at) => ids.indexOf(id) !== at);
      if (again !== -1) throw invalidInput(`${path}.${again}`, twice);
      const claimed: UploadRow[] = [];
      try {
        for (const [at, id] of ids.entries())
          claimed.push(
            await claimOne(wanted, id, ids.length > 1 || path.endsWith('attachments') ? `${path}.${at}` : path),
          );
        return claimed;
      } catch (error) {
        if (claimed.some(({ stage }) => stage === 'claimed')) await rows.unclaim(claim);
        throw error;
      }
    },
    attach: rows.attach,
    unclaim: rows.unclaim,
    async drop(claim) {
      await rows.discardClaim(claim);
      wake();
    },
    async dropOne(id) {
      const row = await rows.byId(id);
      if (row) await rows.discard(row);
      wake();
    },
    async dropConversation(conversationId) {
      await rows.discardClaims(claims.messagesOf(conversationId));
      await rows.discardClaim(claims.photo(conversationId));
      wake();
    },
  };
}
