import { Types } from 'mongoose';

/** The id of a document. */
export type Id = Types.ObjectId;

/** A new id, or the id that a text of 24 hex characters spells. */
export function toId(text?: string): Id {
  return new Types.ObjectId(text);
}

/** Makes ids whose times never go back. */
export interface Ids {
  next(): Types.ObjectId;
  /** No id that is made from now on carries an earlier time. */
  raiseTo(time: Date): void;
}

/** The first id that a moment could have (ids carry whole seconds). */
export function firstIdAt(time: Date): Types.ObjectId {
  return Types.ObjectId.createFromTime(Math.max(0, Math.floor(time.getTime() / 1000)));
}

/** Gives the ids of one process: the clock may be set back, the ids do not follow. */
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
