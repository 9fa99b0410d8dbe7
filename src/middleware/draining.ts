import type { RequestHandler } from 'express';
import { unavailable } from '../kernel/problem.js';

/** How long clients wait before they come back to a server that stops. */
export const comeBackMs = 2_000;

/** Knows which requests are under way, and lets in no new ones while the server stops. */
export interface Draining {
  middleware: RequestHandler;
  /** From now on everything new is answered 503. */
  begin(): void;
  isStopping(): boolean;
  /** Waits until no request is under way. */
  idle(): Promise<void>;
}

/** Counts requests; while it drains, those that come are told to come again after `retryAfterMs`. */
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
    async idle() {
      if (underWay > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}
