/** Query documents to query trees (https://www.mongodb.com/docs/manual/reference/operator/query/). */
import { BSONRegExp } from 'bson';
import { CommandError, unsupported } from '../errors.js';
import { compileExpression, truthy } from '../expr/expression.js';
import type { Scope } from '../expr/expression.js';
import { isNum, isDoc } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import type { Doc, Maybe, Value } from '../bson/value.js';
import { matchNode } from './node.js';
import type { QueryNode, Test } from './node.js';
import { splitPath } from './path.js';
import { compilePattern } from './regex.js';
import {
  elementTest,
  equality,
  existence,
  membership,
  modTest,
  ordering,
  pattern,
  regexOperator,
  sizeTest,
  typeTest,
} from './tests.js';

const LEFT_OUT = new Set([
  '$where',
  '$text',
  '$jsonSchema',
  '$near',
  '$nearSphere',
  '$geoWithin',
  '$geoIntersects',
  '$within',
  '$bitsAllSet',
  '$bitsAnySet',
  '$bitsAllClear',
  '$bitsAnyClear',
]);

const leaf = (path: string, test: Test): QueryNode => ({ kind: 'leaf', path, parts: splitPath(path), test });
const not = (node: QueryNode): QueryNode => ({ kind: 'not', node });
const and = (nodes: readonly QueryNode[]): QueryNode => {
  const [only] = nodes;
  return only && nodes.length === 1 ? only : { kind: 'and', nodes };
};

/** The fields of a DBRef: names with a dollar that are no operators. */
const REFERENCE = new Set(['$ref', '$id', '$db']);

/** True for a document whose first field is an operator (a DBRef's `$ref` and `$id` are not). */
export function isOperatorDoc(value: Maybe): value is Doc {
  if (!isDoc(value)) return false;
  const [first] = Object.keys(value);
  return first !== undefined && first.startsWith('$') && !REFERENCE.has(first);
}

/** True for a document of operators on one value; `$or` and its like join conditions on the fields of a document. */
export function testsValue(value: Maybe): value is Doc {
  return isOperatorDoc(value) && !['$and', '$or', '$nor', '$expr'].includes(Object.keys(value)[0] ?? '');
}

type Compile = (path: string, operand: Value, all: Doc, scope: Scope) => QueryNode;

function list(operand: Value, operator: string): Value[] {
  if (!Array.isArray(operand)) throw new CommandError(2, `${operator} needs an array`);
  if (operand.some(isOperatorDoc)) throw new CommandError(2, `cannot nest $ under ${operator}`);
  return operand;
}

function implicit(path: string, operand: Value): QueryNode {
  return operand instanceof BSONRegExp
    ? leaf(path, pattern(compilePattern(operand.pattern, operand.options), operand))
    : leaf(path, equality(operand));
}

const ordered =
  (op: 'gt' | 'gte' | 'lt' | 'lte'): Compile =>
  (path, operand) =>
    leaf(path, ordering(op, operand));

function flag(operand: Value): boolean {
  if (isNum(operand)) return toDouble(operand) !== 0;
  return operand !== false && operand !== null;
}

function negation(path: string, operand: Value, scope: Scope): QueryNode {
  if (operand instanceof BSONRegExp) return not(implicit(path, operand));
  if (!isDoc(operand)) throw new CommandError(2, '$not needs a regex or a document');
  if (!Object.keys(operand).length) throw new CommandError(2, '$not cannot be empty');
  if (!isOperatorDoc(operand)) throw new CommandError(2, '$not needs operators');
  return not(compileOperators(path, operand, scope));
}

function elementMatch(path: string, operand: Value, scope: Scope): QueryNode {
  if (!isDoc(operand)) throw new CommandError(2, '$elemMatch needs an Object');
  if (testsValue(operand)) {
    const node = compileOperators('element', operand, scope);
    return leaf(
      path,
      elementTest((element) => matchNode(unexpanded(node), element)),
    );
  }
  const node = compileQuery(operand, scope);
  const matches: Test['matches'] = (value, details) => {
    if (!Array.isArray(value)) return false;
    const position = value.findIndex((item) => {
      const inside = Array.isArray(item) ? Object.fromEntries(item.entries()) : item;
      return isDoc(inside) && matchNode(node, inside);
    });
    details.position = position;
    return position >= 0;
  };
  return leaf(path, { op: 'elemMatch', node, expand: false, matches });
}

/** Inside `$elemMatch: { $op }` an element that is an array is not looked into. */
function unexpanded(node: QueryNode): QueryNode {
  switch (node.kind) {
    case 'leaf':
      return { ...node, test: { ...node.test, expand: false } };
    case 'not':
      return not(unexpanded(node.node));
    case 'and':
    case 'or':
    case 'nor':
      return { kind: node.kind, nodes: node.nodes.map(unexpanded) };
    case 'expression':
      return node;
  }
}

