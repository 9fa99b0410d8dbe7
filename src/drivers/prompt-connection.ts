/**
 * Connections of MongoDB's driver that fail their pending commands as soon as they end.
 *
 * Between the moment the other side hangs up and the moment the socket is torn down, the driver (7.8) considers a connection
 * usable. What it writes then is lost, and it waits forever for a response: the command never ends, and if it was the driver's
 * own server monitoring, no server is ever found again. The same happens to a long write whose connection
 * is given up.
 */
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

/** The part of the driver's connection that is used here. */
interface DriverConnection extends EventEmitter {
  /** Why it has ended; null while it is open. */
  readonly error: Error | null;
  /** Closes it, and fails its pending commands. */
  destroy(): void;
  /** Resolves when a command was sent. */
  writeCommand(...args: unknown[]): Promise<void>;
}

type DriverConnectionType = new (socket: Socket, options: object) => DriverConnection;

// The driver is the one that Mongoose has, wherever that is installed.
const requireOfMongoose = createRequire(createRequire(import.meta.url).resolve('mongoose'));
const { Connection } = requireOfMongoose('mongodb/lib/cmap/connection.js') as { Connection: DriverConnectionType };

/** For the driver's option `connectionType`. Commands on a connection that has ended throw a MongoNetworkError. */
export class PromptConnection extends Connection {
  override writeCommand(...args: unknown[]): Promise<void> {
    if (this.error) return Promise.reject(this.error);
    return new Promise((resolve, reject) => {
      const onClose = (): void => reject(this.error ?? new Error('The connection to the database has ended'));
      this.once('close', onClose);
      super
        .writeCommand(...args)
        .finally(() => this.off('close', onClose))
        .then(resolve, reject);
    });
  }
}
