/** What a load run does to a server, once its people are connected. */
import { setTimeout as wait } from 'node:timers/promises';
import { bodyOf } from './bodies.js';
import { cpuBetween, type CpuTime, threadTimesOf } from './cpu.js';
import type { Population } from './people.js';
import type { RunningServer } from './servers.js';
import { type LoadSocket, openLoadSocket } from './socket-client.js';

/** What one run of a workload has measured. */
export interface Measurement {
  /** Operations: messages in one-to-one conversations, deliveries in groups. */
  operations: number;
  perSecond: number;
  /** Nanoseconds of the server for each operation. */
  cpu: CpuTime;
  /** Milliseconds from sending to the acknowledgement. */
  p50: number;
  p99: number;
  /** Commands to the database for each message. */
  commands: number | null;
  errors: number;
}

interface Scene {
  server: RunningServer;
  population: Population;
  /** Whether a socket joins the room of a group by an event, as on a floor. */
  joinsRooms: boolean;
  ms: number;
}

/** A workload is prepared once for a server, and then run many times. */
export type Workload = (scene: Scene) => Promise<{ run(): Promise<Measurement>; close(): void }>;

interface Sender {
  socket: LoadSocket;
  conversationId: string;
}

let clientIds = 0;

/** Counts what is acknowledged and delivered while a run lasts. */
class Tally {
  acks = 0;
  deliveries = 0;
  errors = 0;
  isOpen = false;
  readonly times: number[] = [];

  onEvent = (text: string): void => {
    if (this.isOpen && text.startsWith('["message:created"')) this.deliveries += 1;
  };

  at(share: number): number {
    const sorted = this.times.sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  }
}

function send(tally: Tally, { socket, conversationId }: Sender, onAck: () => void): void {
  const n = clientIds++;
  const began = performance.now();
  const payload = `{"conversationId":"${conversationId}","clientId":"load-${n}","text":"${bodyOf(n)}"}`;
  socket.emit('message:send', payload, (args) => {
    if (!args.startsWith('[{"ok":true')) tally.errors += 1;
    else if (tally.isOpen) {
      tally.acks += 1;
      tally.times.push(performance.now() - began);
    }
    onAck();
  });
}

/** Sends as fast as acknowledgements come, `window` messages of each sender in flight, until the time is over. */
async function saturate(tally: Tally, senders: readonly Sender[], window: number, ms: number): Promise<void> {
  let flying = 0;
  let isOver = false;
  await new Promise<void>((done) => {
    const next = (sender: Sender): void => {
      flying += 1;
      send(tally, sender, () => {
        flying -= 1;
        if (!isOver) next(sender);
        else if (flying === 0) done();
      });
    };
    for (const sender of senders) for (let n = 0; n < window; n++) next(sender);
    setTimeout(() => {
      isOver = true;
      tally.isOpen = false;
    }, ms);
  });
}

/** Sends at a steady rate, whatever comes back. */
async function pace(tally: Tally, senders: readonly Sender[], perSecond: number, ms: number): Promise<void> {
  const began = performance.now();
  let sent = 0;
  let flying = 0;
  while (performance.now() - began < ms) {
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond);
    for (; sent < due; sent++) {
      flying += 1;
      send(tally, senders[sent % senders.length] as Sender, () => (flying -= 1));
    }
    await wait(1);
  }
  for (let tries = 0; flying > 0 && tries < 5_000; tries++) await wait(1);
  tally.isOpen = false;
}

const sum = (counts: Record<string, number> | null): number =>
  Object.values(counts ?? {}).reduce((total, one) => total + one, 0);

/** Runs a load and reads what the server has used for it; `fanOut` deliveries count as operations, or messages if it is 0. */
async function measured(
  { server, ms }: Scene,
  tally: Tally,
  fanOut: number,
  load: () => Promise<void>,
): Promise<Measurement> {
  const commandsBefore = await server.commands();
  tally.acks = tally.deliveries = tally.errors = 0;
  tally.times.length = 0;
  tally.isOpen = true;
  const before = threadTimesOf(server.pid);
  const began = performance.now();
  await load();
  const seconds = Math.max(ms, performance.now() - began) / 1000;
  const used = cpuBetween(server.pid, before, threadTimesOf(server.pid));
  const commands = sum(await server.commands()) - sum(commandsBefore);
  const operations = fanOut > 0 ? tally.acks * fanOut : tally.acks;
  const each = (ns: number): number => ns / Math.max(1, operations);
  return {
    operations,
    perSecond: operations / seconds,
    cpu: { main: each(used.main), store: each(used.store), pool: each(used.pool) },
    p50: tally.at(0.5),
    p99: tally.at(0.99),
    commands: commandsBefore ? commands / Math.max(1, tally.acks) : null,
    errors: tally.errors,
  };
}

/** W1: pairs in one-to-one conversations; one of each pair sends, the other one receives. */
export function pairs(count: number, load: { window: number } | { perSecond: number }): Workload {
  return async (scene) => {
    const { server, population, ms } = scene;
    const tally = new Tally();
    const people = await population.users(2 * count);
    const sockets: LoadSocket[] = [];
    const senders: Sender[] = [];
    for (let n = 0; n < count; n++) {
      const [one, other] = [people[2 * n], people[2 * n + 1]];
      if (!one || !other) continue;
      const conversationId = await population.direct(one, other);
      const socket = await openLoadSocket(server.port, one.token, tally);
      sockets.push(socket, await openLoadSocket(server.port, other.token, tally));
      senders.push({ socket, conversationId });
    }
    return {
      run: () =>
        measured(scene, tally, 0, () =>
          'window' in load ? saturate(tally, senders, load.window, ms) : pace(tally, senders, load.perSecond, ms),
        ),
      close: () => sockets.forEach((socket) => socket.close()),
    };
  };
}

/** W2: a group of which all members are connected; one of them sends. */
export function group(size: number, window: number): Workload {
  return async (scene) => {
    const { server, population, joinsRooms, ms } = scene;
    const tally = new Tally();
    const people = await population.users(size);
    const conversationId = await population.group(people);
    const sockets: LoadSocket[] = [];
    for (const { token } of people) {
      const socket = await openLoadSocket(server.port, token, tally);
      if (joinsRooms)
        await new Promise<void>((done) => socket.emit('join:conversation', `"${conversationId}"`, () => done()));
      sockets.push(socket);
    }
    const [first] = sockets;
    if (!first) throw new Error('a group has members');
    return {
      run: () =>
        measured(scene, tally, size - 1, () => saturate(tally, [{ socket: first, conversationId }], window, ms)),
      close: () => sockets.forEach((socket) => socket.close()),
    };
  };
}
