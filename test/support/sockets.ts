import type { z } from 'zod';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { onCleanup } from './cleanup.js';
import type { Target } from './client.js';
import { readProblem, type ProblemDocument } from './problem.js';
import { recordSecretsIn } from './secrets.js';
import { recordViolation } from './violations.js';
import {
  clientEvents,
  serverEvents,
  type ClientEvent,
  type EventOutput,
  type EventPayload,
  type Message,
  type ServerEvent,
} from './wire.js';

/** An event that a socket received. */
export type ReceivedEvent<Event extends ServerEvent = ServerEvent> = {
  [Name in Event]: { event: Name; payload: EventPayload<Name> };
}[Event];

/** The acknowledgement of a request over a socket. */
export type Ack<Data = unknown> =
  { ok: true; data: Data; error?: undefined } | { ok: false; error: ProblemDocument; data?: undefined };

/** How long a wait may take on a busy machine. A time that is promised is asserted by itself. */
const patienceMs = 60_000;

interface Waiter {
  matches: (received: ReceivedEvent) => boolean;
  take: (received: ReceivedEvent) => void;
}

const log = new WeakMap<Socket, { unread: ReceivedEvent[]; all: ReceivedEvent[]; waiters: Set<Waiter> }>();

function logOf(socket: Socket): { unread: ReceivedEvent[]; all: ReceivedEvent[]; waiters: Set<Waiter> } {
  const found = log.get(socket);
  if (!found) throw new Error('this socket was not made by connectAs or openSocket');
  return found;
}

/** Records a violation unless the event is in the contract and matches its schema exactly. */
function check(event: string, payloads: unknown[]): void {
  const entry: { payload: z.ZodType } | undefined = Object.hasOwn(serverEvents, event)
    ? serverEvents[event as ServerEvent]
    : undefined;
  if (!entry) return recordViolation(`the event ${event} is not in the contract`);
  if (payloads.length !== 1) return recordViolation(`the event ${event} came with ${payloads.length} arguments`);
  const verdict = entry.payload.safeParse(payloads[0]);
  if (!verdict.success)
    recordViolation(
      `the event ${event} does not fit its schema: ${String(verdict.error)} in ${JSON.stringify(payloads[0])}`,
    );
}

/** Creates a socket that is not connected yet and records every event; a null `token` connects without one. */
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
  const book = { unread: [] as ReceivedEvent[], all: [] as ReceivedEvent[], waiters: new Set<Waiter>() };
  log.set(socket, book);
  socket.onAny((event: string, ...payloads: unknown[]) => {
    check(event, payloads);
    const received = { event, payload: payloads[0] } as ReceivedEvent;
    book.all.push(received);
    const waiter = [...book.waiters].find((one) => one.matches(received));
    if (waiter) waiter.take(received);
    else book.unread.push(received);
  });
  onCleanup(() => socket.disconnect());
  return socket;
}

/** Connects and expects a refusal; returns its problem document. */
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

/** Connects as a device; the socket is in all its rooms when this resolves. */
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
 * Waits for the next event of a name that no earlier call has taken. Events received before the call count, so calling
 * this after the action loses nothing.
 */
export function nextEvent<Event extends ServerEvent>(
  socket: Socket,
  event: Event,
  predicate: (payload: EventPayload<Event>) => boolean = () => true,
  timeoutMs = patienceMs,
): Promise<EventPayload<Event>> {
  const book = logOf(socket);
  const matches = (received: ReceivedEvent): boolean =>
    received.event === event && predicate(received.payload as EventPayload<Event>);
  const place = book.unread.findIndex(matches);
  if (place >= 0) return Promise.resolve(book.unread.splice(place, 1)[0]!.payload as EventPayload<Event>);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      book.waiters.delete(waiter);
      reject(
        new Error(`no ${event} within ${timeoutMs} ms; received: ${JSON.stringify(book.all.map((one) => one.event))}`),
      );
    }, timeoutMs);
    const waiter: Waiter = {
      matches,
      take(received) {
        clearTimeout(timer);
        book.waiters.delete(waiter);
        resolve(received.payload as EventPayload<Event>);
      },
    };
    book.waiters.add(waiter);
  });
}

/** Waits for the event that brings a message. */
export async function nextMessage(socket: Socket, messageId: string): Promise<Message> {
  return (await nextEvent(socket, 'message:created', ({ message }) => message.id === messageId)).message;
}

/** All events that a socket has received so far, in order, taken or not. */
export function eventsOf(socket: Socket): ReceivedEvent[];
export function eventsOf<Event extends ServerEvent>(socket: Socket, event: Event): ReceivedEvent<Event>[];
export function eventsOf(socket: Socket, event?: ServerEvent): ReceivedEvent[] {
  return logOf(socket).all.filter((received) => event === undefined || received.event === event);
}

/** Waits until the socket is closed and returns Socket.IO's reason. */
export function untilClosed(socket: Socket, timeoutMs = patienceMs): Promise<string> {
  if (!socket.connected) return Promise.resolve('closed before');
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`still open after ${timeoutMs} ms`)), timeoutMs);
    socket.once('disconnect', (reason) => {
      clearTimeout(timer);
      resolve(reason);
    });
  });
}

/** Sends a request over a socket and returns the acknowledgement, checked strictly against the contract. */
export async function ask<Event extends ClientEvent>(
  socket: Socket,
  event: Event,
  input?: unknown,
  timeoutMs?: number,
): Promise<Ack<EventOutput<Event>>>;
export async function ask(socket: Socket, event: string, input?: unknown, timeoutMs?: number): Promise<Ack>;
export async function ask(socket: Socket, event: string, input?: unknown, timeoutMs = patienceMs): Promise<Ack> {
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
