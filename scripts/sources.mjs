// What a build is made of: the projects, their sources, and where each source's output stands.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** The packages that the server uses; none of them uses another. */
export const packages = ['contract', 'embedded-mongo'].map((name) => join(root, 'packages', name));

/** In the order of their references: a project may use those above it. */
export const projects = [
  ...packages.map((dir) => ({ name: 'packages', dir, uses: [] })),
  { name: 'server', dir: root, uses: packages },
];

/** Every file below a folder, as absolute paths in a fixed order; nothing when there is no such folder. */
export function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The sources that are compiled; a test beside its subject is not. */
export function sourcesOf(dir) {
  return filesBelow(join(dir, 'src')).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
}

/** The file that a source is compiled to. */
export function outputOf(dir, source) {
  return join(dir, 'dist', relative(join(dir, 'src'), source).replace(/\.ts$/, '.js'));
}

/** The source that an output was made of, or null for a file that no source makes. */
export function sourceOf(dir, output) {
  const match = /^(.*?)(\.d\.ts\.map|\.d\.ts|\.js\.map|\.js)$/.exec(relative(join(dir, 'dist'), output));
  return match ? join(dir, 'src', `${match[1]}.ts`) : null;
}

/** A digest of everything that decides the output of a project: paths and contents, so that a checkout's times say nothing. */
export function digestOf(project) {
  const inputs = [
    join(root, 'tsconfig.base.json'),
    ...[project.dir, ...project.uses].flatMap((dir) => [
      join(dir, 'tsconfig.json'),
      join(dir, 'package.json'),
      ...sourcesOf(dir),
    ]),
  ];
  const hash = createHash('sha256');
  for (const file of inputs) {
    const content = readFileSync(file);
    hash.update(`${relative(root, file).split(sep).join('/')}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}
