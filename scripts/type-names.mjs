// An exported type has a name of its own: unique in src and the contract together, and in every other package.
// `node scripts/type-names.mjs [folder]`.
import ts from 'typescript';
import { codeOf, lineOf, report } from './code.mjs';
import { root } from './sources.mjs';

const isType = (node) =>
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isClassDeclaration(node) ||
  ts.isEnumDeclaration(node);

/** The exported types of a file by name, `export { A as B }` included; what is only passed on from another file is not its own. */
function exportedTypes({ path, tree }) {
  const place = (node) => `${path}:${lineOf(tree, node.getStart(tree))}`;
  const types = tree.statements.filter((node) => isType(node) && node.name);
  const names = types
    .filter((node) => node.modifiers?.some((one) => one.kind === ts.SyntaxKind.ExportKeyword))
    .map((node) => ({ name: node.name.text, place: place(node) }));
  for (const statement of tree.statements) {
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier || !statement.exportClause) continue;
    for (const one of statement.exportClause.elements ?? []) {
      if (types.some((node) => node.name.text === (one.propertyName ?? one.name).text))
        names.push({ name: one.name.text, place: place(one) });
    }
  }
  return names;
}

const partOf = (path) => (path.startsWith('packages/') ? path.split('/')[1] : 'src').replace(/^contract$/, 'src');

const base = process.argv[2] ?? root;
const places = new Map();
for (const file of codeOf(base)) {
  for (const { name, place } of exportedTypes(file)) {
    const key = `${partOf(file.path)} ${name}`;
    places.set(key, [...(places.get(key) ?? []), place]);
  }
}
report(
  [...places]
    .filter(([, found]) => found.length > 1)
    .map(
      ([key, found]) =>
        `${key.split(' ')[1]} is exported ${found.length} times (${found.join(', ')}): give each type the noun that it stands for, or export one and import it`,
    ),
);
