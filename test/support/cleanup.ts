import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Cleaner = () => Promise<unknown> | unknown;
const cleaners: Cleaner[] = [];

/** Registers a cleanup that runs after the test file, last registered first, even if a test failed. */
export function onCleanup(cleaner: Cleaner): void {
  cleaners.push(cleaner);
}

/** Runs all cleanups; throws the first failure after the others have run. */
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

/** Creates a folder that is deleted after the test file. */
export function temporaryFolder(name = 'causerie'): string {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  onCleanup(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}
