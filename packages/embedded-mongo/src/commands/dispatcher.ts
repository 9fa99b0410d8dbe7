/** Runs requests: looks up the command, gives it its context, and turns every outcome into a reply. */
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, errorReply, unsupported } from '../errors.js';
import { type Doc, isDoc } from '../bson/value.js';
import { startTimeSlice } from '../plan/time-slice.js';
import type { Store } from '../store/store.js';
import type { Request } from '../wire/message.js';
import { type Call, countField, type Engine, type Reply, scopeWithLet, type Task } from './call.js';
import { createCursors } from './cursors.js';
import { createFailPoints, type Failure } from './fail-points.js';
import { createGroupCommit, type GroupCommit } from './group-commit.js';
import { startMaintenance } from './maintenance.js';
import { createMetrics, type Metrics } from './metrics.js';
import { findCommand } from './registry.js';
import { createScheduler } from './scheduler.js';

/** The client of a request. */
export interface Client {
  /** False if any user of the machine could have sent the request. */
  isPrivate: boolean;
  isDisconnected(): boolean;
}

/** The outcome of a request: a reply, or an order to close the connection. */
export type Outcome = { reply: Reply } | 'disconnect';

export interface Dispatcher {
  execute(request: Request, client: Client): Promise<Outcome>;
  metrics: Metrics;
  /** Stops all use of the store: commands in progress are answered with 11600. */
  stop(): void;
}

interface DispatcherOptions {
  testCommands: boolean;
  /** Identifies this run of the store. */
  instance: string;
}

interface Deps {
  engine: Engine;
  commits: GroupCommit;
  isStopped: () => boolean;
}

const readConcernLevels = new Set(['local', 'available', 'majority', 'linearizable', 'snapshot']);

/** Commands whose `let` applies to each statement, or that have none. */
const commandsWithoutSharedLet = new Set(['update', 'delete', 'findAndModify', 'findandmodify', 'bulkWrite']);

/** Throws 20 for transactions and 9 for an unknown read concern. */
function checkOptions(body: Doc): void {
  if (body['startTransaction'] === true || body['autocommit'] === false) throw unsupported(20, 'a transaction');
  const concern = body['readConcern'];
  const level = isDoc(concern) ? concern['level'] : undefined;
  if (level !== undefined && !readConcernLevels.has(String(level))) {
    throw new CommandError(
      9,
      `Enumeration value '${String(level)}' for field 'readConcern.level' is not a valid value.`,
    );
  }
}

function createCall(engine: Engine, name: string, request: Request): Call {
  const { body, sequences } = request;
  checkOptions(body);
  const db = typeof body['$db'] === 'string' ? body['$db'] : 'test';
  const maxTimeMs = name === 'getMore' ? 0 : countField(body, 'maxTimeMS', 0);
  const scope = scopeWithLet(new Date(), commandsWithoutSharedLet.has(name) ? undefined : body['let']);
  return { engine, store: engine.store, name, db, body, sequences, timeSlice: startTimeSlice(maxTimeMs), scope };
}

/** Runs a read, and lets others run at every pause. `checkInterrupted` throws if nobody is left to answer. */
async function runRead(
  started: Task | Reply | Promise<Reply>,
  call: Call,
  checkInterrupted: () => void,
): Promise<Reply> {
  if (started instanceof Promise || !(Symbol.iterator in started)) return started;
  const task = started as Task;
  for (let next = task.next(); ; next = task.next()) {
    if (next.done) return next.value;
    await call.engine.scheduler.next();
    checkInterrupted();
    call.timeSlice.resume();
  }
}

async function run({ engine, commits, isStopped }: Deps, request: Request, client: Client): Promise<Reply> {
  const [name = ''] = Object.keys(request.body);

  function checkInterrupted(): void {
    if (isStopped()) throw new CommandError(11600, 'the store is shutting down');
    if (client.isDisconnected()) {
      throw new CommandError(11601, 'operation was interrupted because a client disconnected');
    }
  }

  try {
    checkInterrupted();
    const command = findCommand(name, { testCommands: engine.testCommands, isPrivate: client.isPrivate });
    const call = createCall(engine, name, request);
    if (command.writes) return await commits.run(() => command.run(call), call.timeSlice);
    return await runRead(command.run(call), call, checkInterrupted);
  } catch (error) {
    return errorReply(error);
  }
}

async function runWithFailure(failure: Failure, proceed: () => Promise<Reply>): Promise<Outcome> {
  if (failure.delayMs) await delay(failure.delayMs);
  const reply = failure.afterEffect || (!failure.error && !failure.closeConnection) ? await proceed() : {};
  if (failure.closeConnection) return 'disconnect';
  if (failure.error) return { reply: errorReply(failure.error) };
  return { reply: failure.writeConcernError ? { ...reply, writeConcernError: failure.writeConcernError } : reply };
}

/** Creates the dispatcher of an open store and starts its maintenance. */
export function createDispatcher(store: Store, { testCommands, instance }: DispatcherOptions): Dispatcher {
  const metrics = createMetrics();
  const cursors = createCursors();
  const failPoints = createFailPoints();
  const commits = createGroupCommit(store, metrics);
  const { setTtlSeconds, stop: stopMaintenance } = startMaintenance({ store, cursors, commits });
  const scheduler = createScheduler();
  const building = new Set<number>();
  const shared = { store, cursors, metrics, failPoints, scheduler, building };
  let isStopped = false;
  const deps: Deps = {
    engine: { ...shared, testCommands, instance, setTtlSeconds },
    commits,
    isStopped: () => isStopped,
  };
  return {
    async execute(request, client) {
      const [name = ''] = Object.keys(request.body);
      const namespace = `${String(request.body['$db'])}.${String(request.body[name])}`;
      const failure = testCommands ? failPoints.trigger(name, namespace) : null;
      const proceed = (): Promise<Reply> => run(deps, request, client);
      return failure ? runWithFailure(failure, proceed) : { reply: await proceed() };
    },
    metrics,
    stop() {
      isStopped = true;
      stopMaintenance();
      commits.stop();
    },
  };
}
