/** The type of event tables: each event of the contract and the one call that handles it. */
import type { z } from 'zod';
import type { Actor } from './actor.js';
import type { ClientEvent, clientEvents } from '@causerie/contract/events';

/** Handles one kind of request; input and output are those of the contract. */
export type SocketHandler<Event extends ClientEvent> = (
  actor: Actor,
  input: z.output<(typeof clientEvents)[Event]['input']>,
) => Promise<z.input<(typeof clientEvents)[Event]['output']>>;

/** A handler for each of these events. */
export type SocketHandlers<Events extends ClientEvent = ClientEvent> = {
  [Event in Events]: SocketHandler<Event>;
};
