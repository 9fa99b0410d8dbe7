/** What benchmarks over the built server have in common. */
import { spawn, type ChildProcess } from 'node:child_process';

/** Runs a file of Node and waits for a line on its stdout; gives the process and the first group of the pattern. */
export async function started(
  args: string[],
  env: Record<string, string>,
  ready: RegExp,
): Promise<[ChildProcess, string]> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const chunk of child.stdout) {
    const [, found] = ready.exec(String(chunk)) ?? [];
    if (found !== undefined) return [child, found];
  }
  throw new Error(`${args.join(' ')} did not start`);
}

/** Has a process end in order, and waits for it. */
export async function ended(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null) await new Promise((exited) => child.once('exit', exited));
}

/** Asks a server; throws what it says where it refuses. */
export async function post(url: string, path: string, body: unknown, token?: string): Promise<any> {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** The one in the middle. */
export const median = (times: number[]): number => times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;
