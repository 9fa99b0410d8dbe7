import type { Relationship, Profile, Shows } from '../rules/people.js';

/** Who writes somewhere, and, in a direct conversation, whom he faces. */
export interface ContactPolicyInput {
  other: { profile: Profile; relationship: Relationship } | null;
  /** Which of his marks others are shown. */
  shows: Shows;
}

/** How people stand to each other, remembered while no other process can change it. */
export interface RelationshipCache {
  /** What is remembered, or what `read` gives. */
  of(userId: string, otherId: string | null, read: () => Promise<ContactPolicyInput>): Promise<ContactPolicyInput>;
  /** The same rows, whose writes have everything forgotten before they are answered. */
  invalidateOn<Rows extends object>(repository: Rows, writes: readonly (keyof Rows & string)[]): Rows;
}

/** The command line may change an account beside this process: it is obeyed within a second. */
const keptMs = 500;
const maxKept = 50_000;

type Write = (...given: unknown[]) => Promise<unknown>;

/** Gives the memory of one process; with `isShared` other processes write too, and nothing is remembered. */
export function createRelationshipCache({ isShared }: { isShared: boolean }): RelationshipCache {
  let known = new Map<string, { at: number; contactPolicyInput: Promise<ContactPolicyInput> }>();

  function forget(): void {
    known = new Map();
  }

  function invalidating(write: Write): Write {
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
      if (found && now - found.at < keptMs) return found.contactPolicyInput;
      if (known.size >= maxKept) forget();
      const contactPolicyInput = read();
      known.set(key, { at: now, contactPolicyInput });
      // What could not be read is asked again.
      contactPolicyInput.catch(() => known.delete(key));
      return contactPolicyInput;
    },
    invalidateOn(repository, writes) {
      const changed = writes.map((name) => [name, invalidating((repository[name] as Write).bind(repository))]);
      return { ...repository, ...(Object.fromEntries(changed) as object) };
    },
  };
}
