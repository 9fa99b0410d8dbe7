/** The store as a process of its own: its command line. */
import { parseArgs } from 'node:util';
import { StoreVersionError } from '../store/environment.js';
import { StoreLockedError } from '../store/lock-file.js';
import { type HostOptions, startHost } from './host.js';

const usage = `usage: node main.js --path FOLDER [--socket FILE.sock] [--test-commands] [--open-loopback-port N]

--path FOLDER           the data folder; created if it does not exist
--socket FILE.sock      where to listen; defaults to a path inside the folder
--test-commands         allow configureFailPoint and setParameter
--open-loopback-port N  also listen on 127.0.0.1, without a password: every user of this machine can read and write
`;

/** Returns the options of a command line, or null if it is incomplete. Throws on unknown arguments. */
function parseOptions(args: string[]): HostOptions | null {
  const { values } = parseArgs({
    args,
    options: {
      path: { type: 'string' },
      socket: { type: 'string' },
      'test-commands': { type: 'boolean', default: false },
      'open-loopback-port': { type: 'string' },
    },
  });
  const { path, socket } = values;
  const port = values['open-loopback-port'];
  if (path === undefined || (port !== undefined && !/^\d{1,5}$/.test(port))) return null;
  return {
    path,
    testCommands: values['test-commands'],
    ...(socket === undefined ? {} : { socketPath: socket }),
    ...(port === undefined ? {} : { openLoopbackPort: Number(port) }),
  };
}

function readOptions(args: string[]): HostOptions | null {
  try {
    return parseOptions(args);
  } catch {
    return null;
  }
}

function waitForSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
}

/** The errors an operator can act on are shown without a stack. */
function describeError(error: unknown): string {
  if (error instanceof StoreLockedError || error instanceof StoreVersionError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Runs the store until SIGTERM or SIGINT and returns the exit code: 0, 1 if it cannot start, 2 for invalid arguments. */
export async function runStandalone(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (!options) {
    process.stderr.write(usage);
    return 2;
  }
  process.umask(0o077);
  try {
    const signal = waitForSignal();
    const host = await startHost(options);
    const port = host.port === null ? '' : ` and, open to every user of this machine, on 127.0.0.1:${host.port}`;
    process.stdout.write(`listening on ${host.socketPath}${port}\n`);
    await signal;
    await host.stop();
    return 0;
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    return 1;
  }
}
