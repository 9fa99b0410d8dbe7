// One build at a time in a checkout, whoever starts it; a builder that died is succeeded at once.
import { linkSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const beatMs = 1_000;
const silentMs = 15_000;
const keptTurns = 8;

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Whether the holder of a turn is gone: done, dead, or silent for so long that its number belongs to another process. */
function isOver(file) {
  try {
    const [pid, state] = readFileSync(file, 'utf8').split(' ');
    if (state === 'done' || Number(pid) === process.pid || !isAlive(Number(pid))) return true;
    return Date.now() - statSync(file).mtimeMs > silentMs;
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Turns are numbered files that only count upwards; a turn is taken by linking a file of the next number, which succeeds
 * for exactly one process, so nobody can take away a lock that was taken over a moment ago.
 */
function tryTurn(folder) {
  const turns = readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
  const last = turns.at(-1) ?? 0;
  if (last > 0 && !isOver(join(folder, String(last)))) return null;
  const file = join(folder, String(last + 1));
  const draft = join(folder, `draft-${process.pid}`);
  writeFileSync(draft, `${process.pid} building`);
  try {
    linkSync(draft, file);
  } catch (error) {
    if (error.code === 'EEXIST') return null;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  for (const turn of turns.slice(0, -keptTurns)) rmSync(join(folder, String(turn)), { force: true });
  return file;
}

/** Runs `work` while no other process of this checkout runs it. */
export async function withLock(folder, work) {
  mkdirSync(folder, { recursive: true });
  let file = tryTurn(folder);
  while (file === null) {
    await wait(50);
    file = tryTurn(folder);
  }
  const beat = setInterval(() => utimesSync(file, new Date(), new Date()), beatMs);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    writeFileSync(file, `${process.pid} done`);
  }
}
