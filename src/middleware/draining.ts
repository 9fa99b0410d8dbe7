import type { RequestHandler } from 'express';
import { unavailable } from '../kernel/problem.js';

/** How long clients should wait before they return to a server that is stopping. */
export const reconnectAfterMs = 2_000;

/** Tracks requests in progress, and rejects new ones while the server stops. */
export interface Draining {
  middleware: RequestHandler;
  /** From now on every new request is answered 503. */
  begin(): void;
  isStopping(): boolean;
  /** Throws `unavailable` while the server stops, and what `ping` throws: then it cannot answer requests. */
  requireReady(ping: () => Promise<void>): Promise<void>;
  /** Waits until no request is in progress. */
  idle(): Promise<void>;
}

/** While it drains, new requests are rejected with `retryAfterMs`. */
export function createDraining(retryAfterMs: number): Draining {
  let underWay = 0;
  let isStopping = false;
  let waiting: (() => void)[] = [];

  function leave(): void {
    underWay -= 1;
    if (underWay > 0) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  }

  return {
    middleware(_req, res, next) {
      if (isStopping) {
        res.set('Connection', 'close');
        throw unavailable(undefined, retryAfterMs);
      }
      underWay += 1;
      res.once('close', leave);
      next();
    },
    begin() {
      isStopping = true;
    },
    isStopping: () => isStopping,
    async requireReady(ping) {
      if (isStopping) throw unavailable();
      await ping();
    },
    async idle() {
      if (underWay > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}
