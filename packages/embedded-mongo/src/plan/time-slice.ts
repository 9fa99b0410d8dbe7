/** Pauses of long commands, so that other commands run in between. */
import { CommandError } from '../errors.js';

/** Yielded between rows when other commands should run. */
export const pause = Symbol('pause');
export type Pausable<T> = Generator<T | typeof pause, void>;

/** Decides when a long command pauses, and when its time is up. */
export interface TimeSlice {
  /** Returns true when it is time to pause. Throws 50 when the command's time is up. */
  isOver: () => boolean;
  /** Starts the next slice after a pause. Throws 50 when the command's time is up. */
  resume: () => void;
  /** Starts again without a deadline, for the next batch of a cursor. */
  restart: () => void;
}

const sliceMs = 8;
/** Reading the clock for every row would be slower than reading the row. */
const rowsPerCheck = 32;

/** Starts a time slice with a deadline in milliseconds from now; 0 for none. */
export function startTimeSlice(maxTimeMS: number): TimeSlice {
  let deadline = maxTimeMS > 0 ? performance.now() + maxTimeMS : Infinity;
  let startedAt = performance.now();
  let rows = 0;
  return {
    isOver: () => {
      if (++rows % rowsPerCheck) return false;
      const now = performance.now();
      if (now > deadline) throw new CommandError(50, 'operation exceeded time limit');
      return now - startedAt > sliceMs;
    },
    resume: () => {
      startedAt = performance.now();
      if (startedAt > deadline) throw new CommandError(50, 'operation exceeded time limit');
    },
    restart: () => {
      startedAt = performance.now();
      deadline = Infinity;
    },
  };
}
