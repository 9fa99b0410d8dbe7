/** The stages that transform single documents, in pipelines and in updates: `$set`, `$unset`, `$project`, `$replaceRoot`. */
import { CommandError } from '../errors.js';
import { getField, isDoc, setField, type Doc, type Maybe, type Value, typeName } from '../bson/value.js';
import { compileExpression, type Evaluate, type Scope } from '../expressions/expression.js';
import { compileProjection } from './projection.js';

export type Transform = (doc: Doc) => Doc;

/** The fields to set, as a tree of embedded documents with expressions at the leaves. */
type Assignments = Map<string, Evaluate | Assignments>;

function addAssignment(tree: Assignments, parts: readonly string[], operand: Value, scope: Scope): void {
  const [first = '', ...rest] = parts;
  if (first === '' || first.startsWith('$'))
    throw new CommandError(
      16410,
      `Invalid $set :: caused by :: FieldPath field names may not start with '$' or be empty.`,
    );
  const existing = tree.get(first);
  const isNested = isDoc(operand) && Object.keys(operand).length > 0 && !Object.keys(operand)[0]?.startsWith('$');
  if (!rest.length && !isNested) {
    if (existing) throw new CommandError(40176, `specification contains two conflicting paths: '${first}'`);
    tree.set(first, compileExpression(operand, scope));
    return;
  }
  if (existing && !(existing instanceof Map))
    throw new CommandError(40176, `specification contains two conflicting paths: '${first}'`);
  const below: Assignments = existing ?? new Map<string, Evaluate | Assignments>();
  tree.set(first, below);
  if (rest.length) return addAssignment(below, rest, operand, scope);
  for (const [name, item] of Object.entries(operand as Doc)) addAssignment(below, name.split('.'), item, scope);
}

function applyAssignments(tree: Assignments, target: Maybe, root: Doc, scope: Scope): Value {
  if (Array.isArray(target)) return target.map((item) => applyAssignments(tree, item, root, scope));
  const result: Doc = isDoc(target) ? { ...target } : {};
  for (const [name, item] of tree) {
    const value =
      item instanceof Map ? applyAssignments(item, getField(result, name), root, scope) : item(root, scope.variables);
    if (value === undefined) Reflect.deleteProperty(result, name);
    else setField(result, name, value);
  }
  return result;
}

/** `$set` and `$addFields`. A dotted name sets the field in every document of an array on the path. */
export function compileSet(operand: Value, scope: Scope): Transform {
  if (!isDoc(operand))
    throw new CommandError(40272, `$set specification stage must be an object, got ${typeName(operand)}`);
  const tree: Assignments = new Map();
  for (const [name, item] of Object.entries(operand)) addAssignment(tree, name.split('.'), item, scope);
  return (doc) => applyAssignments(tree, doc, doc, scope) as Doc;
}

/** `$unset`, with one name or a list of names. */
export function compileUnset(operand: Value, scope: Scope): Transform {
  const names = Array.isArray(operand) ? operand : [operand];
  if (!names.length || !names.every((name) => typeof name === 'string')) {
    throw new CommandError(31002, '$unset specification must be a string or an array of strings');
  }
  return compileProjection(Object.fromEntries(names.map((name) => [String(name), 0])), { scope, aggregate: true });
}

/** `$replaceRoot` and `$replaceWith`. The result throws 40228 if the new root is not a document. */
export function compileReplaceRoot(operand: Value, scope: Scope): Transform {
  const evaluate = compileExpression(operand, scope);
  return (doc) => {
    const root = evaluate(doc, scope.variables);
    if (!isDoc(root)) {
      throw new CommandError(
        40228,
        `'newRoot' expression must evaluate to an object, but resulting value was of type: ${typeName(root)}`,
      );
    }
    return root;
  };
}

function newRootOf(operand: Value): Value {
  if (!isDoc(operand) || operand['newRoot'] === undefined)
    throw new CommandError(40231, 'no newRoot specified for the $replaceRoot stage');
  return operand['newRoot'];
}

/** The stages that transform single documents, by name. */
export const transforms: Readonly<Record<string, (operand: Value, scope: Scope) => Transform>> = {
  $set: compileSet,
  $addFields: compileSet,
  $unset: compileUnset,
  $project: (operand, scope) => {
    if (!isDoc(operand)) throw new CommandError(15969, '$project specification must be an object');
    if (!Object.keys(operand).length) {
      throw new CommandError(
        51272,
        'Invalid $project :: caused by :: projection specification must have at least one field',
      );
    }
    return compileProjection(operand, { scope, aggregate: true });
  },
  $replaceRoot: (operand, scope) => compileReplaceRoot(newRootOf(operand), scope),
  $replaceWith: compileReplaceRoot,
};

/** Parses a stage document into its name and operand. Throws 40323 if there is not exactly one field. */
export function parseStage(stage: Value): [name: string, operand: Value] {
  const entries = isDoc(stage) ? Object.entries(stage) : [];
  const [only] = entries;
  if (!only || entries.length > 1) {
    throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.');
  }
  return only;
}

/** Compiles a pipeline-style update. Throws 72 for a stage that updates do not allow. */
export function compileTransformPipeline(pipeline: readonly Value[], scope: Scope): Transform {
  const steps = pipeline.map((stage) => {
    const [name, operand] = parseStage(stage);
    const compile = Object.hasOwn(transforms, name) ? transforms[name] : undefined;
    if (!compile) throw new CommandError(72, `${name} is not allowed to be used within an update`);
    return compile(operand, scope);
  });
  return (doc) => steps.reduce((result, step) => step(result), doc);
}
