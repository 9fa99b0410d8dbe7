// What the checks of the house read: the sources as trees, their names and comments, and the documents. Tests are left out.
import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import ts from 'typescript';
import { filesBelow } from './sources.mjs';

const slashed = (base, file) => relative(base, file).split(sep).join('/');

/** The folders of the packages, as paths from the base. */
export function packagesOf(base) {
  const folder = join(base, 'packages');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `packages/${entry.name}`)
    .sort();
}

function parse(base, file) {
  const text = readFileSync(file, 'utf8');
  const kind = file.endsWith('.mjs') ? ts.ScriptKind.JS : ts.ScriptKind.TS;
  return {
    path: slashed(base, file),
    text,
    tree: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, kind),
  };
}

/** The parsed files below these folders: `{ path, text, tree }`, with `path` from the base. */
export function parsedBelow(base, folders) {
  return folders
    .flatMap((folder) => filesBelow(join(base, folder)))
    .filter((file) => /\.(ts|mjs)$/.test(file) && !/\.(test|d)\.ts$/.test(file))
    .map((file) => parse(base, file));
}

/** What is shipped: `src` and the `src` of every package. */
export function codeOf(base) {
  return parsedBelow(base, ['src', ...packagesOf(base).map((folder) => `${folder}/src`)]);
}

/** The documents that people read, as `{ path, text }`. */
export function documentsOf(base) {
  const below = (folder, pattern) =>
    existsSync(join(base, folder))
      ? readdirSync(join(base, folder))
          .filter((name) => pattern.test(name))
          .map((name) => posix.join(folder, name))
      : [];
  const paths = [
    ...below('.', /^(README.*|CONTRIBUTING)\.md$/),
    ...below('docs', /\.md$/),
    ...below('docs/adr', /\.md$/),
    ...packagesOf(base).flatMap((folder) => [...below(folder, /^README.*\.md$/), ...below(`${folder}/docs`, /\.md$/)]),
  ];
  return paths.sort().map((path) => ({ path, text: readFileSync(join(base, path), 'utf8') }));
}

export function visit(node, see) {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

export const lineOf = (tree, position) => tree.getLineAndCharacterOfPosition(position).line + 1;

const typeDeclarations = new Set([
  ts.SyntaxKind.InterfaceDeclaration,
  ts.SyntaxKind.TypeAliasDeclaration,
  ts.SyntaxKind.ClassDeclaration,
  ts.SyntaxKind.EnumDeclaration,
  ts.SyntaxKind.TypeParameter,
]);
const propertyDeclarations = new Set([
  ts.SyntaxKind.PropertySignature,
  ts.SyntaxKind.PropertyDeclaration,
  ts.SyntaxKind.PropertyAssignment,
  ts.SyntaxKind.MethodSignature,
  ts.SyntaxKind.MethodDeclaration,
  ts.SyntaxKind.GetAccessor,
  ts.SyntaxKind.SetAccessor,
  ts.SyntaxKind.EnumMember,
]);
const otherDeclarations = new Set([
  ts.SyntaxKind.VariableDeclaration,
  ts.SyntaxKind.Parameter,
  ts.SyntaxKind.BindingElement,
  ts.SyntaxKind.FunctionDeclaration,
  ts.SyntaxKind.FunctionExpression,
  ts.SyntaxKind.ClassExpression,
  ts.SyntaxKind.ImportClause,
  ts.SyntaxKind.NamespaceImport,
]);

function declarationKind(node) {
  if (typeDeclarations.has(node.kind)) return 'type';
  if (propertyDeclarations.has(node.kind)) return 'property';
  if (otherDeclarations.has(node.kind)) return 'value';
  // `import { theirs as ours }`: only a new name is one that this file chose.
  const isSpecifier = ts.isImportSpecifier(node) || ts.isExportSpecifier(node);
  return isSpecifier && node.propertyName ? 'value' : null;
}

/** Every identifier that a file declares: `{ name, as: 'type' | 'property' | 'value', line }`. Quoted property names are data. */
export function declaredIn({ tree }) {
  const found = [];
  visit(tree, (node) => {
    const as = declarationKind(node);
    if (!as || !node.name || !(ts.isIdentifier(node.name) || ts.isPrivateIdentifier(node.name))) return;
    found.push({
      name: node.name.text.replace(/^[#_]+/, ''),
      as,
      line: lineOf(tree, node.name.getStart(tree)),
    });
  });
  return found;
}

/** The text of every string and template of a file: `{ text, line }`. */
export function stringsIn({ tree }) {
  const found = [];
  visit(tree, (node) => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      found.push({ text: node.text, line: lineOf(tree, node.getStart(tree)) });
  });
  return found;
}

function bare(comment) {
  return comment
    .replace(/^\/\*+|\*+\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*(\/\/+|\*)?\s?/, ''))
    .join('\n')
    .trimEnd();
}

/** Every comment of a file without its signs: `{ text, line }`. Lines of `//` that follow each other are one comment. */
export function commentsIn({ text, tree }) {
  const ranges = new Map();
  const gather = (node) => {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren(tree);
    for (const child of children) gather(child);
    if (children.length > 0) return;
    for (const range of ts.getLeadingCommentRanges(text, node.pos) ?? []) ranges.set(range.pos, range);
    for (const range of ts.getTrailingCommentRanges(text, node.end) ?? []) ranges.set(range.pos, range);
  };
  gather(tree);
  const comments = [];
  for (const { pos, end, kind } of [...ranges.values()].sort((a, b) => a.pos - b.pos)) {
    const last = comments.at(-1);
    const isLine = kind === ts.SyntaxKind.SingleLineCommentTrivia;
    if (isLine && last?.isLine && /^\s*$/.test(text.slice(last.end, pos)) && !/\n\s*\n/.test(text.slice(last.end, pos)))
      last.end = end;
    else comments.push({ pos, end, isLine });
  }
  return comments.map(({ pos, end }) => ({ text: bare(text.slice(pos, end)), line: lineOf(tree, pos) }));
}

function specifierOf(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node)) return node.argument.literal;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments[0];
  return undefined;
}

