/** Commands about the server and the connection. */
import { ObjectId } from 'bson';
import { maxDocumentBytes } from '../store/records.js';
import { maxMessageBytes } from '../wire/message.js';
import type { Call, Reply } from './call.js';

/** MongoDB 8.0: the version whose `bulkWrite` command drivers may use. */
const WIRE_VERSION = 25;
const VERSION = '8.0.0';

/** `hello`: a standalone server, so that drivers use no transactions and no retryable writes. */
export function hello(call: Call): Reply {
  const modern = call.name === 'hello';
  return {
    ...(modern ? { isWritablePrimary: true } : { ismaster: true }),
    helloOk: true,
    maxBsonObjectSize: maxDocumentBytes,
    maxMessageSizeBytes: maxMessageBytes,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: 30,
    connectionId: 1,
    minWireVersion: 0,
    maxWireVersion: WIRE_VERSION,
    readOnly: false,
    ok: 1,
  };
}

/** `buildInfo`. */
export function buildInfo(): Reply {
  return {
    version: VERSION,
    versionArray: [8, 0, 0, 0],
    modules: ['embedded'],
    bits: 64,
    maxBsonObjectSize: maxDocumentBytes,
    storageEngines: ['lmdb'],
    ok: 1,
  };
}

/** `serverStatus`. */
export function serverStatus(call: Call): Reply {
  const { metrics, cursors } = call.engine;
  const report = metrics.report();
  const { metrics: inner } = report;
  return {
    host: 'localhost',
    version: VERSION,
    process: 'embedded-mongo',
    pid: BigInt(process.pid),
    instance: call.engine.instance,
    ...report,
    metrics: { ...(inner as Reply), cursor: { open: { total: BigInt(cursors.size()) } } },
    mem: { resident: Math.round(process.memoryUsage.rss() / 1048576) },
    ok: 1,
  };
}

const ok = (): Reply => ({ ok: 1 });

export const HANDSHAKE: Readonly<Record<string, (call: Call) => Reply>> = {
  hello,
  isMaster: hello,
  ismaster: hello,
  ping: ok,
  buildInfo,
  buildinfo: buildInfo,
  serverStatus,
  startSession: () => ({ id: { id: new ObjectId() }, timeoutMinutes: 30, ok: 1 }),
  endSessions: ok,
  refreshSessions: ok,
  killSessions: ok,
  logout: ok,
  connectionStatus: () => ({ authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] }, ok: 1 }),
  whatsmyuri: () => ({ you: 'local', ok: 1 }),
  getParameter: () => ({ featureCompatibilityVersion: { version: '8.0' }, ok: 1 }),
};
