import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { clientEvents, serverEvents } from '@causerie/contract/events';
import { onCleanup } from './cleanup.js';
import { readProblem, type ProblemDocument } from './problem.js';
import { recordSecretsIn } from './secrets.js';
import { noteViolation } from './violations.js';

/** One event a socket has heard. */
export interface Heard {
  event: string;
  payload: any;
}

/** How a request over a socket was answered. */
export type Ack = { ok: true; data: any; error?: undefined } | { ok: false; error: ProblemDocument; data?: undefined };

interface Waiter {
  matches: (heard: Heard) => boolean;
  take: (heard: Heard) => void;
}

const log = new WeakMap<Socket, { unread: Heard[]; all: Heard[]; waiters: Set<Waiter> }>();

function logOf(socket: Socket): { unread: Heard[]; all: Heard[]; waiters: Set<Waiter> } {
  const found = log.get(socket);
  if (!found) throw new Error('this socket was not made by connectAs or openSocket');
  return found;
}

/** Every event must be named in the contract and fit its schema to the last key. */
function judge(event: string, payloads: unknown[]): void {
  const entry = (
    serverEvents as Record<string, { payload: { safeParse(value: unknown): { success: boolean; error?: unknown } } }>
  )[event];
  if (!entry) return noteViolation(`the event ${event} is not in the contract`);
  if (payloads.length !== 1) return noteViolation(`the event ${event} came with ${payloads.length} arguments`);
  const verdict = entry.payload.safeParse(payloads[0]);
  if (!verdict.success)
    noteViolation(
      `the event ${event} does not fit its schema: ${String(verdict.error)} in ${JSON.stringify(payloads[0])}`,
    );
}

/** A socket that is not connected yet and keeps all it hears; `token` null connects without one. */
export function openSocket(
  server: { url: string },
  token: string | null,
  options: Partial<ManagerOptions & SocketOptions> = {},
): Socket {
  const socket = io(server.url, {
    auth: token === null ? {} : { token },
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    autoConnect: false,
    ...options,
  });
  const book = { unread: [] as Heard[], all: [] as Heard[], waiters: new Set<Waiter>() };
  log.set(socket, book);
  socket.onAny((event: string, ...payloads: unknown[]) => {
    judge(event, payloads);
    const heard = { event, payload: payloads[0] };
    book.all.push(heard);
    const waiter = [...book.waiters].find((one) => one.matches(heard));
    if (waiter) waiter.take(heard);
    else book.unread.push(heard);
  });
  onCleanup(() => socket.disconnect());
  return socket;
}

/** Why a handshake was refused: the problem document in `data`. */
export async function refusal(socket: Socket): Promise<ProblemDocument> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => reject(new Error('connected, though a refusal was expected')));
    socket.once('connect_error', (error) => {
      try {
        resolve(readProblem((error as Error & { data?: unknown }).data));
      } catch {
        reject(error);
      }
    });
    socket.connect();
  });
}

/** Connects as a person on one device, and is in all rooms when it returns. */
export async function connectAs(
  server: { url: string },
  user: { tokens: { accessToken: string } },
  options: Partial<ManagerOptions & SocketOptions> = {},
): Promise<Socket> {
  const socket = openSocket(server, user.tokens.accessToken, options);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', (error) => {
      const { data } = error as Error & { data?: unknown };
      reject(new Error(`the handshake was refused: ${error.message} ${JSON.stringify(data)}`));
    });
    socket.connect();
  });
  return socket;
}

/**
 * The next event of a name that nobody has taken yet: one that came before the call counts, so asking after the deed
 * loses nothing. Each event is given to one caller.
 */
export function nextEvent<Payload = any>(
  socket: Socket,
  event: string,
  predicate: (payload: Payload) => boolean = () => true,
  timeoutMs = 10_000,
): Promise<Payload> {
  const book = logOf(socket);
  const matches = (heard: Heard): boolean => heard.event === event && predicate(heard.payload);
  const place = book.unread.findIndex(matches);
  if (place >= 0) return Promise.resolve(book.unread.splice(place, 1)[0]!.payload as Payload);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      book.waiters.delete(waiter);
      reject(
        new Error(`no ${event} within ${timeoutMs} ms; heard: ${JSON.stringify(book.all.map((one) => one.event))}`),
      );
    }, timeoutMs);
    const waiter: Waiter = {
      matches,
      take(heard) {
        clearTimeout(timer);
        book.waiters.delete(waiter);
        resolve(heard.payload as Payload);
      },
    };
    book.waiters.add(waiter);
  });
}

/** All that a socket has heard so far, taken or not, in order. */
export function heardBy(socket: Socket, event?: string): Heard[] {
  return logOf(socket).all.filter((heard) => event === undefined || heard.event === event);
}

/** Waits until the server or the client has closed the socket and gives Socket.IO's reason. */
export function untilClosed(socket: Socket, timeoutMs = 10_000): Promise<string> {
  if (!socket.connected) return Promise.resolve('closed before');
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`still open after ${timeoutMs} ms`)), timeoutMs);
    socket.once('disconnect', (reason) => {
      clearTimeout(timer);
      resolve(reason);
    });
  });
}

/** Asks by an event and gives the acknowledgement, parsed strictly: data by the contract, errors as problem documents. */
export async function ask(socket: Socket, event: string, input?: unknown, timeoutMs = 10_000): Promise<Ack> {
  recordSecretsIn(input);
  const reply = (await socket.timeout(timeoutMs).emitWithAck(event, input)) as {
    ok?: unknown;
    data?: unknown;
    error?: unknown;
  };
  if (reply.ok === false) return { ok: false, error: readProblem(reply.error) };
  if (reply.ok !== true) throw new Error(`the acknowledgement of ${event} is none: ${JSON.stringify(reply)}`);
  const entry = (clientEvents as Record<string, { output: { parse(value: unknown): unknown } }>)[event];
  if (!entry) throw new Error(`${event} was answered and is not in the contract`);
  entry.output.parse(reply.data);
  return { ok: true, data: reply.data };
}
