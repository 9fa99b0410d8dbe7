/**
 * `npm run bench -- [name ...]`: the built server beside its floors, interleaved, the server on the first core and the load
 * on the second. Ratios to the floor of the same round count; rates depend on the machine.
 */
import { spawnSync } from 'node:child_process';
import { median } from '../processes.js';
import { causeriePopulation, floorPopulation, type Population } from './people.js';
import { totalOf } from './cpu.js';
import { type RunningServer, startCauserie, startFloor } from './servers.js';
import { group, type Measurement, pairs, type Workload } from './workloads.js';

const workloads: Record<string, Workload> = {
  'W1 1': pairs(50, { window: 1 }),
  'W1 4': pairs(50, { window: 4 }),
  'W1 16': pairs(50, { window: 16 }),
  'W1 150/s': pairs(50, { perSecond: 150 }),
  'W2 100x1': group(100, 1),
  'W2 100x8': group(100, 8),
  'W2 1000x1': group(1_000, 1),
};

interface Contender {
  name: string;
  start(): Promise<RunningServer>;
  population(server: RunningServer): Population;
  joinsRooms: boolean;
}

const contenders: Contender[] = [
  { name: 'sio', start: () => startFloor('relay'), population: () => floorPopulation, joinsRooms: true },
  { name: 'commit', start: () => startFloor('commit'), population: () => floorPopulation, joinsRooms: true },
  { name: 'causerie', start: () => startCauserie(), population: causeriePopulation, joinsRooms: false },
];

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const ms = Number(process.env['BENCH_MS'] ?? 4_000);

/** Runs a workload on all contenders, one round of each after the other. */
async function compare(workload: Workload): Promise<Map<string, Measurement[]>> {
  const results = new Map<string, Measurement[]>();
  const scenes = [];
  for (const { name, start, population, joinsRooms } of contenders) {
    const server = await start();
    const prepared = await workload({ server, population: population(server), joinsRooms, ms });
    await prepared.run();
    scenes.push({ name, server, prepared });
    results.set(name, []);
  }
  for (let round = 0; round < rounds; round++)
    for (const { name, prepared } of scenes) results.get(name)?.push(await prepared.run());
  for (const { prepared, server } of scenes) {
    prepared.close();
    await server.stop();
  }
  return results;
}

const micro = (ns: number): string => (ns / 1000).toFixed(1);

function report(name: string, results: ReadonlyMap<string, Measurement[]>): void {
  const floors = results.get('sio') ?? [];
  for (const [contender, list] of results) {
    const of = (pick: (one: Measurement) => number): number => median(list.map(pick));
    const ratio = (pick: (one: Measurement) => number): number =>
      median(list.map((one, round) => pick(one) / pick(floors[round] ?? one)));
    const parts = [of((one) => one.cpu.main), of((one) => one.cpu.store), of((one) => one.cpu.pool)].map(micro);
    console.log(
      [
        name.padEnd(10),
        contender.padEnd(9),
        `${of((one) => one.perSecond).toFixed(0)}/s (${ratio((one) => one.perSecond).toFixed(3)})`,
        `${micro(of((one) => totalOf(one.cpu)))} µs (${ratio((one) => totalOf(one.cpu)).toFixed(2)}) = ${parts.join(' + ')}`,
        `p50 ${of((one) => one.p50).toFixed(2)} (${ratio((one) => one.p50).toFixed(1)}) p99 ${of((one) => one.p99).toFixed(2)} (${ratio((one) => one.p99).toFixed(1)}) ms`,
        `commands ${of((one) => one.commands ?? 0).toFixed(2)}`,
        `errors ${list.reduce((total, one) => total + one.errors, 0)}`,
      ].join('  '),
    );
  }
}

spawnSync('taskset', ['-cp', '1', String(process.pid)]);
const wanted = process.argv.slice(2);
for (const [name, workload] of Object.entries(workloads)) {
  if (wanted.length > 0 && !wanted.some((one) => name.startsWith(one))) continue;
  report(name, await compare(workload));
}
process.exit(0);
