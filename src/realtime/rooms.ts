/** The names of rooms, in one place. No client ever names one. */

/** All devices of a person. */
export const userRoom = (userId: string): string => `user:${userId}`;

/** All sockets of one session. */
export const sessionRoom = (sessionId: string): string => `session:${sessionId}`;

/** All members of a group who are connected. */
export const groupRoom = (conversationId: string): string => `group:${conversationId}`;
