// What the documents quote exists: each path, command, setting, route, event and name in backticks, and the file behind each link.
// `node scripts/quoted.mjs [folder]`; quoted.json lists what is quoted and not ours: words of the shell, of MongoDB, of libraries.
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, posix, relative, sep } from 'node:path';
import ts from 'typescript';
import {
  codeOf,
  dataOf,
  declaredIn,
  documentsOf,
  exceptionsOf,
  isMeant,
  packagesOf,
  parsedBelow,
  report,
  stringsIn,
  visit,
} from './code.mjs';
import { filesBelow, root } from './sources.mjs';

const readJson = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {});

/** All paths that may be quoted, folders included. */
function pathsOf(base) {
  const packages = packagesOf(base);
  const folders = ['.', ...packages].flatMap((folder) =>
    ['src', 'test', 'docs', 'scripts', 'bench', '.ci'].map((part) => posix.join(folder, part)),
  );
  const top = (folder) =>
    [
      'package.json',
      'main.js',
      'README.md',
      'README.fr.md',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'LICENSE',
      '.env.example',
    ]
      .concat(folder === '.' ? ['vitest.config.ts', 'eslint.config.js', 'knip.json', '.dependency-cruiser.cjs'] : [])
      .map((name) => posix.join(folder, name))
      .filter((path) => existsSync(join(base, path)));
  const files = [
    ...['.', ...packages].flatMap(top),
    ...folders.flatMap((folder) =>
      filesBelow(join(base, folder)).map((file) => relative(base, file).split(sep).join('/')),
    ),
  ];
  const paths = new Set(files);
  for (const file of files) {
    for (let folder = posix.dirname(file); folder !== '.'; folder = posix.dirname(folder)) paths.add(folder);
  }
  return paths;
}

/** Names of the generated documents: properties, schemas, paths, events, members of enumerations. */
function wireOf(base) {
  const names = new Set();
  const gather = (value) => {
    if (typeof value === 'string') names.add(value);
    if (typeof value !== 'object' || value === null) return;
    for (const [key, item] of Object.entries(value)) {
      names.add(key);
      gather(item);
    }
  };
  for (const name of ['openapi.json', 'asyncapi.json']) {
    const { paths, channels, operations, components } = readJson(join(base, 'docs', name));
    gather({ paths, channels, operations, components });
  }
  return names;
}

/** What the code declares, and its string literals: settings, events, codes, metrics, commands and wire values are born there. */
function symbolsOf(base) {
  const names = wireOf(base);
  const shipped = codeOf(base);
  const tools = parsedBelow(base, [
    'scripts',
    'bench',
    'test/support',
    ...packagesOf(base).flatMap((folder) => [`${folder}/scripts`, `${folder}/test`]),
  ]);
  for (const file of [...shipped, ...tools]) for (const { name } of declaredIn(file)) names.add(name);
  for (const file of shipped) {
    for (const { text } of stringsIn(file)) names.add(text);
    visit(file.tree, (node) => {
      if (node.name && ts.isStringLiteralLike(node.name)) names.add(node.name.text);
    });
  }
  for (const file of tools) for (const { text } of stringsIn(file)) if (text.startsWith('--')) names.add(text.slice(2));
  for (const file of [...tools, ...parsedTests(base)]) for (const name of environmentIn(file)) names.add(name);
  for (const folder of ['.', ...packagesOf(base)]) {
    const { name, dependencies, devDependencies } = readJson(join(base, folder, 'package.json'));
    for (const one of [name, ...Object.keys({ ...dependencies, ...devDependencies })]) names.add(one);
  }
  return names;
}

function parsedTests(base) {
  const folders = ['test', ...packagesOf(base).map((folder) => `${folder}/test`)];
  return folders
    .flatMap((folder) => filesBelow(join(base, folder)))
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => ({ tree: ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true) }));
}

/** The variables of the environment that a file reads. */
function environmentIn({ tree }) {
  const found = [];
  visit(tree, (node) => {
    if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return;
    if (node.expression.getText(tree) !== 'process.env') return;
    const name = ts.isPropertyAccessExpression(node) ? node.name : node.argumentExpression;
    if (name.text) found.push(name.text);
  });
  return found;
}

