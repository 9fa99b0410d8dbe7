/** Compiles query documents to query trees (https://www.mongodb.com/docs/manual/reference/operator/query/). */
import { BSONRegExp } from 'bson';
import { CommandError, unsupported } from '../errors.js';
import { compileExpression, type Scope } from '../expressions/expression.js';
import { isTruthy } from '../expressions/operator.js';
import { isDoc, isNumeric, type Doc, type Maybe, type Value } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { matchesQuery, type Predicate, type QueryNode } from './query-node.js';
import { splitPath } from './path.js';
import { compilePattern } from './regex.js';
import {
  elementPredicate,
  equalityPredicate,
  existencePredicate,
  membershipPredicate,
  modPredicate,
  orderPredicate,
  patternPredicate,
  regexPredicate,
  sizePredicate,
  typePredicate,
} from './predicates.js';

const unsupportedOperators = new Set([
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

const leaf = (path: string, predicate: Predicate): QueryNode => ({
  kind: 'leaf',
  path,
  parts: splitPath(path),
  predicate,
});
const not = (node: QueryNode): QueryNode => ({ kind: 'not', node });
const and = (nodes: readonly QueryNode[]): QueryNode => {
  const [only] = nodes;
  return only && nodes.length === 1 ? only : { kind: 'and', nodes };
};

/** The fields of a DBRef, which begin with `$` but are not operators. */
const dbRefFields = new Set(['$ref', '$id', '$db']);

/** Returns true for a document whose first field is an operator. */
export function isOperatorDocument(value: Maybe): value is Doc {
  if (!isDoc(value)) return false;
  const [first] = Object.keys(value);
  return first !== undefined && first.startsWith('$') && !dbRefFields.has(first);
}

/** Returns true for a document of operators on one value; `$or` and the like combine conditions on whole documents. */
export function isValueOperators(value: Maybe): value is Doc {
  return isOperatorDocument(value) && !['$and', '$or', '$nor', '$expr'].includes(Object.keys(value)[0] ?? '');
}

type CompileOperator = (path: string, operand: Value, all: Doc, scope: Scope) => QueryNode;

function arrayOperand(operand: Value, operator: string): Value[] {
  if (!Array.isArray(operand)) throw new CommandError(2, `${operator} needs an array`);
  if (operand.some(isOperatorDocument)) throw new CommandError(2, `cannot nest $ under ${operator}`);
  return operand;
}

function compileImplicit(path: string, operand: Value): QueryNode {
  return operand instanceof BSONRegExp
    ? leaf(path, patternPredicate(compilePattern(operand.pattern, operand.options), operand))
    : leaf(path, equalityPredicate(operand));
}

const orderOperator =
  (op: 'gt' | 'gte' | 'lt' | 'lte'): CompileOperator =>
  (path, operand) =>
    leaf(path, orderPredicate(op, operand));

function isTruthyFlag(operand: Value): boolean {
  if (isNumeric(operand)) return toDouble(operand) !== 0;
  return operand !== false && operand !== null;
}

function compileNot(path: string, operand: Value, scope: Scope): QueryNode {
  if (operand instanceof BSONRegExp) return not(compileImplicit(path, operand));
  if (!isDoc(operand)) throw new CommandError(2, '$not needs a regex or a document');
  if (!Object.keys(operand).length) throw new CommandError(2, '$not cannot be empty');
  if (!isOperatorDocument(operand)) throw new CommandError(2, '$not needs operators');
  return not(compileOperators(path, operand, scope));
}

function compileElemMatch(path: string, operand: Value, scope: Scope): QueryNode {
  if (!isDoc(operand)) throw new CommandError(2, '$elemMatch needs an Object');
  if (isValueOperators(operand)) {
    const node = compileOperators('element', operand, scope);
    return leaf(
      path,
      elementPredicate((element) => matchesQuery(withoutExpansion(node), element)),
    );
  }
  const node = compileQuery(operand, scope);
  const matches: Predicate['matches'] = (value, details) => {
    if (!Array.isArray(value)) return false;
    const position = value.findIndex((item) => {
      const element = Array.isArray(item) ? Object.fromEntries(item.entries()) : item;
      return isDoc(element) && matchesQuery(node, element);
    });
    details.position = position;
    return position >= 0;
  };
  return leaf(path, { op: 'elemMatch', node, expand: false, matches });
}

/** Inside `$elemMatch: { $op }`, an element that is itself an array is not expanded. */
function withoutExpansion(node: QueryNode): QueryNode {
  switch (node.kind) {
    case 'leaf':
      return { ...node, predicate: { ...node.predicate, expand: false } };
    case 'not':
      return not(withoutExpansion(node.node));
    case 'and':
    case 'or':
    case 'nor':
      return { kind: node.kind, nodes: node.nodes.map(withoutExpansion) };
    case 'expression':
      return node;
  }
}

function compileAll(path: string, operand: Value, scope: Scope): QueryNode {
  if (!Array.isArray(operand)) throw new CommandError(2, '$all needs an array');
  if (!operand.length) return { kind: 'or', nodes: [] };
  return and(
    operand.map((item) => {
      if (!isOperatorDocument(item)) return compileImplicit(path, item);
      if (!('$elemMatch' in item)) throw new CommandError(2, 'no $ expressions in $all');
      return compileElemMatch(path, item['$elemMatch'] ?? null, scope);
    }),
  );
}

const fieldOperators: Readonly<Record<string, CompileOperator>> = {
  $eq: (path, operand) => leaf(path, equalityPredicate(operand)),
  $ne: (path, operand) => {
    if (operand instanceof BSONRegExp) throw new CommandError(2, "Can't have regex as arg to $ne.");
    return not(leaf(path, equalityPredicate(operand)));
  },
  $gt: orderOperator('gt'),
  $gte: orderOperator('gte'),
  $lt: orderOperator('lt'),
  $lte: orderOperator('lte'),
  $in: (path, operand) => leaf(path, membershipPredicate(arrayOperand(operand, '$in'))),
  $nin: (path, operand) => not(leaf(path, membershipPredicate(arrayOperand(operand, '$nin')))),
  $exists: (path, operand) =>
    isTruthyFlag(operand) ? leaf(path, existencePredicate()) : not(leaf(path, existencePredicate())),
  $type: (path, operand) => leaf(path, typePredicate(operand)),
  $size: (path, operand) => leaf(path, sizePredicate(operand)),
  $mod: (path, operand) => leaf(path, modPredicate(operand)),
  $regex: (path, operand, all) => leaf(path, regexPredicate(operand, all['$options'])),
  $options: (_path, _operand, all) => {
    if (!('$regex' in all)) throw new CommandError(2, '$options needs a $regex');
    return { kind: 'and', nodes: [] };
  },
  $not: (path, operand, _all, scope) => compileNot(path, operand, scope),
  $all: (path, operand, _all, scope) => compileAll(path, operand, scope),
  $elemMatch: (path, operand, _all, scope) => compileElemMatch(path, operand, scope),
};

function compileOperators(path: string, operators: Doc, scope: Scope): QueryNode {
  const nodes = Object.entries(operators).map(([name, operand]) => {
    const compile = Object.hasOwn(fieldOperators, name) ? fieldOperators[name] : undefined;
    if (compile) return compile(path, operand, operators, scope);
    if (unsupportedOperators.has(name)) throw unsupported(2, `the query operator ${name}`);
    throw new CommandError(2, `unknown operator: ${name}`);
  });
  return and(nodes.filter((node) => node.kind !== 'and' || node.nodes.length));
}

function compileBranches(name: string, operand: Value, scope: Scope): QueryNode[] {
  if (!Array.isArray(operand)) throw new CommandError(2, `${name} must be an array`);
  if (!operand.length) throw new CommandError(2, '$and/$or/$nor must be a nonempty array');
  return operand.map((item) => {
    if (!isDoc(item)) throw new CommandError(2, `$or/$and/$nor entries need to be full objects`);
    return compileQuery(item, scope);
  });
}

type CompileTopLevel = (operand: Value, scope: Scope) => QueryNode | null;

const topLevelOperators: Readonly<Record<string, CompileTopLevel>> = {
  $and: (operand, scope) => ({ kind: 'and', nodes: compileBranches('$and', operand, scope) }),
  $or: (operand, scope) => ({ kind: 'or', nodes: compileBranches('$or', operand, scope) }),
  $nor: (operand, scope) => ({ kind: 'nor', nodes: compileBranches('$nor', operand, scope) }),
  $comment: () => null,
  $alwaysTrue: () => null,
  $alwaysFalse: () => ({ kind: 'or', nodes: [] }),
  $expr: (operand, scope) => {
    const evaluate = compileExpression(operand, scope);
    return { kind: 'expression', matches: (doc) => isTruthy(evaluate(doc, scope.variables)) };
  },
};

function compileField(name: string, operand: Value, scope: Scope): QueryNode | null {
  if (!name.startsWith('$') || dbRefFields.has(name)) {
    return isOperatorDocument(operand) ? compileOperators(name, operand, scope) : compileImplicit(name, operand);
  }
  const compile = Object.hasOwn(topLevelOperators, name) ? topLevelOperators[name] : undefined;
  if (compile) return compile(operand, scope);
  if (unsupportedOperators.has(name)) throw unsupported(2, `the query operator ${name}`);
  throw new CommandError(
    2,
    `unknown top level operator: ${name}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
  );
}

/** Compiles a query. Throws 2 (BadValue) where MongoDB does, and for operators that this store does not support. */
export function compileQuery(query: Doc, scope: Scope): QueryNode {
  const nodes: QueryNode[] = [];
  for (const [name, operand] of Object.entries(query)) {
    const node = compileField(name, operand, scope);
    if (node) nodes.push(node);
  }
  return and(nodes.flatMap((node) => (node.kind === 'and' ? node.nodes : [node])));
}
