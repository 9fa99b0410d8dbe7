// `npm run test:long`: the tests of crashes, races and orders of steps, each to the length that makes rare things likely; and
// those of uploads over a bucket.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { build } from './builder.mjs';
import { root } from './sources.mjs';

/** How long each is; in `npm test` they are samples of it. */
const lengths = {
  CRASH_SEEDS: '20',
  CRASH_COUNT: '5',
  GROUP_ROUNDS: '300',
  STEP_STRIDE: '1',
  SCHEDULES: '600',
  EMBEDDED_MONGO_KILLS: '70',
};

const files = [
  'test/faults/crash-mixed.test.ts',
  'test/faults/group-races.test.ts',
  'test/faults/steps.test.ts',
  'test/faults/interleavings.test.ts',
  'packages/embedded-mongo/test/kill.test.ts',
];

/** Runs tests with some settings; gives the code with which they end. */
async function run(tests, settings) {
  const vitest = join(root, 'node_modules', '.bin', 'vitest');
  const child = spawn(vitest, ['run', ...tests, ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
    env: { ...settings, ...process.env },
  });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

if (!(await build())) process.exitCode = 1;
else {
  const codes = [await run(files, lengths), await run(['test/api/uploads.test.ts'], { UPLOADS_IN: 'bucket' })];
  process.exitCode = codes.find((code) => code !== 0) ?? 0;
}
