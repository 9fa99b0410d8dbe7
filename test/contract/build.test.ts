import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { root } from '../support/build.js';
import { onCleanup, temporaryFolder } from '../support/cleanup.js';

/** Creates a small checkout: the real scripts and compiler settings around three files. */
function checkout(): string {
  const folder = temporaryFolder('checkout');
  for (const name of [
    'scripts',
    'package.json',
    'tsconfig.json',
    'tsconfig.base.json',
    'packages/contract/package.json',
    'packages/contract/tsconfig.json',
    'packages/embedded-mongo/package.json',
    'packages/embedded-mongo/tsconfig.json',
  ]) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const place of ['src', 'packages/contract/src', 'packages/embedded-mongo/src'])
    mkdirSync(join(folder, place), { recursive: true });
  writeFileSync(join(folder, 'packages/contract/src/limits.ts'), 'export const limit = 1;\n');
  writeFileSync(join(folder, 'packages/embedded-mongo/src/index.ts'), 'export const store = 1;\n');
  writeFileSync(join(folder, 'src/part.ts'), 'export const part: string = "first";\n');
  writeFileSync(
    join(folder, 'src/server.ts'),
    `import { part } from './part.js';
process.on('SIGTERM', () => process.exit(7));
setInterval(() => {}, 1000);
console.log(part, process.argv.slice(1).map((word) => word.split('/').at(-1)).join(' '));\n`,
  );
  return folder;
}

interface Run {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number | null>;
  said: (text: string) => Promise<void>;
}

function start(folder: string, ...args: string[]): Run {
  const child = spawn(process.execPath, args, { cwd: folder });
  let output = '';
  const listeners = new Set<() => void>();
  const hear = (chunk: Buffer): void => {
    output += chunk.toString();
    for (const listener of listeners) listener();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  onCleanup(() => child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const said = async (text: string): Promise<void> => {
    const received = new Promise<void>((resolve) => {
      const check = (): void => (output.includes(text) ? resolve() : undefined);
      listeners.add(check);
      check();
    });
    await Promise.race([
      received,
      ended.then(() => Promise.reject(new Error(`ended without saying ${text}:\n${output}`))),
    ]);
  };
  return { child, ended, said, output: () => output };
}

const build = (folder: string): Promise<number | null> => start(folder, 'scripts/build.mjs').ended;
const stamp = (folder: string): string => readFileSync(join(folder, 'dist', '.built'), 'utf8');

describe('the build', () => {
  it('runs once for several concurrent starts on a fresh checkout, and each starts the server', async () => {
    const folder = checkout();
    const servers = [1, 2, 3].map(() => start(folder, 'scripts/start.mjs', 'word'));
    await Promise.all(servers.map((server) => server.said('first server.js word')));
    for (const server of servers) server.child.kill('SIGTERM');
    expect(await Promise.all(servers.map((server) => server.ended))).toEqual([7, 7, 7]);
    expect(readdirSync(join(folder, 'dist', '.turns')).filter((name) => /^\d+$/.test(name)).length).toBeLessThanOrEqual(
      3,
    );
  });

  it('recovers from being killed at any moment, and never uses a partial output', async () => {
    const folder = checkout();
    for (const afterMs of [150, 600, 1200]) {
      rmSync(join(folder, 'dist'), { recursive: true, force: true });
      const cutOff = start(folder, 'scripts/build.mjs');
      await wait(afterMs);
      cutOff.child.kill('SIGKILL');
      await cutOff.ended;
      expect(await build(folder)).toBe(0);
      expect(existsSync(join(folder, 'dist', 'server.js'))).toBe(true);
    }
    // The state after a compiler died between two files: no stamp, a partial output, and build info that says all is well.
    writeFileSync(join(folder, 'dist', '.building'), '');
    writeFileSync(join(folder, 'dist', 'part.js'), 'export const pa');
    expect(await build(folder)).toBe(0);
    expect(readFileSync(join(folder, 'dist', 'part.js'), 'utf8')).toContain('"first"');
  });

  it('rebuilds what changed, deletes outputs without a source, and leaves the rest alone', async () => {
    const folder = checkout();
    writeFileSync(join(folder, 'src/gone.ts'), 'export const gone = 1;\n');
    expect(await build(folder)).toBe(0);
    const before = stamp(folder);
    expect(await build(folder)).toBe(0);
    expect(stamp(folder)).toBe(before);

    rmSync(join(folder, 'src/gone.ts'));
    writeFileSync(join(folder, 'src/part.ts'), 'export const part: string = "second";\n');
    expect(await build(folder)).toBe(0);
    expect(stamp(folder)).not.toBe(before);
    expect(readdirSync(join(folder, 'dist')).filter((name) => name.startsWith('gone'))).toEqual([]);
    expect(readFileSync(join(folder, 'dist', 'part.js'), 'utf8')).toContain('"second"');

    rmSync(join(folder, 'dist', 'part.js'));
    expect(await build(folder)).toBe(0);
    expect(existsSync(join(folder, 'dist', 'part.js'))).toBe(true);
  });

  it('fails on a type error and does not start the server', async () => {
    const folder = checkout();
    writeFileSync(join(folder, 'src/part.ts'), 'export const part: string = 1;\n');
    const run = start(folder, 'scripts/start.mjs');
    expect(await run.ended).toBe(1);
    expect(run.output()).toContain('TS2322');
    expect(run.output()).not.toContain('server.js word');
    expect(existsSync(join(folder, 'dist', '.built'))).toBe(false);
  });

  it('takes over the lock of a dead builder', async () => {
    const folder = checkout();
    const turns = join(folder, 'dist', '.turns');
    mkdirSync(turns, { recursive: true });
    const dead = start(folder, '-e', '0');
    await dead.ended;
    writeFileSync(join(turns, '1'), `${dead.child.pid} building`);
    expect(await build(folder)).toBe(0);
  });
});
