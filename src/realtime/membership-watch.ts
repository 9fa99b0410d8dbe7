import { every } from '../kernel/every.js';
import { groupRoom } from './broadcast.js';
import type { ClientSocket, Sockets } from './sockets.js';

interface Deps {
  sockets: Pick<Sockets, 'sessions' | 'ofSession'>;
  /** The groups of these users. */
  groupsOf(userIds: readonly string[]): Promise<Map<string, Set<string>>>;
  onError: (error: unknown) => void;
}

const everyMs = 500;
const isGroupRoom = (room: string): boolean => room.startsWith(groupRoom(''));

/**
 * Compares at intervals the rooms of this process's sockets with the groups of their users: another process may have added
 * or removed somebody. Returns a function that stops it. A room is left only after two comparisons, since a socket that
 * joins during one of them is not in what it has read.
 */
export function watchMemberships({ sockets, groupsOf, onError }: Deps): () => void {
  let doubtful = new Set<string>();

  async function compare(socket: ClientSocket, groups: ReadonlySet<string>, next: Set<string>): Promise<void> {
    const rooms = new Set([...groups].map(groupRoom));
    for (const room of socket.rooms) {
      if (!isGroupRoom(room) || rooms.has(room)) continue;
      const key = `${socket.id} ${room}`;
      if (doubtful.has(key)) await socket.leave(room);
      else next.add(key);
    }
    for (const room of rooms) if (!socket.rooms.has(room)) await socket.join(room);
  }

  async function checkOnce(): Promise<void> {
    const connected = sockets.sessions();
    if (connected.size === 0) return;
    const groups = await groupsOf([...new Set(connected.values())]);
    const next = new Set<string>();
    for (const [sessionId, userId] of connected) {
      for (const socket of sockets.ofSession(sessionId)) {
        if (socket.connected) await compare(socket, groups.get(userId) ?? new Set(), next);
      }
    }
    doubtful = next;
  }

  return every(everyMs, checkOnce, onError);
}
