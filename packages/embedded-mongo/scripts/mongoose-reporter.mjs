// A reporter for Mocha: writes every failed test to the file that REPORT_FILE names, and how far it is to the terminal.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

const PROGRESS_EVERY = 250;

/** Where a test stands: its file inside the checkout, and its titles from the outside in. */
function nameOf(test) {
  const file = test.file ? relative(process.cwd(), test.file) : 'no file';
  return `${file} > ${test.fullTitle()}`;
}

/** What Mocha makes with `new` for each run. */
function MongooseReporter(runner) {
  const failures = [];
  const counts = { passed: 0, failed: 0, pending: 0 };

  const step = (kind) => {
    counts[kind] += 1;
    const done = counts.passed + counts.failed + counts.pending;
    if (done % PROGRESS_EVERY === 0) process.stderr.write(`${done} of ${runner.total} tests\n`);
  };
  runner.on('pass', () => step('passed'));
  runner.on('pending', () => step('pending'));
  runner.on('fail', (test, error) => {
    step('failed');
    failures.push({ test: nameOf(test), message: String(error.message) });
  });
  runner.once('end', () => {
    writeFileSync(process.env.REPORT_FILE, JSON.stringify({ ...counts, failures }));
  });
}

export { MongooseReporter as 'module.exports' };
