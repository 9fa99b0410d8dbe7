// Runs a built file in this process, after building what is not built.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './builder.mjs';
import { root } from './sources.mjs';

/** As if Node had been started with the file: it sees its own path and arguments and owns the signals and the exit code. */
export async function launch(file, args) {
  if (!(await build())) {
    process.exitCode = 1;
    return;
  }
  const path = join(root, 'dist', file);
  process.argv = [process.execPath, path, ...args];
  await import(pathToFileURL(path).href);
}
