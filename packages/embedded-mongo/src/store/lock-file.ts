/** One process per folder: a lock file with the pid of its holder, taken over when that process is dead. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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

interface LockHolder {
  pid: number;
  /** When the process started, so that a reused pid is recognized; empty where the system does not tell. */
  startTime: string;
}

const maxAttempts = 10;

function lockFile(folder: string): string {
  return join(folder, 'store.lock');
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function startTimeOnLinux(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A process that has exited stays listed until its parent reaps it; it holds no lock anymore.
  return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : `${boot}/${fields[19] ?? ''}`;
}

function startTimeOf(pid: number): string {
  try {
    if (process.platform === 'linux') return startTimeOnLinux(pid);
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .replace(/\s+/g, '_');
  } catch {
    return '';
  }
}

function isAlive(holder: LockHolder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false;
  }
  const startTime = startTimeOf(holder.pid);
  return startTime === '' || holder.startTime === '' || startTime === holder.startTime;
}

function readHolder(file: string): LockHolder | null {
  try {
    const [pid, startTime = ''] = readFileSync(file, 'utf8').trim().split(' ');
    return Number(pid) > 0 ? { pid: Number(pid), startTime } : null;
  } catch {
    return null;
  }
}

/** Returns the pid in the lock of a folder, whether that process is alive or not. */
export function lockHolder(folder: string): number | null {
  return readHolder(lockFile(folder))?.pid ?? null;
}

/** Removes a lock held by this process, after the thread that acquired it has died. */
export function removeOwnLock(folder: string): void {
  if (lockHolder(folder) === process.pid) rmSync(lockFile(folder), { force: true });
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Removes a lock whose holder is dead; puts it back if a live process acquired it in the meantime. */
function removeStale(file: string, folder: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const holder = readHolder(aside);
  const isLive = holder !== null && isAlive(holder);
  if (isLive) tryLink(aside, file);
  rmSync(aside, { force: true });
  if (isLive) throw new StoreLockedError(folder, holder.pid);
}

function releaseLock(file: string, content: string): void {
  try {
    if (readFileSync(file, 'utf8') === content) rmSync(file, { force: true });
  } catch {
    return;
  }
}

/** Acquires the lock of a folder and returns the function that releases it. Throws StoreLockedError. */
export function acquireLock(folder: string): () => void {
  const file = lockFile(folder);
  const draft = `${file}.${randomUUID()}`;
  const content = `${process.pid} ${startTimeOf(process.pid)}\n`;
  writeFileSync(draft, content);
  try {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      if (tryLink(draft, file)) return () => releaseLock(file, content);
      const holder = readHolder(file);
      if (holder && isAlive(holder)) throw new StoreLockedError(folder, holder.pid);
      removeStale(file, folder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new StoreLockedError(folder, readHolder(file)?.pid ?? 0);
}
