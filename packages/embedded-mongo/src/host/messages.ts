/** What the worker thread and its parent say to one another. Errors keep their class on the way. */
import { StoreVersionError } from '../store/environment.js';
import { StoreLockedError } from '../store/lock-file.js';

/** An error as a message. */
export type Fault =
  | { readonly kind: 'locked'; readonly path: string; readonly pid: number }
  | { readonly kind: 'version'; readonly path: string; readonly found: number }
  | { readonly kind: 'other'; readonly message: string; readonly stack: string | undefined };

export type ToWorker =
  { readonly kind: 'stop' } | { readonly kind: 'backup'; readonly id: number; readonly file: string };

export type FromWorker =
  | { readonly kind: 'listening'; readonly socketPath: string; readonly port: number | null }
  | { readonly kind: 'refused'; readonly fault: Fault }
  | { readonly kind: 'backedUp'; readonly id: number; readonly fault: Fault | null }
  | { readonly kind: 'stopped' };

/** An error as a message. */
export function describeFault(error: unknown): Fault {
  if (error instanceof StoreLockedError) return { kind: 'locked', path: error.path, pid: error.pid };
  if (error instanceof StoreVersionError) return { kind: 'version', path: error.path, found: error.found };
  if (error instanceof Error) return { kind: 'other', message: error.message, stack: error.stack };
  return { kind: 'other', message: String(error), stack: undefined };
}

/** The error that a message tells of. */
export function errorOf(fault: Fault): Error {
  if (fault.kind === 'locked') return new StoreLockedError(fault.path, fault.pid);
  if (fault.kind === 'version') return new StoreVersionError(fault.path, fault.found);
  const error = new Error(fault.message);
  if (fault.stack !== undefined) error.stack = fault.stack;
  return error;
}
