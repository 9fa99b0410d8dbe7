/** The context of one command, and how it reads its fields. */
import { CommandError, unsupported } from '../errors.js';
import { decode } from '../bson/decode.js';
import type { Encodable } from '../bson/encode.js';
import { type Doc, isDoc, isNumeric, type Maybe, typeName, type Value } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { compileExpression, rootScope, type Scope } from '../expressions/expression.js';
import type { pause, TimeSlice } from '../plan/time-slice.js';
import type { Store } from '../store/store.js';
import type { Table } from '../store/table.js';
import type { Cursors } from './cursors.js';
import type { FailPoints } from './fail-points.js';
import type { Metrics } from './metrics.js';
import type { Scheduler } from './scheduler.js';

export type Reply = { [key: string]: Encodable };
/** A command in progress: it pauses now and then, and returns a reply in the end. */
export type Task = Generator<typeof pause, Reply>;

/** What all commands of a server share. */
export interface Engine {
  store: Store;
  cursors: Cursors;
  metrics: Metrics;
  failPoints: FailPoints;
  testCommands: boolean;
  /** Identifies this run of the store. */
  instance: string;
  scheduler: Scheduler;
  /** The numbers of the indexes that commands are building. */
  building: Set<number>;
  /** Set by `setParameter ttlMonitorSleepSecs`, in test builds. */
  setTtlSeconds: (seconds: number) => void;
}

export interface Call {
  engine: Engine;
  store: Store;
  name: string;
  db: string;
  body: Doc;
  sequences: ReadonlyMap<string, readonly Buffer[]>;
  timeSlice: TimeSlice;
  scope: Scope;
}

function wrongType(name: string, value: Maybe, expected: string): CommandError {
  return new CommandError(14, `BSON field '${name}' is the wrong type '${typeName(value)}', expected ${expected}`);
}

/** Returns a field that must be a string. Throws 14. */
export function stringField(body: Doc, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw wrongType(name, value, "type 'string'");
  return value;
}

/** Returns a field that must be a document, or an empty one if it is absent. Throws 14. */
export function docField(body: Doc, name: string): Doc {
  const value = body[name];
  if (value === undefined || value === null) return {};
  if (!isDoc(value)) throw wrongType(name, value, "type 'object'");
  return value;
}

/** Returns a field that must be an array of documents, or an empty one if it is absent. Throws 14. */
export function docsField(body: Doc, name: string): Doc[] {
  const value = body[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrongType(name, value, "type 'array'");
  return value.map((item) => {
    if (!isDoc(item)) throw wrongType(name, item, "type 'object'");
    return item;
  });
}

/** Returns a whole number that is not negative, or the default if it is absent. Throws 14 and 51024. */
export function countField(body: Doc, name: string, fallback: number): number {
  const value = body[name];
  if (value === undefined || value === null) return fallback;
  if (!isNumeric(value)) throw wrongType(name, value, "types '[long, int, decimal, double]'");
  const number = Math.trunc(toDouble(value));
  if (number < 0) throw new CommandError(51024, `BSON field '${name}' value must be >= 0, actual value '${number}'`);
  return number;
}

/** Returns true for `true` and for numbers other than zero. */
export function flagField(body: Doc, name: string, fallback = false): boolean {
  const value = body[name];
  if (value === undefined || value === null) return fallback;
  return isNumeric(value) ? toDouble(value) !== 0 : value === true;
}

/** Returns the statements of a write command, whether they were sent inside the body or as a sequence of documents. */
export function statements(call: Call, field: string): Doc[] {
  const sequence = call.sequences.get(field);
  return sequence ? sequence.map(decode) : docsField(call.body, field);
}

/** Throws 115 for any collation but the simple one. */
export function rejectCollation(options: Doc): void {
  const collation = options['collation'];
  if (!isDoc(collation) || !Object.keys(collation).length || collation['locale'] === 'simple') return;
  throw unsupported(115, 'a collation');
}

/** Returns the scope of a statement, with the variables of its `let`. */
export function scopeWithLet(now: Date, variables: Maybe): Scope {
  const scope = rootScope(now);
  if (!isDoc(variables)) return scope;
  const values = Object.entries(variables).map(([name, operand]): [string, Maybe] => {
    return [name, compileExpression(operand, scope)({}, scope.variables)];
  });
  return rootScope(now, Object.fromEntries(values));
}

const invalidCollectionName = /^$|^\.|\.$|\.\.|\$|\0/;
const invalidDatabaseName = /[/\\. "$*<>:|?\0]|^$/;

/** Returns the table of a command, if it exists. Throws 73 for an invalid name. */
export function findTable(call: Call, name: Value | undefined): Table | undefined {
  if (typeof name !== 'string') {
    throw new CommandError(73, `collection name has invalid type ${typeName(name)}`);
  }
  if (invalidCollectionName.test(name)) {
    throw new CommandError(73, `Invalid namespace specified '${call.db}.${name}'`);
  }
  return call.store.catalogue.find(call.db, name);
}

/** Returns the table of a write, and creates it if it does not exist. Runs inside a transaction. */
export function tableForWrite(call: Call, name: Value | undefined): Table {
  const table = findTable(call, name);
  if (table) return table;
  if (invalidDatabaseName.test(call.db)) throw new CommandError(73, `Invalid database name: '${call.db}'`);
  return call.store.catalogue.create(call.db, String(name), {});
}
