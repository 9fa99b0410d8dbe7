import { createServer, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { mongo } from 'mongoose';
import { onCleanup, temporaryFolder } from './cleanup.js';
import { uriOfSocket } from './store.js';

/** What a server asks of the store. */
export interface Command {
  /** As `find`, `insert`, `update`. */
  command: string;
  collection: string;
  /** Whether a name or a text stands in it. */
  mentions: (text: string) => boolean;
}

const reads = new Set(['find', 'aggregate', 'count', 'distinct']);

/** Whether a command changes nothing. */
export const isRead = ({ command }: Pick<Command, 'command'>): boolean => reads.has(command);

/** The pump of notifications is at work by itself, a moment after what it tells of. */
export const isOfThePump = ({ mentions }: Command): boolean =>
  mentions('notifiedSeq') || (mentions('notifyDue') && mentions('$unset'));

const quietMs = 1;
const quietRounds = 3;
const patienceMs = 20_000;

/** Waits until something has been so for a moment: who is at work between two commands is not quiet yet. */
export async function untilQuiet(isQuiet: () => boolean): Promise<void> {
  const until = Date.now() + patienceMs;
  for (let quiet = 0; quiet < quietRounds; quiet = isQuiet() ? quiet + 1 : 0) {
    if (Date.now() > until) throw new Error('Somebody neither goes on nor waits at his gate');
    await wait(quietMs);
  }
}

/** A command that waits before the store. */
export interface Held extends Command {
  /** Lets it through; kept when its answer is on its way back. */
  release(): Promise<void>;
}

/** What stands between one server and the store: it lets commands through one by one, or all of them. */
export interface Gate {
  uri: string;
  held: Held[];
  /** How many commands are with the store. */
  underWay(): number;
  /** From now on the commands that it is asked about, and that are chosen, wait. */
  close(isHeld: (command: Command) => boolean): void;
  /** What waits goes through, and everything after it. */
  open(): void;
  /** What waits never comes through: who has asked is dead. */
  drop(): void;
  /** Like the death of the server: its connections end, and nothing of it comes through any more. */
  cut(): void;
}

/** OP_MSG of the wire protocol: a header of 16 bytes, flags of 4, the kind of the first section. */
const messageCode = 2013;
const bodyAt = 21;
/** What a driver says by itself, whoever uses it. */
const ofTheDriver = new Set(['hello', 'isMaster', 'ismaster', 'ping', 'endSessions', 'killCursors']);

function commandOf(frame: Buffer): Command | null {
  if (frame.readInt32LE(12) !== messageCode || frame[bodyAt - 1] !== 0) return null;
  const [first] = Object.entries(mongo.BSON.deserialize(frame.subarray(bodyAt, bodyAt + frame.readInt32LE(bodyAt))));
  if (!first || ofTheDriver.has(first[0])) return null;
  return { command: first[0], collection: String(first[1]), mentions: (text) => frame.includes(text) };
}

/** Takes the whole frames off what has come so far. */
function framesIn(bytes: Buffer): { frames: Buffer[]; rest: Buffer } {
  const frames: Buffer[] = [];
  let rest = bytes;
  while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
    frames.push(rest.subarray(0, rest.readInt32LE(0)));
    rest = rest.subarray(rest.readInt32LE(0));
  }
  return { frames, rest };
}

function connectTo(uri: string): Socket {
  const host = /^mongodb:\/\/([^/]+)\//.exec(uri)?.[1] ?? '';
  if (host.includes('%')) return connect(decodeURIComponent(host));
  const [name = '', port] = host.split(':');
  return connect(Number(port ?? 27017), name);
}

/** Stands before a database. It is open at first. */
export async function startGate(target: string): Promise<Gate> {
  const sockets = new Set<Socket>();
  const none = (): boolean => false;
  let isHeld: (command: Command) => boolean = none;
  let isCut = false;
  let underWay = 0;

  const server = createServer((near) => {
    if (isCut) return void near.destroy();
    const far = connectTo(target);
    /** Who waits for the answers of this connection, in their order. */
    const answered: (() => void)[] = [];
    let fromNear: Buffer = Buffer.alloc(0);
    let fromFar: Buffer = Buffer.alloc(0);

    function end(): void {
      for (const socket of [near, far]) {
        sockets.delete(socket);
        socket.destroy();
      }
      for (const done of answered.splice(0)) done();
    }

    function pass(frame: Buffer): Promise<void> {
      underWay += 1;
      return new Promise<void>((resolve) => {
        answered.push(() => {
          underWay -= 1;
          resolve();
        });
        far.write(frame);
      });
    }

    function take(frame: Buffer): void {
      const found = commandOf(frame);
      if (!found || !isHeld(found)) return void pass(frame);
      const held: Held = {
        ...found,
        release() {
          gate.held.splice(gate.held.indexOf(held), 1);
          return pass(frame);
        },
      };
      gate.held.push(held);
    }

    near.on('data', (chunk: Buffer) => {
      const { frames, rest } = framesIn(Buffer.concat([fromNear, chunk]));
      fromNear = rest;
      for (const frame of frames) take(frame);
    });
    far.on('data', (chunk: Buffer) => {
      const { frames, rest } = framesIn(Buffer.concat([fromFar, chunk]));
      fromFar = rest;
      for (const frame of frames) near.write(frame, () => answered.shift()?.());
    });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', end).on('close', end);
    }
  });

  const socketPath = join(temporaryFolder('gate'), 'g.sock');
  await new Promise<void>((ready) => server.listen(socketPath, ready));
  const gate: Gate = {
    uri: uriOfSocket(socketPath, /\/([^/?]+)(?:\?.*)?$/.exec(target)?.[1] ?? ''),
    held: [],
    underWay: () => underWay,
    close: (chosen) => (isHeld = chosen),
    open() {
      isHeld = none;
      for (const held of [...gate.held]) void held.release();
    },
    drop: () => void gate.held.splice(0),
    cut() {
      isCut = true;
      gate.drop();
      for (const socket of sockets) socket.destroy();
    },
  };
  onCleanup(() => {
    gate.cut();
    server.close();
  });
  return gate;
}
