// `npm run check:mongoose -- PATH`: Mongoose's own tests on this store. PATH is a checkout of Mongoose with its packages installed.
// Failures that are expected stand in mongoose-expected.json, each with its reason; that list may only shrink.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** What has to be mended before the tests can run, or undefined. */
function whatIsMissing(checkout) {
  if (!checkout) return 'Name a checkout of Mongoose: npm run check:mongoose -w packages/embedded-mongo -- PATH';
  if (!existsSync(join(checkout, 'test/mocha-fixtures.js'))) {
    return `${checkout} is no checkout of Mongoose: it has no test/mocha-fixtures.js.`;
  }
  if (!existsSync(join(checkout, 'node_modules/mocha'))) {
    return `${checkout} has no packages yet: run npm install --ignore-scripts in it.`;
  }
  if (!existsSync(here('../dist/host/standalone.js'))) {
    return 'The store is not built yet: run npm install and npm run build in the root of the repository.';
  }
  return undefined;
}

/** The store as a process of its own: where it listens, and how it ends. */
async function startStore(folder) {
  const socket = join(folder, 'm.sock');
  const args = ['--path', join(folder, 'data'), '--socket', socket, '--test-commands', '--open-loopback-port', '0'];
  const child = spawn(process.execPath, [here('../main.js'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [line] = await Promise.race([once(child.stdout, 'data'), exited]);
  const address = /127\.0\.0\.1:\d+/.exec(String(line))?.[0];
  if (!address) throw new Error('The store ended before it listened.');
  return {
    uri: `mongodb://${address}/mongoose_test`,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Runs the tests of the checkout on the store and gives what the reporter wrote. */
async function runTests(checkout, uri, folder) {
  const report = join(folder, 'report.json');
  const args = ['--exit', '--ignore', 'test/encryption/**/*.test.js', '--timeout', '20000'];
  const child = spawn(
    process.execPath,
    [
      join(checkout, 'node_modules/mocha/bin/mocha.js'),
      ...args,
      '--reporter',
      here('mongoose-reporter.mjs'),
      './test/**/*.test.js',
    ],
    {
      cwd: checkout,
      env: { ...process.env, CI: '', MONGOOSE_TEST_URI: uri, REPORT_FILE: report },
      stdio: ['ignore', process.env.CHECK_VERBOSE ? 'inherit' : 'ignore', 'inherit'],
    },
  );
  await once(child, 'exit');
  if (!existsSync(report)) throw new Error('The tests ended without a report: see above, or set CHECK_VERBOSE=1.');
  return JSON.parse(readFileSync(report, 'utf8'));
}

/** How many expected failures may lie outside of what the store leaves out on purpose. */
const MOST_OTHERS = 30;

/** Tells how the failures differ from the expected ones; true when they are the same. */
function judge(report, expected) {
  const reasons = new Map(expected.flatMap(({ reason, tests }) => tests.map((test) => [test, reason])));
  const failed = new Map(report.failures.map((failure) => [failure.test, failure]));
  const others = expected.filter(({ family }) => family === undefined).flatMap(({ tests }) => tests);
  const unexpected = report.failures.filter(({ test }) => !reasons.has(test));
  const mended = [...reasons.keys()].filter((test) => !failed.has(test));

  for (const { test, message } of unexpected) console.error(`\nUnexpected: ${test}\n  ${message.slice(0, 600)}`);
  for (const test of mended) console.error(`\nNo failure any more, take it off the list: ${test}`);
  console.log(
    `\n${report.passed} passed, ${report.pending} pending, ${report.failed} failed: ` +
      `${failed.size - unexpected.length} expected, ${unexpected.length} not; ${mended.length} to take off the list.`,
  );
  if (others.length > MOST_OTHERS)
    console.error(`More than ${MOST_OTHERS} are outside of the families: ${others.length}.`);
  return unexpected.length === 0 && mended.length === 0 && others.length <= MOST_OTHERS;
}

const checkout = process.argv[2] && resolve(process.env.INIT_CWD ?? '.', process.argv[2]);
const missing = whatIsMissing(checkout);
if (missing) {
  console.error(missing);
  process.exitCode = 2;
} else {
  const folder = mkdtempSync(join(tmpdir(), 'check-mongoose-'));
  const store = await startStore(folder);
  try {
    const report = await runTests(checkout, store.uri, folder);
    const expected = JSON.parse(readFileSync(here('mongoose-expected.json'), 'utf8'));
    process.exitCode = judge(report, expected) ? 0 : 1;
  } finally {
    await store.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
