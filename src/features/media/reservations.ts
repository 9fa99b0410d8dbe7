/** Which upload is used where: claimed before it is shown, attached once it is. */
import { invalidInput, notFound, Problem } from '../../kernel/problem.js';
import { pictureOf, type PictureRow } from '../../repositories/uploads/attachment-row.js';
import { claims } from '../../rules/reservation-keys.js';
import type { Purpose } from '@causerie/contract/media';
import type { UploadRow, UploadRepository } from '../../repositories/uploads/upload-repository.js';

/** Who wants to use which uploads for what. */
export interface ReservationRequest {
  ownerId: string;
  purpose: Purpose;
  ids: readonly string[];
  reservation: string;
}

export interface Reservations {
  /**
   * Claims uploads, in their order; the same claim again is no conflict. `path` is the field of the input that names
   * them. Throws `not_found` for what is not the owner's, `invalid_input` for one of another purpose or named twice, and
   * `conflict` for what is used already.
   */
  reserve(request: ReservationRequest, path: string): Promise<UploadRow[]>;
  /** The same for one that is to be shown as a picture. */
  reservePicture(request: Omit<ReservationRequest, 'ids'>, id: string, path: string): Promise<PictureRow | null>;
  /** What claims these is there; a person and a group show one at a time, and name it. */
  attach(reservation: string, id?: string): Promise<void>;
  /** Before what uses one is changed: whatever happens then, it is found out whether it is used. */
  suspect(id: string): Promise<void>;
  cancelReservation(reservation: string): Promise<void>;
  /** Takes away what was used under a claim: from now on it is not found, and its file goes. */
  drop(reservation: string): Promise<void>;
  /** The same for one upload, where it is not needed any more. */
  dropOne(id: string): Promise<void>;
  /** The same for one that its owner does not want; throws `not_found` and `conflict`. */
  dropOwned(ownerId: string, id: string): Promise<void>;
  /** The same for all messages of a conversation. */
  dropConversation(conversationId: string): Promise<void>;
}

interface Deps {
  repository: UploadRepository;
  /** Whether what claims an upload is there. */
  isUsed: (row: UploadRow) => Promise<boolean>;
  /** Has what goes removed soon. */
  wake: () => void;
}

/** A claim whose claimer has not come in this time never will: sending gives up earlier. */
const staleMs = 15_000;

const otherPurpose = {
  en: 'This file was uploaded for another purpose.',
  fr: 'Ce fichier a été envoyé pour un autre usage.',
};
const twice = { en: 'Each upload can be used only once.', fr: 'Chaque fichier ne peut servir qu’une seule fois.' };

async function requireOwned({ repository }: Deps, ownerId: string, id: string): Promise<UploadRow> {
  const row = await repository.byId(id);
  if (!row || row.ownerId !== ownerId) throw notFound();
  return row;
}

/** Throws `conflict` for what something uses, or is about to: a claim is given up when it is old and came to nothing. */
async function requireUnused({ isUsed }: Deps, row: UploadRow): Promise<void> {
  if (row.stage === 'free') return;
  const isOld = row.stage === 'claimed' && Date.now() - row.since.getTime() > staleMs;
  if (!isOld || (await isUsed(row))) throw new Problem('conflict');
}

/** Builds what takes uploads out of use. */
function createDropping(deps: Deps): Pick<Reservations, 'drop' | 'dropOne' | 'dropOwned' | 'dropConversation'> {
  const { repository, wake } = deps;
  return {
    async drop(reservation) {
      await repository.discardReservation(reservation);
      wake();
    },
    async dropOne(id) {
      for (;;) {
        const row = await repository.byId(id);
        if (!row || (await repository.discard(row))) return wake();
      }
    },
    async dropOwned(ownerId, id) {
      for (;;) {
        const row = await requireOwned(deps, ownerId, id);
        await requireUnused(deps, row);
        if (await repository.discard(row)) return wake();
      }
    },
    async dropConversation(conversationId) {
      await repository.discardReservations(claims.messagesOf(conversationId));
      await repository.discardReservation(claims.photo(conversationId));
      wake();
    },
  };
}

/** Builds the claims of uploads. */
export function createReservations(deps: Deps): Reservations {
  const { repository } = deps;

  async function reserveOne(
    { ownerId, purpose, reservation }: Omit<ReservationRequest, 'ids'>,
    id: string,
    path: string,
  ): Promise<UploadRow> {
    for (;;) {
      const reserved = await repository.reserve(id, ownerId, purpose, reservation);
      if (reserved) return reserved;
      const row = await requireOwned(deps, ownerId, id);
      if (row.purpose !== purpose) throw invalidInput(path, otherPurpose);
      await requireUnused(deps, row);
      if (row.stage !== 'free') await repository.release(row);
    }
  }

  return {
    async reserve(request, path) {
      const { ids, reservation } = request;
      const again = ids.findIndex((id, at) => ids.indexOf(id) !== at);
      if (again !== -1) throw invalidInput(`${path}.${again}`, twice);
      const reserved: UploadRow[] = [];
      try {
        for (const [at, id] of ids.entries()) reserved.push(await reserveOne(request, id, `${path}.${at}`));
        return reserved;
      } catch (error) {
        if (reserved.some(({ stage }) => stage === 'claimed')) await repository.cancelReservation(reservation);
        throw error;
      }
    },
    reservePicture: async (request, id, path) => pictureOf(await reserveOne(request, id, path)),
    attach: repository.attach,
    suspect: repository.suspect,
    cancelReservation: repository.cancelReservation,
    ...createDropping(deps),
  };
}
