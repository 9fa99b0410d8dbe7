// `npm run test:long`: the tests of crashes, races and orders of steps, each to the length that makes rare things likely.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from './builder.mjs';
import { root } from './sources.mjs';

/** How long each is; in `npm test` they are samples of it. */
const lengths = {
  CRASH_SEEDS: '20',
  CRASH_COUNT: '5',
  GROUP_ROUNDS: '300',
  STEP_STRIDE: '1',
  SCHEDULES: '250',
  EMBEDDED_MONGO_KILLS: '70',
};

const files = [
  'test/faults/crash-mixed.test.ts',
  'test/faults/group-races.test.ts',
  'test/faults/steps.test.ts',
  'test/faults/interleavings.test.ts',
  'packages/embedded-mongo/test/kill.test.ts',
];

if (await build()) {
  const vitest = join(root, 'node_modules', '.bin', 'vitest');
  const child = spawn(vitest, ['run', ...files, ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
    env: { ...lengths, ...process.env },
  });
  child.on('exit', (code) => (process.exitCode = code ?? 1));
} else {
  process.exitCode = 1;
}
