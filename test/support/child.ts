import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, root } from './build.js';
import { onCleanup, temporaryFolder } from './cleanup.js';
import { expectNoSecrets, recordSecretsIn } from './secrets.js';

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A child process and all its output so far. */
export interface Child {
  pid: number;
  readonly stdout: string;
  readonly stderr: string;
  exited: Promise<Exit>;
  /** Waits for a line on stdout and returns the match; if the process ends first, throws with all of its output. */
  said(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** Sends a signal and waits for the process to exit. */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
  process: ChildProcess;
}

export interface ChildServer extends Child {
  url: string;
  port: number;
  dataDir: string;
  env: Record<string, string>;
  /** Stops it with SIGTERM, expects exit code 0, and checks the data it leaves behind. */
  stop(): Promise<void>;
}

/** The command line of a process whose files may not grow beyond this many blocks of 1,024 bytes. */
function limited(fileBlocks: number, args: string[]): [string, string[]] {
  return ['bash', ['-c', `trap '' XFSZ; ulimit -S -f ${fileBlocks}; exec "$@"`, 'bash', process.execPath, ...args]];
}

/** Runs a file in Node with only the given environment variables. */
export function spawnNode(
  args: string[],
  env: Record<string, string>,
  { cwd = root, fileBlocks = null }: { cwd?: string; fileBlocks?: number | null } = {},
): Child {
  const [program, given] = fileBlocks === null ? [process.execPath, args] : limited(fileBlocks, args);
  const child = spawn(program, given, {
    cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      TMPDIR: process.env['TMPDIR'] ?? '',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  const notify = (): void => {
    for (const listener of [...listeners]) listener();
  };
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    notify();
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  let exit: Exit | null = null;
  const exited = new Promise<Exit>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      exit = { code, signal };
      resolve(exit);
      notify();
    });
  });
  onCleanup(async () => {
    if (exit === null) child.kill('SIGKILL');
    await exited;
  });

  function said(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void =>
        reject(new Error(`${why} before saying ${String(pattern)}:\n${stdout}${stderr}`));
      const timer = setTimeout(() => finish(() => fail('timed out')), timeoutMs);
      function finish(done: () => void): void {
        clearTimeout(timer);
        listeners.delete(check);
        done();
      }
      function check(): void {
        const match = pattern.exec(stdout);
        if (match) finish(() => resolve(match));
        else if (exit !== null) finish(() => fail(`ended with ${JSON.stringify(exit)}`));
      }
      listeners.add(check);
      check();
    });
  }

  return {
    pid: child.pid ?? -1,
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    exited,
    said,
    kill(signal = 'SIGKILL') {
      if (exit === null) child.kill(signal);
      return exited;
    },
    process: child,
  };
}

/** Runs a command-line tool of the built server until it exits. */
export async function runTool(
  file: string,
  args: string[],
  env: Record<string, string>,
): Promise<Exit & { stdout: string; stderr: string }> {
  await ensureBuilt();
  const tool = spawnNode([join(root, 'dist', 'cli', file), ...args], env);
  const exit = await tool.exited;
  return { ...exit, stdout: tool.stdout, stderr: tool.stderr };
}

/** Runs the built server in its own process, with its own data folder and a free port unless the environment says otherwise. */
export async function spawnServer(
  overrides: Record<string, string> = {},
  limits: { fileBlocks?: number } = {},
): Promise<ChildServer> {
  await ensureBuilt();
  const dataDir = overrides['DATA_DIR'] ?? temporaryFolder('causerie-data');
  const env = {
    NODE_ENV: 'test',
    PORT: '0',
    HOST: '127.0.0.1',
    RATE_LIMIT_FACTOR: '100',
    DATA_DIR: dataDir,
    ...overrides,
  };
  recordSecretsIn(env);
  const child = spawnNode([join(root, 'dist', 'server.js')], env, limits);
  const [, url = '', port = ''] = await child.said(/^listening on (http:\/\/\S+:(\d+))$/m);

  async function stop(): Promise<void> {
    const exit = await child.kill('SIGTERM');
    if (exit.code !== 0)
      throw new Error(`the server ended with ${JSON.stringify(exit)}:\n${child.stdout}${child.stderr}`);
    expectNoSecrets(child.stdout + child.stderr, `the log of ${url}`);
    const check = await runTool('doctor.js', ['--check-data'], env);
    if (check.code !== 0) throw new Error(`the data check failed:\n${check.stdout}${check.stderr}`);
  }

  return {
    pid: child.pid,
    get stdout() {
      return child.stdout;
    },
    get stderr() {
      return child.stderr;
    },
    exited: child.exited,
    said: child.said,
    kill: child.kill,
    process: child.process,
    url,
    port: Number(port),
    dataDir,
    env,
    stop,
  };
}
