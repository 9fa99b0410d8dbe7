/** CPU time of a process and its children, by thread, from /proc: it needs no privilege and costs the process nothing. */
import { readdirSync, readFileSync } from 'node:fs';

/** Nanoseconds of CPU used so far, by thread id. */
export type ThreadTimes = ReadonlyMap<string, number>;

/** Nanoseconds of CPU by part of a server. */
export interface CpuTime {
  main: number;
  /** The busiest thread but the main one: the embedded store, if it runs in the process. */
  store: number;
  /** All others: the thread pool of libuv, V8's own threads, and child processes. */
  pool: number;
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
};

const list = (path: string): string[] => {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
};

function processesUnder(pid: number): number[] {
  const children = list(`/proc/${pid}/task`)
    .flatMap((tid) => read(`/proc/${pid}/task/${tid}/children`).split(' '))
    .filter(Boolean)
    .map(Number);
  return [pid, ...children.flatMap(processesUnder)];
}

/** The CPU time that the threads of a process and of its descendants have used so far. */
export function threadTimesOf(pid: number): ThreadTimes {
  const times = new Map<string, number>();
  for (const one of processesUnder(pid)) {
    for (const tid of list(`/proc/${one}/task`))
      times.set(tid, Number(read(`/proc/${one}/task/${tid}/schedstat`).split(' ')[0]));
  }
  return times;
}

/** What was used between two readings. */
export function cpuBetween(pid: number, before: ThreadTimes, after: ThreadTimes): CpuTime {
  const used = [...after].map(([tid, ns]) => [tid, ns - (before.get(tid) ?? 0)] as const);
  const others = used.filter(([tid]) => tid !== String(pid)).map(([, ns]) => ns);
  const store = Math.max(0, ...others);
  const main = used.find(([tid]) => tid === String(pid))?.[1] ?? 0;
  return { main, store, pool: others.reduce((sum, ns) => sum + ns, 0) - store };
}

export const totalOf = ({ main, store, pool }: CpuTime): number => main + store + pool;

/** Anonymous resident memory of a process and its descendants, in bytes. */
export function memoryOf(pid: number): number {
  return processesUnder(pid)
    .map((one) => Number(/RssAnon:\s+(\d+) kB/.exec(read(`/proc/${one}/status`))?.[1] ?? 0) * 1024)
    .reduce((sum, bytes) => sum + bytes, 0);
}
