/** Applies a compiled projection to documents. */
import { type Doc, getField, isDoc, type Maybe, setField, type Value } from '../bson/value.js';
import type { Evaluate, Scope } from '../expressions/expression.js';

export type ProjectionLeaf =
  | { kind: 'include' | 'exclude' }
  | { kind: 'compute'; evaluate: Evaluate }
  | { kind: 'array'; pick: (list: Value[], doc: Doc) => Maybe; isInclusion: boolean };
export type ProjectionTree = Map<string, ProjectionLeaf | ProjectionTree>;

interface ProjectionInput {
  doc: Doc;
  scope: Scope;
}

export function include(tree: ProjectionTree, source: Doc, input: ProjectionInput): Doc {
  const result: Doc = {};
  for (const name of Object.keys(source)) {
    const node = tree.get(name);
    const value = node && includeValue(node, getField(source, name), input);
    if (value !== undefined) setField(result, name, value);
  }
  for (const [name, node] of tree) addComputed(result, name, node, input);
  return result;
}

function includeValue(node: ProjectionLeaf | ProjectionTree, value: Maybe, input: ProjectionInput): Maybe {
  if (node instanceof Map) {
    if (isDoc(value)) return include(node, value, input);
    if (Array.isArray(value)) {
      return value.map((item) => includeValue(node, item, input)).filter((item) => item !== undefined);
    }
    return hasComputed(node) ? include(node, {}, input) : undefined;
  }
  if (node.kind === 'include') return value;
  if (node.kind === 'array')
    return Array.isArray(value) ? node.pick(value, input.doc) : node.isInclusion ? undefined : value;
  return undefined;
}

function addComputed(result: Doc, name: string, node: ProjectionLeaf | ProjectionTree, input: ProjectionInput): void {
  if (node instanceof Map) {
    if (!(name in result) && hasComputed(node)) setField(result, name, include(node, {}, input));
    return;
  }
  if (node.kind !== 'compute') return;
  const value = node.evaluate(input.doc, input.scope.variables);
  if (value !== undefined) setField(result, name, value);
}

function hasComputed(tree: ProjectionTree): boolean {
  return [...tree.values()].some((node) => (node instanceof Map ? hasComputed(node) : node.kind === 'compute'));
}

export function exclude(tree: ProjectionTree, source: Doc, input: ProjectionInput): Doc {
  const result: Doc = {};
  for (const name of Object.keys(source)) {
    const value = excludeValue(tree.get(name), getField(source, name), input);
    if (value !== undefined) setField(result, name, value);
  }
  return result;
}

function excludeValue(node: ProjectionLeaf | ProjectionTree | undefined, value: Maybe, input: ProjectionInput): Maybe {
  if (!node) return value;
  if (node instanceof Map) {
    if (isDoc(value)) return exclude(node, value, input);
    return Array.isArray(value) ? value.map((item) => excludeValue(node, item, input) ?? null) : value;
  }
  if (node.kind === 'exclude') return undefined;
  return node.kind === 'array' && Array.isArray(value) ? node.pick(value, input.doc) : value;
}
