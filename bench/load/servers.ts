/** The servers under load: the built server and its floors, each on one core of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..', '..');
const require = createRequire(import.meta.url);

/** A server that runs, with the data folder that goes with it. */
export interface RunningServer {
  pid: number;
  port: number;
  /** The commands that the server has sent to its database so far, by `command collection`; null for a floor. */
  commands(): Promise<Record<string, number> | null>;
  stop(): Promise<void>;
}

/** Counts the commands of the driver inside the server, and writes the counts to a file on SIGUSR2. */
const probe = (file: string): string => `
  import { writeFileSync, renameSync } from 'node:fs';
  import { createRequire } from 'node:module';
  const require = createRequire(${JSON.stringify(require.resolve('mongoose'))});
  const { Connection } = require('mongodb/lib/cmap/connection.js');
  const counts = {};
  const { command } = Connection.prototype;
  Connection.prototype.command = function (ns, cmd, ...rest) {
    const name = Object.keys(cmd)[0];
    const key = name + ' ' + (typeof cmd[name] === 'string' ? cmd[name] : '');
    counts[key] = (counts[key] ?? 0) + 1;
    return command.call(this, ns, cmd, ...rest);
  };
  process.on('SIGUSR2', () => {
    writeFileSync(${JSON.stringify(file)} + '.part', JSON.stringify(counts));
    renameSync(${JSON.stringify(file)} + '.part', ${JSON.stringify(file)});
  });
`;

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('the server did not start')));
    child.stdout?.on('data', (chunk) => {
      const port = /listening on http:\/\/[^:]+:(\d+)/.exec(String(chunk))?.[1];
      if (port) resolve(Number(port));
    });
  });
}

/** Starts a file of Node on the first core. */
async function start(
  args: string[],
  env: Record<string, string>,
  folder: string,
  isCounted: boolean,
): Promise<RunningServer> {
  const child = spawn('taskset', ['-c', '0', process.execPath, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await portOf(child);
  const pid = Number(child.pid);
  const counts = join(folder, 'commands.json');
  return {
    pid,
    port,
    async commands() {
      if (!isCounted) return null;
      rmSync(counts, { force: true });
      process.kill(pid, 'SIGUSR2');
      for (let tries = 0; tries < 200; tries++) {
        await new Promise((done) => setTimeout(done, 10));
        try {
          return JSON.parse(readFileSync(counts, 'utf8')) as Record<string, number>;
        } catch {
          // Not written yet.
        }
      }
      throw new Error('the server did not write its counts');
    },
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await new Promise((exited) => child.once('exit', exited));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The built server with its defaults, except that nothing is limited. */
export function startCauserie(env: Record<string, string> = {}): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'causerie-bench-'));
  const preload = `data:text/javascript,${encodeURIComponent(probe(join(folder, 'commands.json')))}`;
  const settings = { PORT: '0', DATA_DIR: join(folder, 'data'), RATE_LIMIT_FACTOR: '0', ...env };
  return start(['--import', preload, join(root, 'dist', 'server.js')], settings, folder, true);
}

/** A floor: a file of `bench/load/floors`. */
export function startFloor(name: string): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'causerie-floor-'));
  const file = join(import.meta.dirname, 'floors', `${name}.ts`);
  return start(['--import', 'tsx', file], { FLOOR_DATA: folder }, folder, false);
}
