import type { Privacy } from './users.schemas.js';

/** Whether `viewerId` may know when this person is, or was, connected. Nobody hides from oneself. */
export function maySeePresence(viewerId: string, owner: { id: string; lastSeen: Privacy['lastSeen'] }): boolean {
  return viewerId === owner.id || owner.lastSeen === 'everyone';
}
