/** What an upload is used for, as one string that its row is found by. */

/** A claim, read. */
export type Reservation =
  | { by: 'message'; conversationId: string; userId: string; clientId: string }
  | { by: 'avatar'; userId: string }
  | { by: 'photo'; conversationId: string };

export const claims = {
  message: (conversationId: string, userId: string, clientId: string): string =>
    `message ${conversationId} ${userId} ${clientId}`,
  avatar: (userId: string): string => `avatar ${userId}`,
  photo: (conversationId: string): string => `photo ${conversationId}`,
  /** How the claims of all messages of a conversation begin. */
  messagesOf: (conversationId: string): string => `message ${conversationId} `,
};

/** Reads a claim that was made above. */
export function parseReservation(reservation: string): Reservation {
  const [by, first = '', second = '', ...rest] = reservation.split(' ');
  if (by === 'avatar') return { by, userId: first };
  if (by === 'photo') return { by, conversationId: first };
  return { by: 'message', conversationId: first, userId: second, clientId: rest.join(' ') };
}