/** A path from the root, from src, from the folder of the document, or from a package or its src; a bare name of a file stands anywhere. */
function isPath(text, { path }, { paths, packages }) {
  const asked = text.replace(/^\.\//, '').replace(/:\d+$/, '').replace(/\/$/, '');
  if (!/^[\w.@*-]*(\{[\w,.-]+\}[\w.*-]*|\/[\w.@*-]*)*$/.test(asked) || asked === '') return false;
  const from = ['.', 'src', posix.dirname(path), ...packages.flatMap((folder) => [folder, `${folder}/src`])];
  // `x.routes.ts` stands for the files of that kind.
  const pattern = asked.replace(/(^|\/)x\./g, '$1*.');
  if (pattern === asked && !/[*{]/.test(asked)) {
    return asked.includes('/') || !/\.[a-z]+$/.test(asked)
      ? from.some((folder) => paths.has(posix.join(folder, asked)))
      : [...paths].some((one) => basename(one) === asked);
  }
  const patterns = pattern.includes('/') ? from.map((folder) => posix.join(folder, pattern)) : [`**/${pattern}`];
  return [...paths].some((one) => patterns.some((each) => isMeant(each, one)));
}

/** A command of the shell: its npm script and its files exist, and the settings before it are settings. */
function commandFault(text, document, known) {
  const words = text.split(/\s+/);
  while (/^[A-Z_]+=/.test(words[0] ?? '')) {
    const [name] = words.shift().split('=');
    if (!known.symbols.has(name)) return `there is no setting ${name}`;
  }
  const [tool, first, second] = words;
  if (!['npm', 'npx', 'node'].includes(tool)) return words.length === 0 ? null : undefined;
  const folder = words.includes('-w') ? words[words.indexOf('-w') + 1] : '.';
  const script = first === 'run' ? second : ['test', 'start'].includes(first) && tool === 'npm' ? first : null;
  if (script !== null && !known.scripts(folder, document).has(script))
    return `no package.json has the script "${script}"`;
  const files = script === null ? words.slice(1).filter((word) => /\.(ts|js|mjs)$/.test(word)) : [];
  const missing = files.find((file) => !isPath(file, document, known));
  return missing ? `there is no file ${missing}` : null;
}

/** `GET /health/live`, `/api/messages/:id`: a route of the generated document or of the sources. */
function isRoute(text, { symbols }) {
  const route = text.replace(/^(GET|POST|PUT|PATCH|DELETE) /, '').replace(/[?#].*$/, '');
  if (!route.startsWith('/')) return false;
  return symbols.has(route) || symbols.has(route.replace(/:([a-zA-Z]+)/g, '{$1}'));
}

/** The names that a piece of code uses, or null for what is no code. */
function namesIn(text) {
  const source = ts.createSourceFile(
    'quoted.ts',
    /^\{[\s\S]*\}$/.test(text) ? `(${text})` : text,
    ts.ScriptTarget.Latest,
    true,
  );
  if (source.parseDiagnostics.length > 0) return null;
  const names = new Set();
  visit(source, (node) => {
    if (ts.isIdentifier(node)) names.add(node.text);
  });
  return names;
}

/** What names nothing that could be missing: an amount such as `15m`, or the address of something elsewhere. */
const isValue = (text) => /^\d+(\.\d+)?(ms|s|m|h|d|kb|mb|gb)?$/.test(text) || /^[a-z0-9]+:\/\//.test(text);

/** `DATA_DIR/outbox`: a place below the folder that a setting names. */
function isBelowSetting(text, { symbols }) {
  const [setting, ...parts] = text.split('/');
  return /^[A-Z_]+$/.test(setting) && parts.length > 0 && [setting, ...parts].every((part) => symbols.has(part));
}

/** `--path FOLDER`: an option that a tool reads. */
const isOption = (text, { symbols }) => /^--[a-z-]+/.test(text) && symbols.has(/^--([a-z-]+)/.exec(text)[1]);

/** Why a quoted thing is not known, or null. */
function faultOf(text, document, known) {
  const { symbols, exceptions } = known;
  const allows = (name) => exceptions.allows(name, document.path);
  if (symbols.has(text) || isPath(text, document, known) || isValue(text) || allows(text)) return null;
  if (isRoute(text, known) || isOption(text, known) || isBelowSetting(text, known)) return null;
  const fault = commandFault(text, document, known);
  if (fault !== undefined) return fault;
  if (/^[\w.@-]*(\/[\w.*{},:-]*)+$/.test(text) || /^[\w.*-]+\.(ts|mjs|js|md|json)$/.test(text))
    return 'there is no such file or route';
  const names = namesIn(text);
  if (names === null) return 'it is no path, command, route or name that there is';
  const isOurs = (name) => symbols.has(name) || allows(name);
  const missing = [...names].find((name) => !isOurs(name) && ts.stringToToken(name) === undefined);
  return missing === undefined ? null : `there is no "${missing}"`;
}

const blank = (text) => text.replace(/[^\n]/g, ' ');

/** Where blocks of code and what is not in them stand in a document, both with its lines. */
const blocks = /^( *)(```|~~~)[\s\S]*?^\1\2/gm;
const withoutBlocks = (text) => text.replace(blocks, blank);

function matchesIn(text, pattern) {
  return [...text.matchAll(pattern)].map((found) => ({
    found: found.slice(1).find((group) => group !== undefined),
    line: text.slice(0, found.index).split('\n').length,
  }));
}

/** What a document quotes: `{ text, line }` for all in single backticks, and for each file that a block of code names. */
function quotedIn(text) {
  const inline = matchesIn(withoutBlocks(text), /(?<!`)`([^`]+)`(?!`)/g).map(({ found, line }) => ({
    text: found.replace(/\s+/g, ' ').replaceAll('\\|', '|').trim(),
    line,
  }));
  const named = [...text.matchAll(blocks)].flatMap((block) =>
    matchesIn(block[0], /(?<![\w./:-])([\w./-]+\.(?:ts|mjs))(?!\w)/g).map(({ found, line }) => ({
      text: found,
      line: line + text.slice(0, block.index).split('\n').length - 1,
    })),
  );
  return [...inline, ...named];
}

