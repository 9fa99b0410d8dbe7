/** Counters that serverStatus shows. */
import type { Doc } from '../bson/value.js';

export interface Metrics {
  /** Counts a query that went through a whole collection. */
  readonly scanned: (namespace: string) => void;
  readonly committed: (commands: number) => void;
  connections: number;
  readonly report: () => Doc;
}

/** New counters, all zero. */
export function createMetrics(): Metrics {
  const scans = new Map<string, number>();
  const started = Date.now();
  let commits = 0;
  let writes = 0;
  const metrics: Metrics = {
    connections: 0,
    scanned: (namespace) => scans.set(namespace, (scans.get(namespace) ?? 0) + 1),
    committed: (commands) => {
      commits++;
      writes += commands;
    },
    report: () => ({
      uptimeMillis: BigInt(Date.now() - started),
      uptime: Math.round((Date.now() - started) / 1000),
      localTime: new Date(),
      connections: { current: metrics.connections },
      storageEngine: { name: 'lmdb', persistent: true },
      metrics: {
        queryExecutor: {
          collectionScans: {
            total: BigInt([...scans.values()].reduce((sum, count) => sum + count, 0)),
            byNamespace: Object.fromEntries([...scans].map(([name, count]) => [name.replaceAll('.', '/'), count])),
          },
        },
        groupCommit: { transactions: BigInt(commits), commands: BigInt(writes) },
      },
    }),
  };
  return metrics;
}
