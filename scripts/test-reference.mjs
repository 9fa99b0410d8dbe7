// `npm run test:reference`: the server's whole suite on the MongoDB that MONGODB_URI names, where writers really race.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from './builder.mjs';
import { root } from './sources.mjs';

if (!process.env.MONGODB_URI) {
  console.error('Set MONGODB_URI to a MongoDB: each test server takes a database of its own there and drops it.');
  process.exitCode = 2;
} else if (!(await build())) {
  process.exitCode = 1;
} else {
  const vitest = join(root, 'node_modules', '.bin', 'vitest');
  const child = spawn(
    vitest,
    ['run', '--exclude', 'packages/**', '--exclude', '**/node_modules/**', ...process.argv.slice(2)],
    { cwd: root, stdio: 'inherit' },
  );
  child.on('exit', (code) => (process.exitCode = code ?? 1));
}
