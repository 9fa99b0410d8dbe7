/** The store on its own, as a process: its command line. */
import { parseArgs } from 'node:util';
import { StoreVersionError } from '../store/environment.js';
import { StoreLockedError } from '../store/lock-file.js';
import { startHost } from './host.js';
import type { HostOptions } from './host.js';

const USAGE = `usage: node main.js --path FOLDER --socket FILE.sock [--test-commands] [--open-loopback-port N]

--path FOLDER           the folder of the data, made if it is not there
--socket FILE.sock      where to listen; without it, inside the folder
--test-commands         allow configureFailPoint and setParameter
--open-loopback-port N  listen on 127.0.0.1 as well, without a password: every user of this machine can read and write
`;

function readArguments(args: string[]): HostOptions | null {
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

function optionsOf(args: string[]): HostOptions | null {
  try {
    return readArguments(args);
  } catch {
    return null;
  }
}

const untilSignal = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });

/** Runs the store until SIGTERM or SIGINT and gives the exit code: 0, 1 if it cannot start, 2 for wrong arguments. */
export async function runStandalone(args: string[]): Promise<number> {
  const options = optionsOf(args);
  if (!options) {
    process.stderr.write(USAGE);
    return 2;
  }
  process.umask(0o077);
  try {
    const asked = untilSignal();
    const host = await startHost(options);
    const port = host.port === null ? '' : ` and, open to every user of this machine, on 127.0.0.1:${host.port}`;
    process.stdout.write(`listening on ${host.socketPath}${port}\n`);
    await asked;
    await host.stop();
    return 0;
  } catch (error) {
    const isPlain = error instanceof StoreLockedError || error instanceof StoreVersionError;
    process.stderr.write(
      `${error instanceof Error ? (isPlain ? error.message : (error.stack ?? error.message)) : String(error)}\n`,
    );
    return 1;
  }
}
