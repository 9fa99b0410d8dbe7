// `npm run check:mongoose -- PATH` runs Mongoose's own tests on this store. PATH is a checkout of Mongoose with its packages installed.
// Expected failures are listed in mongoose-expected.json, each with its reason; that list may only shrink.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How many expected failures may concern something else than a family of unsupported features. */
const maxOtherFailures = 30;

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Returns what has to be fixed before the tests can run, or undefined. */
function missingPrerequisite(checkout) {
  if (!checkout) return 'Name a checkout of Mongoose: npm run check:mongoose -w packages/embedded-mongo -- PATH';
  if (!existsSync(join(checkout, 'test/mocha-fixtures.js'))) {
    return `${checkout} is not a checkout of Mongoose: it has no test/mocha-fixtures.js.`;
  }
  if (!existsSync(join(checkout, 'node_modules/mocha'))) {
    return `${checkout} has no packages yet: run npm install --ignore-scripts in it.`;
  }
  if (!existsSync(pathOf('../dist/host/standalone.js'))) {
    return 'The store has not been built: run npm install and npm run build in the root of the repository.';
  }
  return undefined;
}

/** Starts the store as a process of its own. */
async function startStore(folder) {
  const socket = join(folder, 'm.sock');
  const args = ['--path', join(folder, 'data'), '--socket', socket, '--test-commands', '--open-loopback-port', '0'];
  const child = spawn(process.execPath, [pathOf('../main.js'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [line] = await Promise.race([once(child.stdout, 'data'), exited]);
  const address = /127\.0\.0\.1:\d+/.exec(String(line))?.[0];
  if (!address) throw new Error('The store exited before it was listening.');
  return {
    uri: `mongodb://${address}/mongoose_test`,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Runs the tests of the checkout on the store and returns the reporter's result. */
async function runTests(checkout, uri, folder) {
  const reportFile = join(folder, 'report.json');
  const mocha = join(checkout, 'node_modules/mocha/bin/mocha.js');
  const options = ['--exit', '--ignore', 'test/encryption/**/*.test.js', '--timeout', '20000'];
  const reporter = ['--reporter', pathOf('mongoose-reporter.mjs')];
  const child = spawn(process.execPath, [mocha, ...options, ...reporter, './test/**/*.test.js'], {
    cwd: checkout,
    env: { ...process.env, CI: '', MONGOOSE_TEST_URI: uri, REPORT_FILE: reportFile },
    stdio: ['ignore', process.env.CHECK_VERBOSE ? 'inherit' : 'ignore', 'inherit'],
  });
  await once(child, 'exit');
  if (!existsSync(reportFile)) throw new Error('The tests ended without a report: see above, or set CHECK_VERBOSE=1.');
  return JSON.parse(readFileSync(reportFile, 'utf8'));
}

/** Prints how the failures differ from the expected ones; returns true if they are the same. */
function compare(report, expected) {
  const reasons = new Map(expected.flatMap(({ reason, tests }) => tests.map((test) => [test, reason])));
  const failed = new Set(report.failures.map(({ test }) => test));
  const others = expected.filter(({ family }) => family === undefined).flatMap(({ tests }) => tests);
  const unexpected = report.failures.filter(({ test }) => !reasons.has(test));
  const fixed = [...reasons.keys()].filter((test) => !failed.has(test));

  for (const { test, message } of unexpected)
    console.error(`\nUnexpected failure: ${test}\n  ${message.slice(0, 600)}`);
  for (const test of fixed) console.error(`\nPasses now, remove it from the list: ${test}`);
  console.log(
    `\n${report.passed} passed, ${report.pending} pending, ${report.failed} failed: ` +
      `${failed.size - unexpected.length} expected, ${unexpected.length} unexpected; ${fixed.length} to remove from the list.`,
  );
  if (others.length > maxOtherFailures) {
    console.error(`${others.length} expected failures belong to no family, and ${maxOtherFailures} are allowed.`);
  }
  return unexpected.length === 0 && fixed.length === 0 && others.length <= maxOtherFailures;
}

const checkout = process.argv[2] && resolve(process.env.INIT_CWD ?? '.', process.argv[2]);
const missing = missingPrerequisite(checkout);
if (missing) {
  console.error(missing);
  process.exitCode = 2;
} else {
  const folder = mkdtempSync(join(tmpdir(), 'check-mongoose-'));
  const store = await startStore(folder);
  try {
    const report = await runTests(checkout, store.uri, folder);
    const expected = JSON.parse(readFileSync(pathOf('mongoose-expected.json'), 'utf8'));
    process.exitCode = compare(report, expected) ? 0 : 1;
  } finally {
    await store.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
