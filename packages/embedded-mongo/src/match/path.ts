/** Walks dotted paths through documents the way queries do. */
import { getField, isDoc, type Doc, type Maybe, type Value } from '../bson/value.js';

const indexPattern = /^(?:0|[1-9]\d*)$/;

export function splitPath(path: string): string[] {
  return path.split('.');
}

/** Returns the array position that a part of a path names, or -1. */
export function arrayIndex(part: string): number {
  return indexPattern.test(part) ? Number(part) : -1;
}

/** Receives a value at the path; `index` is the position in the outermost array on the way, or -1. True ends the walk. */
export type Visit = (value: Maybe, index: number) => boolean;

/**
 * Visits every value at a path: in embedded documents, in the documents of arrays, and at array positions. A document
 * without the field visits `undefined`; an array without documents in the middle of a path visits nothing. With `expand`,
 * an array at the end is visited element by element and then as a whole. Returns true if a visit did.
 */
export function walkPath(source: Doc, parts: readonly string[], expand: boolean, visit: Visit): boolean {
  return walkDoc({ parts, expand, visit }, source, 0, -1);
}

interface PathWalk {
  parts: readonly string[];
  expand: boolean;
  visit: Visit;
}

function walkDoc(walk: PathWalk, source: Doc, depth: number, index: number): boolean {
  const value = getField(source, walk.parts[depth] ?? '');
  if (depth === walk.parts.length - 1) return visitLeaf(walk, value, index);
  if (isDoc(value)) return walkDoc(walk, value, depth + 1, index);
  if (Array.isArray(value)) return walkArray(walk, value, depth + 1, index);
  return walk.visit(undefined, index);
}

function visitLeaf(walk: PathWalk, value: Maybe, index: number): boolean {
  if (walk.expand && Array.isArray(value)) {
    for (let position = 0; position < value.length; position++) {
      if (walk.visit(value[position], index < 0 ? position : index)) return true;
    }
  }
  return walk.visit(value, index);
}

function walkArray(walk: PathWalk, list: readonly Value[], depth: number, index: number): boolean {
  const named = arrayIndex(walk.parts[depth] ?? '');
  for (let position = 0; position < list.length; position++) {
    const item = list[position];
    const outer = index < 0 ? position : index;
    if (isDoc(item) && walkDoc(walk, item, depth, outer)) return true;
    if (position === named && walkPosition(walk, item, depth, outer)) return true;
  }
  return false;
}

function walkPosition(walk: PathWalk, item: Maybe, depth: number, index: number): boolean {
  if (depth === walk.parts.length - 1) return walk.visit(item, index);
  if (isDoc(item)) return walkDoc(walk, item, depth + 1, index);
  return Array.isArray(item) && walkArray(walk, item, depth + 1, index);
}
