/** Recognizes the database errors that repositories handle. */

/** Whether a unique index has refused a write. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 11000;
}

/** Whether every refused row of an unordered insert was refused by a unique index. */
export function isOnlyDuplicates(error: unknown): boolean {
  if (!isDuplicateKey(error)) return false;
  const refused = error instanceof Error && 'writeErrors' in error ? [error.writeErrors].flat() : [];
  return refused.every((one) => (one as { code?: unknown }).code === 11000);
}

/** Runs an upsert, and retries it when a concurrent upsert of the same key fails it with a duplicate key. */
export async function retryOnDuplicateKey<Result>(upsert: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await upsert();
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }
}
