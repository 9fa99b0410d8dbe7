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
 * Builds dist from src once. A type error does not stop it: the compiler still writes its output, `npm test` and
 * `npm run check` report the error, and a single test stays runnable while others are being written.
 */
export function ensureBuilt(): Promise<void> {
  built ??= run([]).then((failure) => {
    if (failure !== '' && !existsSync(join(root, 'dist', 'server.js'))) throw new Error(failure);
  });
  return built;
}

/** Builds the packages before all tests: the sources import them in their built form. */
export default async function buildPackages(): Promise<void> {
  const failure = await run(['packages']);
  if (failure !== '') process.stderr.write(failure);
}
