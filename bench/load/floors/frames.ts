/** What the floors have in common: a server that fills the frames of the contract and relays them. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { Server } from 'socket.io';

interface SendInput {
  conversationId: string;
  clientId: string;
  text: string;
}

/** A message as the contract shows it, with every field. */
export type MessageFrame = ReturnType<typeof messageOf>;

function messageOf({ conversationId, clientId, text }: SendInput, senderId: string, seq: number) {
  return {
    id: randomBytes(12).toString('hex'),
    conversationId,
    seq,
    rev: 0,
    senderId,
    clientId,
    type: 'text',
    text,
    attachments: [],
    replyTo: null,
    mentions: [],
    system: null,
    reactions: [],
    state: 'sent',
    createdAt: new Date().toISOString(),
    editedAt: null,
    deletedAt: null,
  };
}

/** The two users of a direct conversation, whose ids its id is made of; null for a group, which is a room. */
function peersOf(conversationId: string): string[] | null {
  return conversationId.startsWith('group') ? null : conversationId.split('-');
}

/** Serves sockets on a free port, whose token is the id of their user; `commit` resolves when a message may be acknowledged. */
export function serveFrames(commit: (row: MessageFrame) => Promise<void>): void {
  const http = createServer();
  const io = new Server(http);
  const seqs = new Map<string, number>();

  io.on('connection', (socket) => {
    const userId = String(socket.handshake.auth['token']);
    void socket.join(`user:${userId}`);
    socket.on('join:conversation', (conversationId: string, done: () => void) => {
      void socket.join(conversationId);
      done();
    });
    socket.on('message:send', async (input: SendInput, ack: (reply: object) => void) => {
      const seq = (seqs.get(input.conversationId) ?? 0) + 1;
      seqs.set(input.conversationId, seq);
      const message = messageOf(input, userId, seq);
      await commit(message);
      ack({ ok: true, data: message });
      const event = { message: { ...message, state: null } };
      const peers = peersOf(input.conversationId);
      const rooms = peers?.map((peer) => `user:${peer}`) ?? input.conversationId;
      socket.to(rooms).emit('message:created', event);
    });
  });

  http.listen(0, '127.0.0.1', () => {
    const address = http.address();
    console.log(`listening on http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`);
  });
  process.on('SIGTERM', () => process.exit(0));
}
