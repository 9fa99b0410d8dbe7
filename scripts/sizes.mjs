// Files are short, and none is a crumb. `node scripts/sizes.mjs [folder]`; small files that may be so are listed in sizes.json.
import { codeOf, dataOf, exceptionsOf, importsIn, report, resolverOf } from './code.mjs';
import { root } from './sources.mjs';

const MAX_LINES = 250;
const MAX_MEDIAN = 90;
const MIN_LINES = 40;

const linesOf = ({ text }) => text.split('\n').length - (text.endsWith('\n') ? 1 : 0);

/** File → the files that import it. What the index of a package passes on is imported by whoever imports the index. */
function importersOf(base, files) {
  const resolve = resolverOf(base, files);
  const importers = new Map(files.map(({ path }) => [path, new Set()]));
  const passedOn = [];
  for (const file of files) {
    for (const { path, isPassedOn } of importsIn(file, resolve)) {
      importers.get(path).add(file.path);
      if (isPassedOn && /^packages\/[^/]+\/src\/index\.ts$/.test(file.path)) passedOn.push([file.path, path]);
    }
  }
  for (const [index, path] of passedOn) for (const one of importers.get(index)) importers.get(path).add(one);
  return importers;
}

const base = process.argv[2] ?? root;
const files = codeOf(base);
const importers = importersOf(base, files);
const { data, isOwn } = dataOf(base, 'sizes.json');
const exceptions = exceptionsOf(data.small, isOwn, 'scripts/sizes.json');
const faults = [];
for (const file of files) {
  const lines = linesOf(file);
  const count = importers.get(file.path).size;
  if (lines > MAX_LINES)
    faults.push(`${file.path}: ${lines} lines, more than ${MAX_LINES}; split it by what it does, not in the middle`);
  if (lines < MIN_LINES && count < 2 && !exceptions.allows(file.path, file.path))
    faults.push(
      `${file.path}: ${lines} lines and ${count === 0 ? 'no importer' : 'one importer'}; move it into the file that uses it, or list it in scripts/sizes.json with a reason`,
    );
}
const sorted = files.map(linesOf).sort((a, b) => a - b);
const median = sorted[sorted.length >> 1] ?? 0;
if (median >= MAX_MEDIAN)
  faults.push(`The median file has ${median} lines; it has to stay below ${MAX_MEDIAN}: split the larger files`);
report([...faults, ...exceptions.faults()]);
