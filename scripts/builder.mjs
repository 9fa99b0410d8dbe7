// Decides what is not built yet, and builds it.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { withLock } from './build-lock.mjs';
import { digestOf, filesBelow, outputOf, projects, root, sourceOf, sourcesOf } from './sources.mjs';

const stampOf = (project) => join(project.dir, 'dist', '.built');
const unfinishedOf = (project) => join(project.dir, 'dist', '.building');

/** The stamp is written last and holds the digest of the inputs, so a build that was cut off has none that fits. */
function isBuilt(project) {
  const sources = sourcesOf(project.dir);
  if (sources.length === 0) return existsSync(stampOf(project));
  if (!existsSync(stampOf(project)) || existsSync(unfinishedOf(project))) return false;
  return (
    readFileSync(stampOf(project), 'utf8') === digestOf(project) &&
    sources.every((source) => existsSync(outputOf(project.dir, source)))
  );
}

/** Takes away what no source makes any more, and the compiler's memory where it cannot be trusted. */
function prepare(project) {
  const dist = join(project.dir, 'dist');
  const wasCutOff = existsSync(unfinishedOf(project));
  const isIncomplete = sourcesOf(project.dir).some((source) => !existsSync(outputOf(project.dir, source)));
  mkdirSync(dist, { recursive: true });
  writeFileSync(unfinishedOf(project), '');
  rmSync(stampOf(project), { force: true });
  if (wasCutOff || isIncomplete) rmSync(join(dist, '.tsbuildinfo'), { force: true });
  for (const output of filesBelow(dist)) {
    const source = sourceOf(project.dir, output);
    if (source !== null && !existsSync(source)) rmSync(output, { force: true });
  }
}

function compile(project) {
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const child = spawn(process.execPath, [compiler, '-b', project.dir], { cwd: root, stdio: ['ignore', 2, 2] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code === 0));
  });
}

async function buildOne(project) {
  if (isBuilt(project)) return true;
  const digest = digestOf(project);
  prepare(project);
  const isSound = await compile(project);
  if (isSound) {
    const draft = `${stampOf(project)}.draft`;
    writeFileSync(draft, digest);
    renameSync(draft, stampOf(project));
  }
  rmSync(unfinishedOf(project), { force: true });
  return isSound;
}

/** Builds what is not built of the named projects (all of them unless told); false when the compiler found a fault. */
export async function build(names = projects.map((project) => project.name)) {
  const wanted = projects.filter((project) => names.includes(project.name));
  if (wanted.every(isBuilt)) return true;
  return withLock(join(root, 'dist', '.turns'), async () => {
    for (const project of wanted) {
      if (!(await buildOne(project))) return false;
    }
    return true;
  });
}