/** What resolves an import of a file to the path of another of these files; `null` for what is not among them. */
export function resolverOf(base, files) {
  const paths = new Set(files.map((file) => file.path));
  const packages = packagesOf(base)
    .filter((folder) => existsSync(join(base, folder, 'package.json')))
    .map((folder) => [JSON.parse(readFileSync(join(base, folder, 'package.json'), 'utf8')).name, folder]);
  return (from, specifier) => {
    const inPackage = packages.find(([name]) => specifier === name || specifier.startsWith(`${name}/`));
    const target = inPackage
      ? posix.join(inPackage[1], 'src', specifier.slice(inPackage[0].length + 1) || 'index.js')
      : posix.join(posix.dirname(from), specifier);
    if (!inPackage && !specifier.startsWith('.')) return null;
    return [target, target.replace(/\.js$/, '.ts'), `${target}.ts`].find((path) => paths.has(path)) ?? null;
  };
}

/** The imports of a file, types included: `{ path, line, isPassedOn }`, the last for `export … from`. */
export function importsIn({ path, tree }, resolve) {
  const found = [];
  visit(tree, (node) => {
    const specifier = specifierOf(node);
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    const target = resolve(path, specifier.text);
    if (target)
      found.push({ path: target, line: lineOf(tree, node.getStart(tree)), isPassedOn: ts.isExportDeclaration(node) });
  });
  return found;
}

/** Whether a path or name is meant by a pattern: `*` within a part, `**` over several, `{a,b}` one of them. */
export function isMeant(pattern, path) {
  const source = pattern.replace(/\*\*\/|\*\*|\*|\{|\}|,|[^*{},]+/g, (piece) => {
    if (piece === '**/') return '(?:.*/)?';
    if (piece === '**') return '.*';
    if (piece === '*') return '[^/]*';
    if (piece === '{') return '(?:';
    if (piece === '}') return ')';
    if (piece === ',') return '|';
    return piece.replace(/[.+?^$()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${source}$`).test(path);
}

/** The data file of a check: the one beside the sources that are checked, if they bring their own, or the project's. */
export function dataOf(base, name) {
  const own = join(base, 'scripts', name);
  const file = existsSync(own) ? own : join(dirname(new URL(import.meta.url).pathname), name);
  return { data: JSON.parse(readFileSync(file, 'utf8')), isOwn: file === own };
}

/** A list of exceptions that knows which of them were needed. Each has a `name` or pattern, perhaps places `in`, and a reason. */
export function exceptionsOf(list, isOwn, file) {
  const used = new Set();
  return {
    allows(name, path, as) {
      const one = list.find(
        (each) =>
          isMeant(each.name, name) &&
          (!each.in || each.in.some((place) => isMeant(place, path))) &&
          (!each.as || each.as === as),
      );
      if (one) used.add(one);
      return one !== undefined;
    },
    use: (one) => used.add(one),
    /** Faults of the list itself: no reason, or nothing that it excuses. */
    faults() {
      const bare = list
        .filter((one) => !one.why)
        .map((one) => `${file}: "${one.name}" has no reason; write one as "why"`);
      const idle = isOwn ? list.filter((one) => !used.has(one)) : [];
      return [...bare, ...idle.map((one) => `${file}: "${one.name}" excuses nothing any more; remove the entry`)];
    },
  };
}

/** Prints the faults, each a sentence that says what to do, and lets the process fail when there are any. */
export function report(faults) {
  for (const fault of faults) console.log(fault);
  if (faults.length > 0) process.exitCode = 1;
}
