import { Types } from 'mongoose';

/** The id of a document. */
export type Id = Types.ObjectId;

/** A new id, or the id of 24 hex characters. */
export function toId(text?: string): Id {
  return new Types.ObjectId(text);
}

/** Creates ids whose times never go back. */
export interface Ids {
  next(): Types.ObjectId;
  /** No id created from now on carries an earlier time. */
  raiseTo(time: Date): void;
}

/** The lowest id of a moment (ids carry whole seconds). */
export function firstIdAt(time: Date): Types.ObjectId {
  return Types.ObjectId.createFromTime(Math.max(0, Math.floor(time.getTime() / 1000)));
}

/** Creates the ids of one process: if the clock is set back, the ids do not follow. */
export function createIds(now: () => number = Date.now): Ids {
  let latest = 0;
  return {
    next() {
      latest = Math.max(latest, Math.floor(now() / 1000));
      const id = new Types.ObjectId().id;
      const bytes = Uint8Array.from(id);
      new DataView(bytes.buffer).setUint32(0, latest);
      return new Types.ObjectId(bytes);
    },
    raiseTo(time) {
      latest = Math.max(latest, Math.floor(time.getTime() / 1000));
    },
  };
}
