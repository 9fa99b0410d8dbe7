/** What carries an upload, and when a reservation has come to nothing. */

/** The carrier that has reserved an upload. */
export type Reservation =
  | { by: 'message'; conversationId: string; userId: string; clientId: string }
  | { by: 'avatar'; userId: string }
  | { by: 'photo'; conversationId: string };

/** The keys of reservations, by which the rows of uploads are found. */
export const reservationKeys = {
  message: (conversationId: string, userId: string, clientId: string): string =>
    `message ${conversationId} ${userId} ${clientId}`,
  avatar: (userId: string): string => `avatar ${userId}`,
  photo: (conversationId: string): string => `photo ${conversationId}`,
  /** The beginning of the keys of all messages of a conversation. */
  messagesOf: (conversationId: string): string => `message ${conversationId} `,
};

/** Parses a key of `reservationKeys`; null if an upload has none. */
export function parseReservation(key: string | undefined): Reservation | null {
  if (key === undefined) return null;
  const [by, first = '', second = '', ...rest] = key.split(' ');
  if (by === 'avatar') return { by, userId: first };
  if (by === 'photo') return { by, conversationId: first };
  return { by: 'message', conversationId: first, userId: second, clientId: rest.join(' ') };
}

/** A carrier that is not stored by then never will be: sending gives up earlier. */
const staleMs = 15_000;

interface Usage {
  stage: 'writing' | 'free' | 'claimed' | 'attached' | 'going';
  since: Date;
}

/** Whether a reservation is so old that its carrier is stored or never will be. */
export function isStale({ stage, since }: Usage, now: Date): boolean {
  return stage === 'claimed' && now.getTime() - since.getTime() > staleMs;
}

/** Whether a carrier shows an upload. */
export function carries(shown: { _id: string } | null | undefined, uploadId: string): boolean {
  return shown?._id === uploadId;
}
