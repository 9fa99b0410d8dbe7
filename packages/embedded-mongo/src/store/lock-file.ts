/** One process per folder: a lock file with the pid of its holder, taken over when that process is gone. */
import { execFileSync } from 'node:child_process';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';

/** Another live process holds the folder. */
export class StoreLockedError extends Error {
  override readonly name = 'StoreLockedError';

  constructor(
    readonly path: string,
    readonly pid: number,
  ) {
    super(`${path} is in use by process ${pid}: only one process can open it`);
  }
}

const lockOf = (folder: string): string => join(folder, 'store.lock');

interface Holder {
  readonly pid: number;
  /** When the process began, where the system tells, so that a reused pid is recognised. */
  readonly since: string;
}

function ofLinux(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A process that has ended but that nobody has asked about is still listed; it holds nothing any more.
  return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : `${boot}/${fields[19] ?? ''}`;
}

function beganAt(pid: number): string {
  try {
    if (process.platform === 'linux') return ofLinux(pid);
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .replace(/\s+/g, '_');
  } catch {
    return '';
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  const began = beganAt(holder.pid);
  return began === '' || holder.since === '' || began === holder.since;
}

function readHolder(file: string): Holder | null {
  try {
    const [pid, since = ''] = readFileSync(file, 'utf8').trim().split(' ');
    return Number(pid) > 0 ? { pid: Number(pid), since } : null;
  } catch {
    return null;
  }
}

/** The process that the lock of a folder names, whether it lives or not. */
export function lockHolder(folder: string): number | null {
  return readHolder(lockOf(folder))?.pid ?? null;
}

/** Removes a lock that this process itself holds, when the thread that took it has died. */
export function dropOwnLock(folder: string): void {
  if (lockHolder(folder) === process.pid) rmSync(lockOf(folder), { force: true });
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a lock whose holder is gone; puts it back if a living process took it in the meantime. */
function removeStale(file: string, folder: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const holder = readHolder(aside);
  const wrong = holder !== null && isAlive(holder);
  if (wrong) tryLink(aside, file);
  rmSync(aside, { force: true });
  if (wrong) throw new StoreLockedError(folder, holder.pid);
}

/** Takes the lock of a folder and gives the function that releases it. Throws StoreLockedError. */
export function takeLock(folder: string): () => void {
  const file = lockOf(folder);
  const mine = `${file}.${randomUUID()}`;
  const content = `${process.pid} ${beganAt(process.pid)}\n`;
  writeFileSync(mine, content);
  try {
    for (let attempt = 0; attempt < 10; attempt++) {
      if (tryLink(mine, file)) return () => releaseLock(file, content);
      const holder = readHolder(file);
      if (holder && isAlive(holder)) throw new StoreLockedError(folder, holder.pid);
      removeStale(file, folder);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  throw new StoreLockedError(folder, readHolder(file)?.pid ?? 0);
}

function releaseLock(file: string, content: string): void {
  try {
    if (readFileSync(file, 'utf8') === content) rmSync(file, { force: true });
  } catch {
    return;
  }
}
