/** Handles the requests of sockets: each request with an acknowledgement gets exactly one reply, whatever it holds. */
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { Actor } from '../kernel/actor.js';
import type { Limits } from '../kernel/limits.js';
import type { Logger } from '../kernel/logger.js';
import { parse } from '../kernel/parse.js';
import type { Problem } from '../kernel/problem.js';
import { notFound, unavailable } from '../kernel/problem.js';
import { problemDocument } from '../kernel/problem-document.js';
import { type ClientEvent, clientEvents, type SocketReply } from '@causerie/contract/events';
import type { Locale } from '@causerie/contract/problem-codes';

/** The caller of a socket, and the language of its replies. */
export interface SocketCaller {
  actor: Actor;
  locale: Locale;
}

/** The handlers of all events, with their types erased. */
export type RequestTable = Readonly<Record<ClientEvent, (actor: Actor, input: never) => Promise<unknown>>>;

interface Deps {
  limits: Pick<Limits, 'spend'>;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  toProblem: (error: unknown) => Problem;
  observe: (event: string, outcome: string, seconds: number) => void;
}

export interface Requests {
  /** Handles one packet of a socket: the name of an event and its arguments. */
  answer(asker: SocketCaller, table: RequestTable, packet: readonly unknown[]): Promise<void>;
  /** Waits for requests in progress, and rejects new ones. */
  stop(): Promise<void>;
}

type Ack = (reply: SocketReply<unknown>) => void;

function isKnown(event: unknown): event is ClientEvent {
  return typeof event === 'string' && Object.hasOwn(clientEvents, event);
}

/** The acknowledgement of a request, called at most once; without one the reply is dropped. */
function ackOf(values: readonly unknown[]): Ack {
  const given = values.findLast((value): value is Ack => typeof value === 'function');
  let isAnswered = false;
  return (reply) => {
    if (isAnswered) return;
    isAnswered = true;
    given?.(reply);
  };
}

/** The steps before the handler never wait, so requests keep their order. */
export function createRequests({ limits, logger, toProblem, observe }: Deps): Requests {
  const underWay = new Set<Promise<void>>();
  let isStopping = false;

  async function handle(
    { actor }: SocketCaller,
    table: RequestTable,
    event: unknown,
    input: unknown,
  ): Promise<unknown> {
    if (isStopping) throw unavailable();
    const spec = isKnown(event) ? clientEvents[event] : null;
    limits.spend(spec?.limit ?? 'other', actor.userId);
    if (!spec || !isKnown(event)) throw notFound();
    const parsed: z.output<typeof spec.input> = parse(spec.input, input, 'input');
    return table[event](actor, parsed as never);
  }

  async function run(asker: SocketCaller, table: RequestTable, [event, ...values]: readonly unknown[]): Promise<void> {
    const began = performance.now();
    const ack = ackOf(values);
    const requestId = randomUUID();
    const line = {
      requestId,
      event: isKnown(event) ? event : 'unknown',
      userId: asker.actor.userId,
      sessionId: asker.actor.sessionId,
    };
    let code = 'ok';
    try {
      const input = values.find((value) => typeof value !== 'function');
      ack({ ok: true, data: await handle(asker, table, event, input) });
    } catch (error) {
      const problem = toProblem(error);
      code = problem.code;
      const fields = { ...line, code, err: problem.cause ?? error };
      if (code === 'internal') logger.error(fields, 'socket event failed with an internal error');
      else if (problem.status >= 500) logger.warn(fields, 'socket event could not be served');
      ack({ ok: false, error: problemDocument(problem, asker.locale, requestId) });
    }
    const durationMs = performance.now() - began;
    observe(line.event, code, durationMs / 1000);
    logger.info({ ...line, code, durationMs: Math.round(durationMs) }, 'event');
  }

  return {
    answer(asker, table, packet) {
      const running = run(asker, table, packet)
        .catch((error: unknown) => logger.error({ err: error }, 'sending an acknowledgement failed'))
        .finally(() => underWay.delete(running));
      underWay.add(running);
      return running;
    },
    async stop() {
      isStopping = true;
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
