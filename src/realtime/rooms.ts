/** The names of rooms. Clients never name one. */

/** All devices of a user. */
export const userRoom = (userId: string): string => `user:${userId}`;

/** All sockets of one session. */
export const sessionRoom = (sessionId: string): string => `session:${sessionId}`;

/** All connected members of a group. */
export const groupRoom = (conversationId: string): string => `group:${conversationId}`;
