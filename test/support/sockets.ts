import type { z } from 'zod';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { onCleanup } from './cleanup.js';
import type { Target } from './client.js';
import { readProblem, type ProblemDocument } from './problem.js';
import { recordSecretsIn } from './secrets.js';
import { noteViolation } from './violations.js';
import {
  clientEvents,
  serverEvents,
  type ClientEvent,
  type EventOutput,
  type EventPayload,
  type Message,
  type ServerEvent,
} from './wire.js';

/** An event that a socket has received. */
export type Heard<Event extends ServerEvent = ServerEvent> = {
  [Name in Event]: { event: Name; payload: EventPayload<Name> };
}[Event];

/** How a request over a socket was answered. */
export type Ack<Data = unknown> =
  { ok: true; data: Data; error?: undefined } | { ok: false; error: ProblemDocument; data?: undefined };

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
  const entry: { payload: z.ZodType } | undefined = Object.hasOwn(serverEvents, event)
    ? serverEvents[event as ServerEvent]
    : undefined;
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
  server: Target,
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
    const heard = { event, payload: payloads[0] } as Heard;
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
  server: Target,
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
export function nextEvent<Event extends ServerEvent>(
  socket: Socket,
  event: Event,
  predicate: (payload: EventPayload<Event>) => boolean = () => true,
  timeoutMs = 10_000,
): Promise<EventPayload<Event>> {
  const book = logOf(socket);
  const matches = (heard: Heard): boolean => heard.event === event && predicate(heard.payload as EventPayload<Event>);
  const place = book.unread.findIndex(matches);
  if (place >= 0) return Promise.resolve(book.unread.splice(place, 1)[0]!.payload as EventPayload<Event>);
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
        resolve(heard.payload as EventPayload<Event>);
      },
    };
    book.waiters.add(waiter);
  });
}

/** Waits for the event that brings a message. */
export async function nextMessage(socket: Socket, messageId: string): Promise<Message> {
  return (await nextEvent(socket, 'message:created', ({ message }) => message.id === messageId)).message;
}

/** All that a socket has heard so far, taken or not, in order. */
export function heardBy(socket: Socket): Heard[];
export function heardBy<Event extends ServerEvent>(socket: Socket, event: Event): Heard<Event>[];
export function heardBy(socket: Socket, event?: ServerEvent): Heard[] {
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
export async function ask<Event extends ClientEvent>(
  socket: Socket,
  event: Event,
  input?: unknown,
  timeoutMs?: number,
): Promise<Ack<EventOutput<Event>>>;
export async function ask(socket: Socket, event: string, input?: unknown, timeoutMs?: number): Promise<Ack>;
export async function ask(socket: Socket, event: string, input?: unknown, timeoutMs = 10_000): Promise<Ack> {
  recordSecretsIn(input);
  const reply = (await socket.timeout(timeoutMs).emitWithAck(event, input)) as {
    ok?: unknown;
    data?: unknown;
    error?: unknown;
  };
  if (reply.ok === false) return { ok: false, error: readProblem(reply.error) };
  if (reply.ok !== true) throw new Error(`the acknowledgement of ${event} is none: ${JSON.stringify(reply)}`);
  if (!Object.hasOwn(clientEvents, event)) throw new Error(`${event} was answered and is not in the contract`);
  clientEvents[event as ClientEvent].output.parse(reply.data);
  return { ok: true, data: reply.data };
}
