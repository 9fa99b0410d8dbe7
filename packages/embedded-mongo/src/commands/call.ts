/** What a command gets to work with. */
import { CommandError, unsupported } from '../errors.js';
import { decode } from '../bson/decode.js';
import type { Encodable } from '../bson/encode.js';
import { isDoc, isNumeric, typeName } from '../bson/value.js';
import type { Doc, Maybe, Value } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { compileExpression, rootScope } from '../expressions/expression.js';
import type { Scope } from '../expressions/expression.js';
import type { TimeSlice, pause } from '../plan/time-slice.js';
import type { Store } from '../store/store.js';
import type { Table } from '../store/table.js';
import type { Cursors } from './cursors.js';
import type { FailPoints } from './fail-points.js';
import type { Metrics } from './metrics.js';
import type { Scheduler } from './scheduler.js';

export type Reply = { [key: string]: Encodable };
/** A command under way: it gives a reply in the end, and pauses now and then. */
export type Task = Generator<typeof pause, Reply>;

/** What all commands of a server share. */
export interface Engine {
  readonly store: Store;
  readonly cursors: Cursors;
  readonly metrics: Metrics;
  readonly failPoints: FailPoints;
  readonly testCommands: boolean;
  /** Tells this run of the store from all others. */
  readonly instance: string;
  readonly scheduler: Scheduler;
  /** Numbers of the indexes that a command is building. */
  readonly building: Set<number>;
  /** Set by `setParameter ttlMonitorSleepSecs`, in test builds. */
  readonly setTtlSeconds: (seconds: number) => void;
}

export interface Call {
  readonly engine: Engine;
  readonly store: Store;
  readonly name: string;
  readonly db: string;
  readonly body: Doc;
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
  readonly timeSlice: TimeSlice;
  readonly scope: Scope;
}

/** A field that must be a string. Throws 14. */
export function stringField(body: Doc, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') {
    throw new CommandError(14, `BSON field '${name}' is the wrong type '${typeName(value)}', expected type 'string'`);
  }
  return value;
}

/** A field that must be a document if it is there. Throws 14. */
export function docField(body: Doc, name: string): Doc {
  const value = body[name];
  if (value === undefined || value === null) return {};
  if (!isDoc(value)) {
    throw new CommandError(14, `BSON field '${name}' is the wrong type '${typeName(value)}', expected type 'object'`);
  }
  return value;
}

/** A field that must be a list of documents if it is there. Throws 14. */
export function docsField(body: Doc, name: string): Doc[] {
  const value = body[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    throw new CommandError(14, `BSON field '${name}' is the wrong type '${typeName(value)}', expected type 'array'`);
  }
  return value.map((item) => {
    if (!isDoc(item))
      throw new CommandError(14, `BSON field '${name}' is the wrong type '${typeName(item)}', expected type 'object'`);
    return item;
  });
}

/** A whole number that is not negative, or the default. Throws 14 and 51024. */
export function countField(body: Doc, name: string, otherwise: number): number {
  const value = body[name];
  if (value === undefined || value === null) return otherwise;
  if (!isNumeric(value)) {
    throw new CommandError(
      14,
      `BSON field '${name}' is the wrong type '${typeName(value)}', expected types '[long, int, decimal, double]'`,
    );
  }
  const number = Math.trunc(toDouble(value));
  if (number < 0) throw new CommandError(51024, `BSON field '${name}' value must be >= 0, actual value '${number}'`);
  return number;
}

/** True for `true` and for numbers other than zero. */
export function flagField(body: Doc, name: string, otherwise = false): boolean {
  const value = body[name];
  if (value === undefined || value === null) return otherwise;
  return isNumeric(value) ? toDouble(value) !== 0 : value === true;
}

/** The statements of a write command: from beside the body or from inside it. */
export function statements(call: Call, field: string): Doc[] {
  const beside = call.sequences.get(field);
  return beside ? beside.map(decode) : docsField(call.body, field);
}

/** Refuses what this store leaves out wherever it is given: collation other than the simple one. */
export function refuseCollation(options: Doc): void {
  const collation = options['collation'];
  if (!isDoc(collation) || !Object.keys(collation).length || collation['locale'] === 'simple') return;
  throw unsupported(115, 'a collation');
}

/** The scope of a statement, with the variables of its `let`. */
export function scopeWithLet(now: Date, given: Maybe): Scope {
  const scope = rootScope(now);
  if (!isDoc(given)) return scope;
  const values = Object.entries(given).map(([name, operand]): [string, Maybe] => {
    return [name, compileExpression(operand, scope)({}, scope.variables)];
  });
  return rootScope(now, Object.fromEntries(values));
}

const BAD_NAME = /^$|^\.|\.$|\.\.|\$|\0/;

/** The table of a command, if it exists. Throws 73 for an invalid name. */
export function findTable(call: Call, name: Value | undefined): Table | undefined {
  if (typeof name !== 'string') {
    throw new CommandError(73, `collection name has invalid type ${typeName(name)}`);
  }
  if (BAD_NAME.test(name)) throw new CommandError(73, `Invalid namespace specified '${call.db}.${name}'`);
  return call.store.catalogue.find(call.db, name);
}

/** The table of a write, made if it is not there. Runs inside a transaction. */
export function tableForWrite(call: Call, name: Value | undefined): Table {
  const found = findTable(call, name);
  if (found) return found;
  if (/[/\\. "$*<>:|?\0]|^$/.test(call.db)) throw new CommandError(73, `Invalid database name: '${call.db}'`);
  return call.store.catalogue.create(call.db, String(name), {});
}
