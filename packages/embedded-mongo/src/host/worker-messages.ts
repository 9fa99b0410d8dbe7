/** Messages between the worker thread and its parent. Errors keep their class on the way. */
import { StoreVersionError } from '../store/environment.js';
import { StoreLockedError } from '../store/lock-file.js';

export type SerializedError =
  | { kind: 'locked'; path: string; pid: number }
  | { kind: 'version'; path: string; found: number }
  | { kind: 'other'; message: string; stack: string | undefined };

export type ToWorker = { kind: 'stop' } | { kind: 'backup'; id: number; file: string };

export type FromWorker =
  | { kind: 'listening'; socketPath: string; port: number | null }
  | { kind: 'startFailed'; error: SerializedError }
  | { kind: 'backedUp'; id: number; error: SerializedError | null }
  | { kind: 'stopped' };

export function serializeError(error: unknown): SerializedError {
  if (error instanceof StoreLockedError) return { kind: 'locked', path: error.path, pid: error.pid };
  if (error instanceof StoreVersionError) return { kind: 'version', path: error.path, found: error.found };
  if (error instanceof Error) return { kind: 'other', message: error.message, stack: error.stack };
  return { kind: 'other', message: String(error), stack: undefined };
}

export function deserializeError(serialized: SerializedError): Error {
  if (serialized.kind === 'locked') return new StoreLockedError(serialized.path, serialized.pid);
  if (serialized.kind === 'version') return new StoreVersionError(serialized.path, serialized.found);
  const error = new Error(serialized.message);
  if (serialized.stack !== undefined) error.stack = serialized.stack;
  return error;
}
