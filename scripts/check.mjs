// Everything that can be said about the code without running its tests. All checks run; any failure fails the whole.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './sources.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);
const node = (...args) => [process.execPath, ...args];

const checks = [
  { name: 'Types of what is shipped', run: node('scripts/build.mjs'), first: true },
  { name: 'Types of tests and tools', run: [bin('tsc'), '-p', 'tsconfig.test.json'] },
  { name: 'Lint', run: [bin('eslint'), '.', '--max-warnings', '0'] },
  { name: 'Format', run: [bin('prettier'), '--check', '--log-level', 'warn', '.'] },
  {
    name: 'Architecture',
    run: [
      bin('depcruise'),
      'src',
      'packages/contract/src',
      '--config',
      '.dependency-cruiser.cjs',
      '--output-type',
      'err-long',
    ],
  },
  { name: 'Names of files and folders', run: node('scripts/layout.mjs') },
  { name: 'Rooms that import each other', run: node('scripts/folders.mjs') },
  { name: 'Names of types', run: node('scripts/type-names.mjs') },
  { name: 'Sizes of files', run: node('scripts/sizes.mjs') },
  { name: 'Words of the glossary', run: node('scripts/words.mjs') },
  { name: 'What documents quote', run: node('scripts/quoted.mjs') },
  { name: 'Subjects of commits', run: node('scripts/commits.mjs') },
  { name: 'Generated documents', run: node('dist/cli/documents.js', '--check') },
  { name: 'Map of requirements', run: node('scripts/requirements.mjs', '--check') },
  { name: 'Dead code', run: [bin('knip'), '--no-progress'] },
];

function perform({ run: [command, ...args] }) {
  const began = Date.now();
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ isSound: false, output: `${error.message}\n`, tookMs: Date.now() - began }));
    child.on('close', (code) => resolve({ isSound: code === 0, output, tookMs: Date.now() - began }));
  });
}

async function report(check) {
  const { isSound, output, tookMs } = await perform(check);
  process.stdout.write(`\n== ${check.name}: ${isSound ? 'sound' : 'FAILED'} (${(tookMs / 1000).toFixed(1)} s)\n`);
  if (!isSound) process.stdout.write(output.trimEnd() + '\n');
  return { name: check.name, isSound };
}

const results = [];
for (const check of checks.filter((one) => one.first)) results.push(await report(check));

// Two at a time: the usual small machine has two cores.
const waiting = checks.filter((one) => !one.first);
async function work() {
  for (let check = waiting.shift(); check; check = waiting.shift()) results.push(await report(check));
}
await Promise.all([work(), work()]);

const failed = results.filter((result) => !result.isSound).map((result) => result.name);
process.stdout.write(failed.length > 0 ? `\nFAILED: ${failed.join(', ')}\n` : '\nEverything is sound.\n');
process.exitCode = failed.length > 0 ? 1 : 0;
