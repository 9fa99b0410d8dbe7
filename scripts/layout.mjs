// What no linter of code sees: the names of files and folders, and promises nobody keeps. `node scripts/layout.mjs [folder]`.
import { readFileSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { filesBelow, root } from './sources.mjs';

const junk = new Set(['utils', 'util', 'helpers', 'common', 'shared', 'misc', 'lib']);
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*\.ts$/;

function faultsOf(base, file) {
  const path = relative(base, file).split(sep).join('/');
  const faults = [];
  const isPackage = path.startsWith('packages/');
  if (path.split('/').some((part) => junk.has(part)))
    faults.push(`${path}: a folder named after nothing; name the thing it holds`);
  if (basename(path) === 'index.ts' && !isPackage)
    faults.push(`${path}: no index.ts; import the file that holds the thing`);
  if (!kebab.test(basename(path))) faults.push(`${path}: file names are kebab-case with the kind as suffix`);
  const text = readFileSync(file, 'utf8');
  if (/keep (this |them |these |both )?in sync|@ts-(ignore|nocheck|expect-error)|eslint-disable/i.test(text)) {
    faults.push(`${path}: no suppressions and no copies to keep alike; mend the cause`);
  }
  return faults;
}

const base = process.argv[2] ?? root;
const files = ['src', 'packages/contract/src', 'packages/embedded-mongo/src']
  .map((path) => join(base, path))
  .flatMap(filesBelow);
const faults = files.filter((file) => file.endsWith('.ts')).flatMap((file) => faultsOf(base, file));
for (const fault of faults) console.log(fault);
if (faults.length > 0) process.exitCode = 1;
