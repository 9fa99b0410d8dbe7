/** Locates and changes the value at an update path. */
import { CommandError } from '../errors.js';
import { getField, isDoc, setField, type Doc, type Maybe, type Value, typeName } from '../bson/value.js';
import { arrayIndex } from '../match/path.js';

const maxPadding = 1_500_000;

/** The location of a path: the container, and the name or position in it. */
export interface Target {
  container: Doc | Value[];
  key: string;
  value: Maybe;
}

function child(container: Doc | Value[], key: string): Maybe {
  if (!Array.isArray(container)) return getField(container, key);
  const index = arrayIndex(key);
  return index < 0 ? undefined : container[index];
}

/** Follows a path without creating anything. Returns null if a container on the way is missing. */
export function locate(doc: Doc, parts: readonly string[]): Target | null {
  let container: Doc | Value[] = doc;
  for (const part of parts.slice(0, -1)) {
    const next: Maybe = child(container, part);
    if (!isDoc(next) && !Array.isArray(next)) return null;
    container = next;
  }
  const key = parts.at(-1) ?? '';
  if (Array.isArray(container) && arrayIndex(key) < 0) return null;
  return { container, key, value: child(container, key) };
}

function notViable(key: string, parent: string, value: Maybe): CommandError {
  return new CommandError(28, `Cannot create field '${key}' in element {${parent}: ${formatValue(value)}}`);
}

/** Formats a value for error messages. */
export function formatValue(value: Maybe): string {
  if (typeof value === 'string') return `"${value}"`;
  if (typeof value === 'object' && value !== null) {
    if (Array.isArray(value)) return `[ ${value.map(formatValue).join(', ')} ]`;
    if (isDoc(value))
      return `{ ${Object.entries(value)
        .map(([name, item]) => `${name}: ${formatValue(item)}`)
        .join(', ')} }`;
    if (typeName(value) === 'objectId') return `ObjectId('${String(value)}')`;
    if (value instanceof Date) return `new Date(${value.getTime()})`;
  }
  return String(value);
}

/** Follows a path and creates missing embedded documents. Throws 28 if a scalar is in the way. */
export function locateOrCreate(doc: Doc, parts: readonly string[]): Target {
  let container: Doc | Value[] = doc;
  parts.slice(0, -1).forEach((part, depth) => {
    let next: Maybe = child(container, part);
    if (next === undefined) {
      checkKey(container, part, parts[depth - 1] ?? '');
      next = {};
      setAt(container, part, next);
    }
    if (!isDoc(next) && !Array.isArray(next)) throw notViable(parts[depth + 1] ?? '', part, next);
    container = next;
  });
  const key = parts.at(-1) ?? '';
  checkKey(container, key, parts.at(-2) ?? '');
  return { container, key, value: child(container, key) };
}

function checkKey(container: Doc | Value[], key: string, parent: string): void {
  if (Array.isArray(container) && arrayIndex(key) < 0) throw notViable(key, parent, container);
}

/** Sets a field or an array element. An array is padded with nulls up to the position. */
export function setAt(container: Doc | Value[], key: string, value: Value): void {
  if (!Array.isArray(container)) {
    setField(container, key, value);
    return;
  }
  const index = arrayIndex(key);
  if (index - container.length > maxPadding) {
    throw new CommandError(2, `can't backfill more than ${maxPadding} elements`);
  }
  while (container.length < index) container.push(null);
  container[index] = value;
}

/** Removes a field; an array element becomes null. */
export function removeAt(target: Target): void {
  if (target.value === undefined) return;
  if (Array.isArray(target.container)) target.container[arrayIndex(target.key)] = null;
  else Reflect.deleteProperty(target.container, target.key);
}
