/** Runs requests: finds the command, gives it what it needs, and turns every outcome into a reply. */
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, errorReply, unsupported } from '../errors.js';
import { isDoc } from '../bson/value.js';
import type { Doc } from '../bson/value.js';
import { startTimeSlice } from '../plan/time-slice.js';
import type { Store } from '../store/store.js';
import type { Request } from '../wire/message.js';
import { countField, scopeWithLet } from './call.js';
import type { Call, Engine, Reply, Task } from './call.js';
import { createCursors } from './cursors.js';
import { createFailPoints } from './fail-points.js';
import type { Failure } from './fail-points.js';
import { createGroupCommit } from './group-commit.js';
import type { GroupCommit } from './group-commit.js';
import { createMetrics } from './metrics.js';
import type { Metrics } from './metrics.js';
import { findCommand } from './registry.js';
import { createScheduler } from './scheduler.js';
import { startMaintenance } from './maintenance.js';

/** Who asks. */
export interface Client {
  /** False if any user of the machine could be asking. */
  readonly isPrivate: boolean;
  readonly isGone: () => boolean;
}

/** What a request comes to: a reply, or a connection that is cut. */
export type Outcome = { readonly reply: Reply } | 'cut';

export interface Dispatcher {
  readonly execute: (request: Request, client: Client) => Promise<Outcome>;
  readonly metrics: Metrics;
  /** From now on the store is not touched any more: what is under way is answered 11600. */
  readonly stop: () => void;
}

/** Drives a read, with a turn for others at every pause. Throws 11600 and 11601 when there is nobody left to answer. */
async function drive(started: Task | Reply | Promise<Reply>, call: Call, interrupted: () => void): Promise<Reply> {
  if (started instanceof Promise || !(Symbol.iterator in started)) return started;
  const task = started as Task;
  for (let next = task.next(); ; next = task.next()) {
    if (next.done) return next.value;
    await call.engine.scheduler.next();
    interrupted();
    call.timeSlice.resume();
  }
}

const READ_CONCERNS = new Set(['local', 'available', 'majority', 'linearizable', 'snapshot']);

/** Refuses transactions (20) and what is not a read concern (9). */
function checkOptions(body: Doc): void {
  if (body['startTransaction'] === true || body['autocommit'] === false) throw unsupported(20, 'a transaction');
  const concern = body['readConcern'];
  const level = isDoc(concern) ? concern['level'] : undefined;
  if (level !== undefined && !READ_CONCERNS.has(String(level))) {
    throw new CommandError(
      9,
      `Enumeration value '${String(level)}' for field 'readConcern.level' is not a valid value.`,
    );
  }
}

/** Commands whose own meaning of `let` is per statement, or which have none. */
const OWN_LET = new Set(['update', 'delete', 'findAndModify', 'findandmodify', 'bulkWrite']);

function makeCall(engine: Engine, name: string, request: Request): Call {
  const { body, sequences } = request;
  checkOptions(body);
  const db = typeof body['$db'] === 'string' ? body['$db'] : 'test';
  const maxTime = name === 'getMore' ? 0 : countField(body, 'maxTimeMS', 0);
  const variables = OWN_LET.has(name) ? undefined : body['let'];
  const scope = scopeWithLet(new Date(), variables);
  return { engine, store: engine.store, name, db, body, sequences, timeSlice: startTimeSlice(maxTime), scope };
}

interface Machine {
  readonly engine: Engine;
  readonly commits: GroupCommit;
  readonly isStopped: () => boolean;
}

async function run({ engine, commits, isStopped }: Machine, request: Request, client: Client): Promise<Reply> {
  const [name = ''] = Object.keys(request.body);
  const interrupted = (): void => {
    if (isStopped()) throw new CommandError(11600, 'the store is shutting down');
    if (client.isGone()) throw new CommandError(11601, 'operation was interrupted because a client disconnected');
  };
  try {
    interrupted();
    const command = findCommand(name, { testCommands: engine.testCommands, isPrivate: client.isPrivate });
    const call = makeCall(engine, name, request);
    if (command.writes) return await commits.run(() => command.run(call), call.timeSlice);
    return await drive(command.run(call), call, interrupted);
  } catch (error) {
    return errorReply(error);
  }
}

async function runStruck(failure: Failure, proceed: () => Promise<Reply>): Promise<Outcome> {
  if (failure.delayMs) await delay(failure.delayMs);
  const reply = failure.afterEffect || (!failure.error && !failure.closeConnection) ? await proceed() : {};
  if (failure.closeConnection) return 'cut';
  if (failure.error) return { reply: errorReply(failure.error) };
  return { reply: failure.writeConcernError ? { ...reply, writeConcernError: failure.writeConcernError } : reply };
}

interface Options {
  readonly testCommands: boolean;
  /** Tells this run of the store from all others. */
  readonly instance: string;
}

/** An engine over an open store. */
export function createDispatcher(store: Store, { testCommands, instance }: Options): Dispatcher {
  const metrics = createMetrics();
  const cursors = createCursors();
  const failPoints = createFailPoints();
  const commits = createGroupCommit(store, metrics);
  const maintenance = startMaintenance({ store, cursors, commits });
  const engine: Engine = {
    store,
    cursors,
    metrics,
    failPoints,
    testCommands,
    instance,
    scheduler: createScheduler(),
    building: new Set(),
    setTtlSeconds: maintenance.setTtlSeconds,
  };
  let stopped = false;
  const machine: Machine = { engine, commits, isStopped: () => stopped };
  const execute: Dispatcher['execute'] = async (request, client) => {
    const [name = ''] = Object.keys(request.body);
    const namespace = `${String(request.body['$db'])}.${String(request.body[name])}`;
    const failure = testCommands ? failPoints.strike(name, namespace) : null;
    const proceed = (): Promise<Reply> => run(machine, request, client);
    return failure ? runStruck(failure, proceed) : { reply: await proceed() };
  };
  const stop = (): void => {
    stopped = true;
    maintenance.stop();
    commits.stop();
  };
  return { execute, metrics, stop };
}
