import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..', '..');

let built: Promise<void> | null = null;

async function run(names: string[]): Promise<string> {
  const child = spawn(process.execPath, [join(root, 'scripts', 'build.mjs'), ...names], { cwd: root });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((done) => child.on('exit', done));
  return code === 0 ? '' : output || `the build ended with ${String(code)}`;
}

/**
 * Makes sure that dist is what src is. A type error is no reason to stop here: the compiler writes its output all the
 * same, `npm test` and `npm run check` end with it, and a single test stays runnable while its neighbour is being written.
 */
export function ensureBuilt(): Promise<void> {
  built ??= run([]).then((fault) => {
    if (fault !== '' && !existsSync(join(root, 'dist', 'server.js'))) throw new Error(fault);
  });
  return built;
}

/** Before all tests: the packages, which the sources import in their built form. */
export default async function buildPackages(): Promise<void> {
  const fault = await run(['packages']);
  if (fault !== '') process.stderr.write(fault);
}