function linkFaults(base, { path, text }) {
  return matchesIn(withoutBlocks(text), /\]\(([^)\s]+)\)|^\[[^\]]+\]:\s*(\S+)/gm)
    .filter(({ found }) => !/^([a-z]+:|#)/.test(found))
    .filter(({ found }) => !existsSync(join(base, posix.dirname(path), found.replace(/#.*$/, ''))))
    .map(({ found, line }) => `${path}:${line}: the link leads to ${found}, which is not there; correct or remove it`);
}

const base = process.argv[2] ?? root;
const { data, isOwn } = dataOf(base, 'quoted.json');
const exceptions = exceptionsOf(data.names, isOwn, 'scripts/quoted.json');
const scripts = (folder, { path }) => {
  const package_ = /^packages\/[^/]+/.exec(path)?.[0];
  const folders = folder === '.' ? ['.', ...(package_ ? [package_] : [])] : [folder];
  return new Set(folders.flatMap((one) => Object.keys(readJson(join(base, one, 'package.json')).scripts ?? {})));
};
const known = { paths: pathsOf(base), packages: packagesOf(base), symbols: symbolsOf(base), exceptions, scripts };
report([
  ...documentsOf(base).flatMap((document) => [
    ...quotedIn(document.text).flatMap(({ text, line }) => {
      const faults = text.split(/ [‹›→] /).map((part) => faultOf(part, document, known));
      const fault = faults.find((one) => one !== null) ?? null;
      return fault === null
        ? []
        : [
            `${document.path}:${line}: \`${text}\`: ${fault}. Write what there is now, or list it in scripts/quoted.json with a reason`,
          ];
    }),
    ...linkFaults(base, document),
  ]),
  ...exceptions.faults(),
]);
