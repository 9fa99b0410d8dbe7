/** Reservations of uploads: an upload is reserved before its carrier is stored, and attached once it is. */
import { invalidInput, notFound, Problem } from '../../kernel/problem.js';
import { pictureOf, type PictureRow } from '../../repositories/uploads/attachment-row.js';
import { isStale, reservationKeys } from '../../rules/uploads.js';
import type { Purpose } from '@causerie/contract/media';
import type { UploadRow, UploadRepository } from '../../repositories/uploads/upload-repository.js';

/** The uploads that a user wants to use, and for what. */
export interface ReservationRequest {
  ownerId: string;
  purpose: Purpose;
  ids: readonly string[];
  reservation: string;
}

export interface Reservations {
  /**
   * Reserves uploads, in their order; the same reservation again is no conflict. `path` is the field of the input that
   * names them. Throws `not_found` if one is not the owner's, `invalid_input` if one has another purpose or is named
   * twice, and `conflict` if one is used already.
   */
  reserve(request: ReservationRequest, path: string): Promise<UploadRow[]>;
  /** Reserves one upload as a picture. */
  reservePicture(request: Omit<ReservationRequest, 'ids'>, id: string, path: string): Promise<PictureRow | null>;
  /** Attaches the uploads under a reservation: their carrier is stored. A user and a group have one picture at a time, and name it. */
  attach(reservation: string, id?: string): Promise<void>;
  /** Called before a carrier changes: whatever happens then, whether something carries the upload is checked later. */
  suspect(id: string): Promise<void>;
  cancelReservation(reservation: string): Promise<void>;
  /** Deletes the uploads under a reservation: from now on they are not found, and their files are deleted. */
  drop(reservation: string): Promise<void>;
  /** Deletes one upload that is no longer carried. */
  dropOne(id: string): Promise<void>;
  /** Deletes an upload on behalf of its owner; throws `not_found` and `conflict`. */
  dropOwned(ownerId: string, id: string): Promise<void>;
  /** Deletes the uploads of a conversation: those of its messages, and its photo. */
  dropConversation(conversationId: string): Promise<void>;
}

interface Deps {
  repository: UploadRepository;
  isCarried: (row: UploadRow) => Promise<boolean>;
  /** Starts garbage collection soon. */
  wake: () => void;
}

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

/** Throws `conflict` if something carries an upload, or may be about to. */
async function requireUnused({ isCarried }: Deps, row: UploadRow): Promise<void> {
  if (row.stage === 'free') return;
  if (!isStale(row, new Date()) || (await isCarried(row))) throw new Problem('conflict');
}

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
      await repository.discardReservations(reservationKeys.messagesOf(conversationId));
      await repository.discardReservation(reservationKeys.photo(conversationId));
      wake();
    },
  };
}

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
