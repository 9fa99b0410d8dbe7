import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Cleaner = () => Promise<unknown> | unknown;
const cleaners: Cleaner[] = [];

/** Runs when the test file is through, the last one first; for what a failed test leaves behind. */
export function onCleanup(cleaner: Cleaner): void {
  cleaners.push(cleaner);
}

/** Runs and forgets all cleaners; the first failure is thrown after the others have run. */
export async function cleanUp(): Promise<void> {
  const failures: unknown[] = [];
  for (const cleaner of cleaners.splice(0).reverse()) {
    try {
      await cleaner();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** A folder of one's own that goes with the test file. */
export function temporaryFolder(name = 'causerie'): string {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  onCleanup(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}
