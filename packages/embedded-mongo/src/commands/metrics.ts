/** The counters that `serverStatus` shows. */
import type { Doc } from '../bson/value.js';

export interface Metrics {
  /** Counts a query that read a whole collection. */
  recordScan(namespace: string): void;
  /** Counts a transaction and the commands that shared it. */
  recordCommit(commands: number): void;
  setConnections(count: number): void;
  report(): Doc;
}

export function createMetrics(): Metrics {
  const scans = new Map<string, number>();
  const startedAt = Date.now();
  let transactions = 0;
  let commands = 0;
  let connections = 0;
  return {
    recordScan: (namespace) => void scans.set(namespace, (scans.get(namespace) ?? 0) + 1),
    recordCommit(count) {
      transactions++;
      commands += count;
    },
    setConnections(count) {
      connections = count;
    },
    report: () => ({
      uptimeMillis: BigInt(Date.now() - startedAt),
      uptime: Math.round((Date.now() - startedAt) / 1000),
      localTime: new Date(),
      connections: { current: connections },
      storageEngine: { name: 'lmdb', persistent: true },
      metrics: {
        queryExecutor: {
          collectionScans: {
            total: BigInt([...scans.values()].reduce((sum, count) => sum + count, 0)),
            byNamespace: Object.fromEntries([...scans].map(([name, count]) => [name.replaceAll('.', '/'), count])),
          },
        },
        groupCommit: { transactions: BigInt(transactions), commands: BigInt(commands) },
      },
    }),
  };
}
