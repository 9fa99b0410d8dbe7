/** Commands about the server, the connection and its sessions. */
import { ObjectId } from 'bson';
import { isNumeric } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { CommandError } from '../errors.js';
import { maxDocumentBytes } from '../store/records.js';
import { maxMessageBytes } from '../wire/message.js';
import { type Call, type Reply, stringField } from './call.js';

/** MongoDB 8.0: the first version whose `bulkWrite` command drivers may use. */
const wireVersion = 25;
const serverVersion = '8.0.0';

/** `hello`: presents a standalone server, so that drivers use neither transactions nor retryable writes. */
export function hello(call: Call): Reply {
  return {
    ...(call.name === 'hello' ? { isWritablePrimary: true } : { ismaster: true }),
    helloOk: true,
    maxBsonObjectSize: maxDocumentBytes,
    maxMessageSizeBytes: maxMessageBytes,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: 30,
    connectionId: 1,
    minWireVersion: 0,
    maxWireVersion: wireVersion,
    readOnly: false,
    ok: 1,
  };
}

export function buildInfo(): Reply {
  return {
    version: serverVersion,
    versionArray: [8, 0, 0, 0],
    modules: ['embedded'],
    bits: 64,
    maxBsonObjectSize: maxDocumentBytes,
    storageEngines: ['lmdb'],
    ok: 1,
  };
}

export function serverStatus(call: Call): Reply {
  const { metrics, cursors, instance } = call.engine;
  const report = metrics.report();
  return {
    host: 'localhost',
    version: serverVersion,
    process: 'embedded-mongo',
    pid: BigInt(process.pid),
    instance,
    ...report,
    metrics: { ...(report['metrics'] as Reply), cursor: { open: { total: BigInt(cursors.size()) } } },
    mem: { resident: Math.round(process.memoryUsage.rss() / 1048576) },
    ok: 1,
  };
}

/** `{ backupTo: '/absolute/file' }`, a command of this store alone: writes a compact, consistent copy of all data. Throws 2 if it cannot. */
export async function backupTo(call: Call): Promise<Reply> {
  const file = stringField(call.body, 'backupTo');
  try {
    await call.store.backup(file);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(2, `cannot write a backup to ${file}: ${reason}`);
  }
  return { ok: 1 };
}

export function configureFailPoint(call: Call): Reply {
  call.engine.failPoints.configure(call.body);
  return { count: 0, ok: 1 };
}

/** `setParameter`, for the intervals that tests shorten. Throws 72 for any other parameter. */
export function setParameter(call: Call): Reply {
  const { ttlMonitorSleepSecs: seconds, cursorTimeoutMillis: millis } = call.body;
  if (isNumeric(seconds)) call.engine.setTtlSeconds(toDouble(seconds));
  else if (isNumeric(millis)) call.engine.cursors.setTimeoutMs(toDouble(millis));
  else throw new CommandError(72, 'no option found to set');
  return { ok: 1 };
}

export const ok = (): Reply => ({ ok: 1 });
export const startSession = (): Reply => ({ id: { id: new ObjectId() }, timeoutMinutes: 30, ok: 1 });
export const connectionStatus = (): Reply => ({
  authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] },
  ok: 1,
});
export const whatsMyUri = (): Reply => ({ you: 'local', ok: 1 });
export const getParameter = (): Reply => ({ featureCompatibilityVersion: { version: '8.0' }, ok: 1 });