function every(path: string, operand: Value, scope: Scope): QueryNode {
  if (!Array.isArray(operand)) throw new CommandError(2, '$all needs an array');
  if (!operand.length) return { kind: 'or', nodes: [] };
  return and(
    operand.map((item) => {
      if (!isOperatorDoc(item)) return implicit(path, item);
      if (!('$elemMatch' in item)) throw new CommandError(2, 'no $ expressions in $all');
      return elementMatch(path, item['$elemMatch'] ?? null, scope);
    }),
  );
}

const OPERATORS: Readonly<Record<string, Compile>> = {
  $eq: (path, operand) => leaf(path, equality(operand)),
  $ne: (path, operand) => {
    if (operand instanceof BSONRegExp) throw new CommandError(2, "Can't have regex as arg to $ne.");
    return not(leaf(path, equality(operand)));
  },
  $gt: ordered('gt'),
  $gte: ordered('gte'),
  $lt: ordered('lt'),
  $lte: ordered('lte'),
  $in: (path, operand) => leaf(path, membership(list(operand, '$in'))),
  $nin: (path, operand) => not(leaf(path, membership(list(operand, '$nin')))),
  $exists: (path, operand) => (flag(operand) ? leaf(path, existence()) : not(leaf(path, existence()))),
  $type: (path, operand) => leaf(path, typeTest(operand)),
  $size: (path, operand) => leaf(path, sizeTest(operand)),
  $mod: (path, operand) => leaf(path, modTest(operand)),
  $regex: (path, operand, all) => leaf(path, regexOperator(operand, all['$options'])),
  $options: (_path, _operand, all) => {
    if (!('$regex' in all)) throw new CommandError(2, '$options needs a $regex');
    return { kind: 'and', nodes: [] };
  },
  $not: (path, operand, _all, scope) => negation(path, operand, scope),
  $all: (path, operand, _all, scope) => every(path, operand, scope),
  $elemMatch: (path, operand, _all, scope) => elementMatch(path, operand, scope),
};

function compileOperators(path: string, operators: Doc, scope: Scope): QueryNode {
  const nodes = Object.entries(operators).map(([name, operand]) => {
    const compile = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
    if (compile) return compile(path, operand, operators, scope);
    if (LEFT_OUT.has(name)) throw unsupported(2, `the query operator ${name}`);
    throw new CommandError(2, `unknown operator: ${name}`);
  });
  return and(nodes.filter((node) => node.kind !== 'and' || node.nodes.length));
}

function branches(name: string, operand: Value, scope: Scope): QueryNode[] {
  if (!Array.isArray(operand)) throw new CommandError(2, `${name} must be an array`);
  if (!operand.length) throw new CommandError(2, '$and/$or/$nor must be a nonempty array');
  return operand.map((item) => {
    if (!isDoc(item)) throw new CommandError(2, `$or/$and/$nor entries need to be full objects`);
    return compileQuery(item, scope);
  });
}

type CompileTop = (operand: Value, scope: Scope) => QueryNode | null;

const TOP_LEVEL: Readonly<Record<string, CompileTop>> = {
  $and: (operand, scope) => ({ kind: 'and', nodes: branches('$and', operand, scope) }),
  $or: (operand, scope) => ({ kind: 'or', nodes: branches('$or', operand, scope) }),
  $nor: (operand, scope) => ({ kind: 'nor', nodes: branches('$nor', operand, scope) }),
  $comment: () => null,
  $alwaysTrue: () => null,
  $alwaysFalse: () => ({ kind: 'or', nodes: [] }),
  $expr: (operand, scope) => {
    const evaluate = compileExpression(operand, scope);
    return { kind: 'expression', matches: (doc) => truthy(evaluate(doc, scope.variables)) };
  },
};

function compileField(name: string, operand: Value, scope: Scope): QueryNode | null {
  if (!name.startsWith('$') || REFERENCE.has(name)) {
    return isOperatorDoc(operand) ? compileOperators(name, operand, scope) : implicit(name, operand);
  }
  const compile = Object.hasOwn(TOP_LEVEL, name) ? TOP_LEVEL[name] : undefined;
  if (compile) return compile(operand, scope);
  if (LEFT_OUT.has(name)) throw unsupported(2, `the query operator ${name}`);
  throw new CommandError(
    2,
    `unknown top level operator: ${name}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
  );
}

/** Compiles a query. Throws 2 (BadValue) for what MongoDB refuses and for operators this store leaves out. */
export function compileQuery(query: Doc, scope: Scope): QueryNode {
  const nodes: QueryNode[] = [];
  for (const [name, operand] of Object.entries(query)) {
    const node = compileField(name, operand, scope);
    if (node) nodes.push(node);
  }
  return and(nodes.flatMap((node) => (node.kind === 'and' ? node.nodes : [node])));
}
