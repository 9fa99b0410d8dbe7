/** Every Socket.IO event in both directions. Event names are defined in these two maps and nowhere else. */
import type { z } from 'zod';
import { clientEvents } from './client-events.js';
import type { ProblemDocument } from './problem.js';
import { serverEvents } from './server-events.js';

export { clientEvents, serverEvents };

export type ClientEvent = keyof typeof clientEvents;
export type ServerEvent = keyof typeof serverEvents;

/** The acknowledgement of every client event. */
export type SocketReply<Data> = { ok: true; data: Data } | { ok: false; error: ProblemDocument };

export type ClientToServerEvents = {
  [Event in ClientEvent]: (
    input: z.input<(typeof clientEvents)[Event]['input']>,
    ack: (reply: SocketReply<z.output<(typeof clientEvents)[Event]['output']>>) => void,
  ) => void;
};

export type ServerToClientEvents = {
  [Event in ServerEvent]: (payload: z.output<(typeof serverEvents)[Event]['payload']>) => void;
};
