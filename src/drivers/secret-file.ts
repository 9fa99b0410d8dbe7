import { randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const keyBytes = 48;

function readSecret(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * The secret of a server without SECRET_KEY: created once in `secret.key` of its data folder, readable by its
 * owner alone. If several processes start at once, one creates it atomically and the others read it.
 */
export function secretOf(dataDir: string): string {
  const file = join(dataDir, 'secret.key');
  const kept = readSecret(file);
  if (kept !== null && kept !== '') return kept;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const draft = join(dataDir, `.secret-${randomUUID()}`);
  try {
    writeFileSync(draft, `${randomBytes(keyBytes).toString('base64')}\n`, { mode: 0o600, flush: true });
    if (kept === '') rmSync(file);
    linkSync(draft, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const made = readSecret(file);
  if (made === null || made === '') throw new Error(`The secret of this server could not be kept in ${file}`);
  return made;
}
