import { every } from '../kernel/every.js';
import { groupRoom } from './rooms.js';
import type { ClientSocket, Sockets } from './sockets.js';

interface Deps {
  sockets: Pick<Sockets, 'sessions' | 'ofSession'>;
  /** The groups that these people are in. */
  groupsOf(userIds: readonly string[]): Promise<Map<string, Set<string>>>;
  onError: (error: unknown) => void;
}

const everyMs = 500;
const isGroupRoom = (room: string): boolean => room.startsWith(groupRoom(''));

/**
 * Looks again and again whether the sockets of this process are in the rooms of their people's groups: another process
 * may have added or removed somebody. Gives what stops it. A room is left only when two looks say so, since whoever
 * comes in while one is under way is not in what it has read.
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
