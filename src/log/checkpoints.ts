import { newId } from '../repositories/ids.js';
import type { CheckpointRepository } from '../repositories/checkpoints/checkpoint-repository.js';

interface Deps {
  repository: Pick<CheckpointRepository, 'write'>;
  /** The times of the oldest rows that this process has created and not projected yet. */
  unprojected: () => (Date | null)[];
  /** Whether an outcome is unknown that only a replay from the present checkpoint finds. */
  isUncertain: () => boolean;
}

/** The checkpoint of this process: everything older than its time is projected. */
export interface Checkpoint {
  readonly id: string;
  /** The stored time. */
  time(): Date;
  /** Starts from the newest checkpoint in the store: times never go back. */
  raiseTo(time: Date): void;
  write(): Promise<void>;
}

export function createCheckpoint({ repository, unprojected, isUncertain }: Deps): Checkpoint {
  const id = newId();
  let written = new Date(0);
  let beat = 0;
  return {
    id,
    time: () => written,
    raiseTo(time) {
      written = time;
    },
    async write() {
      if (isUncertain()) return;
      const times = [new Date(), ...unprojected()].flatMap((time) => time?.getTime() ?? []);
      const time = new Date(Math.max(written.getTime(), Math.min(...times)));
      await repository.write({ _id: id, time, beat: ++beat, stillSince: null });
      written = time;
    },
  };
}
