import type { Between, Owner, Shows } from './people.policy.js';

/** Who writes somewhere, and, in a direct conversation, whom he faces. */
export interface Facing {
  other: { owner: Owner; between: Between } | null;
  /** Which of his marks others are shown. */
  shows: Shows;
}

/** How people stand to each other, remembered while no other process can change it. */
export interface FacingMemory {
  /** What is remembered, or what `read` gives. */
  of(userId: string, otherId: string | null, read: () => Promise<Facing>): Promise<Facing>;
  /** The same rows, whose writes have everything forgotten before they are answered. */
  watch<Rows extends object>(rows: Rows, writes: readonly (keyof Rows & string)[]): Rows;
}

/** The command line may change an account beside this process: it is obeyed within a second. */
const keptMs = 500;
const mostKept = 50_000;

type Write = (...given: unknown[]) => Promise<unknown>;

/** Gives the memory of one process; with `isShared` other processes write too, and nothing is remembered. */
export function createFacingMemory({ isShared }: { isShared: boolean }): FacingMemory {
  let known = new Map<string, { at: number; facing: Promise<Facing> }>();

  function forget(): void {
    known = new Map();
  }

  function watched(write: Write): Write {
    return async (...given) => {
      try {
        return await write(...given);
      } finally {
        forget();
      }
    };
  }

  return {
    of(userId, otherId, read) {
      if (isShared) return read();
      const key = `${userId} ${otherId ?? ''}`;
      const found = known.get(key);
      const now = Date.now();
      if (found && now - found.at < keptMs) return found.facing;
      if (known.size >= mostKept) forget();
      const facing = read();
      known.set(key, { at: now, facing });
      // What could not be read is asked again.
      facing.catch(() => known.delete(key));
      return facing;
    },
    watch(rows, writes) {
      const changed = writes.map((name) => [name, watched((rows[name] as Write).bind(rows))]);
      return { ...rows, ...(Object.fromEntries(changed) as object) };
    },
  };
}
