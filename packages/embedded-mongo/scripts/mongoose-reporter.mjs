// A reporter for Mocha: writes every failed test to the file named by REPORT_FILE, and the progress to the terminal.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

const progressInterval = 250;

/** Returns the file of a test inside the checkout, and its titles from the outside in. */
function nameOf(test) {
  const file = test.file ? relative(process.cwd(), test.file) : 'no file';
  return `${file} > ${test.fullTitle()}`;
}

/** Mocha calls it with `new` for each run. */
function MongooseReporter(runner) {
  const failures = [];
  const counts = { passed: 0, failed: 0, pending: 0 };

  function record(outcome) {
    counts[outcome] += 1;
    const done = counts.passed + counts.failed + counts.pending;
    if (done % progressInterval === 0) process.stderr.write(`${done} of ${runner.total} tests\n`);
  }

  runner.on('pass', () => record('passed'));
  runner.on('pending', () => record('pending'));
  runner.on('fail', (test, error) => {
    record('failed');
    failures.push({ test: nameOf(test), message: String(error.message) });
  });
  runner.once('end', () => {
    writeFileSync(process.env.REPORT_FILE, JSON.stringify({ ...counts, failures }));
  });
}

export { MongooseReporter as 'module.exports' };
