import { createServer, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { mongo } from 'mongoose';
import { onCleanup, temporaryFolder } from './cleanup.js';
import { uriOfSocket } from './store.js';

/** A command that a server sends to the store. */
export interface Command {
  /** For example `find`, `insert` or `update`. */
  command: string;
  collection: string;
  /** Whether the command contains this text. */
  mentions: (text: string) => boolean;
}

const reads = new Set(['find', 'aggregate', 'count', 'distinct']);

/** Whether a command only reads. */
export const isRead = ({ command }: Pick<Command, 'command'>): boolean => reads.has(command);

/** Whether the command is the notifier's, which works in the background a moment after each message. */
export const isOfNotifier = ({ mentions }: Command): boolean =>
  mentions('notifiedSeq') || (mentions('notifyDue') && mentions('$unset'));

const quietMs = 1;
const quietRounds = 3;
const patienceMs = 60_000;

/** Waits until a condition has held for a moment: a server may be between two commands. */
export async function untilQuiet(isQuiet: () => boolean): Promise<void> {
  const until = Date.now() + patienceMs;
  for (let quiet = 0; quiet < quietRounds; quiet = isQuiet() ? quiet + 1 : 0) {
    if (Date.now() > until) throw new Error('An actor neither continues nor waits at the gate');
    await wait(quietMs);
  }
}

/** A command that is held back from the store. */
export interface HeldCommand extends Command {
  /** Lets it through; resolves when its reply is on its way back. */
  release(): Promise<void>;
}

/** A proxy between one server and the store that can hold back commands and release them one by one. */
export interface Gate {
  uri: string;
  held: HeldCommand[];
  /** The number of commands that the store has not answered yet. */
  underWay(): number;
  /** From now on holds back every command for which `isHeld` returns true. */
  close(isHeld: (command: Command) => boolean): void;
  /** Releases all held commands and holds back no more. */
  open(): void;
  /** Discards the held commands: their server is dead. */
  drop(): void;
  /** Acts as if the server had died: closes its connections and lets nothing through anymore. */
  cut(): void;
}

/** OP_MSG of the wire protocol: 16 bytes of header, 4 of flags, then the kind of the first section. */
const messageCode = 2013;
const bodyAt = 21;
/** Commands that the driver sends on its own. */
const ofTheDriver = new Set(['hello', 'isMaster', 'ismaster', 'ping', 'endSessions', 'killCursors']);

function commandOf(frame: Buffer): Command | null {
  if (frame.readInt32LE(12) !== messageCode || frame[bodyAt - 1] !== 0) return null;
  const [first] = Object.entries(mongo.BSON.deserialize(frame.subarray(bodyAt, bodyAt + frame.readInt32LE(bodyAt))));
  if (!first || ofTheDriver.has(first[0])) return null;
  return { command: first[0], collection: String(first[1]), mentions: (text) => frame.includes(text) };
}

/** Splits the bytes received so far into complete frames and the rest. */
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

/** Starts a gate in front of a database. It is open at first. */
export async function startGate(target: string): Promise<Gate> {
  const sockets = new Set<Socket>();
  const none = (): boolean => false;
  let isHeld: (command: Command) => boolean = none;
  let isCut = false;
  let underWay = 0;

  const server = createServer((near) => {
    if (isCut) return void near.destroy();
    const far = connectTo(target);
    /** Callbacks for the replies on this connection, in order. */
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
      const held: HeldCommand = {
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
