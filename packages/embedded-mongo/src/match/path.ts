/** Walking a dotted path through a document as queries do. */
import { type Doc, getField, isDoc, type Maybe, type Value } from '../bson/value.js';

const indexPattern = /^(?:0|[1-9]\d*)$/;

/** The parts of a dotted path. */
export function splitPath(path: string): string[] {
  return path.split('.');
}

/** The array position that a path part names, or -1. */
export function arrayIndex(part: string): number {
  return indexPattern.test(part) ? Number(part) : -1;
}

/** Receives what a path leads to; `index` is the position in the outermost array passed through. True ends the walk. */
export type Visit = (value: Maybe, index: number) => boolean;

/**
 * Visits every value a query path leads to: through embedded documents, through the documents in arrays, and by array
 * position. A document without the field visits `undefined`; arrays without documents visit nothing on the way.
 * With `expand`, an array at the end is visited element by element and then as a whole. True if a visit returned true.
 */
export function walkPath(source: Doc, parts: readonly string[], expand: boolean, visit: Visit): boolean {
  return walkDoc({ parts, expand, visit }, source, 0, -1);
}

interface PathWalk {
  parts: readonly string[];
  expand: boolean;
  visit: Visit;
}

function walkDoc(job: PathWalk, source: Doc, depth: number, index: number): boolean {
  const value = getField(source, job.parts[depth] ?? '');
  if (depth === job.parts.length - 1) return visitLeaf(job, value, index);
  if (isDoc(value)) return walkDoc(job, value, depth + 1, index);
  if (Array.isArray(value)) return walkArray(job, value, depth + 1, index);
  return job.visit(undefined, index);
}

function visitLeaf(job: PathWalk, value: Maybe, index: number): boolean {
  if (job.expand && Array.isArray(value)) {
    for (let position = 0; position < value.length; position++) {
      if (job.visit(value[position], index < 0 ? position : index)) return true;
    }
  }
  return job.visit(value, index);
}

function walkArray(job: PathWalk, list: readonly Value[], depth: number, index: number): boolean {
  const named = arrayIndex(job.parts[depth] ?? '');
  for (let position = 0; position < list.length; position++) {
    const item = list[position];
    const outer = index < 0 ? position : index;
    if (isDoc(item) && walkDoc(job, item, depth, outer)) return true;
    if (position === named && walkPosition(job, item, depth, outer)) return true;
  }
  return false;
}

function walkPosition(job: PathWalk, item: Maybe, depth: number, index: number): boolean {
  if (depth === job.parts.length - 1) return job.visit(item, index);
  if (isDoc(item)) return walkDoc(job, item, depth + 1, index);
  return Array.isArray(item) && walkArray(job, item, depth + 1, index);
}
