/**
 * The connections of MongoDB's driver, which end what is under way when they end.
 *
 * Between the moment the other side hangs up and the moment the socket is torn down, the driver (7.8) takes a connection for
 * usable. What it writes then is thrown away, and it waits for ever to be told so: the command is never answered, and where it was
 * the driver's own watch over the server, no server is ever found again. The same happens to a long write whose connection
 * is given up.
 */
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

/** What is used of the driver's own connection. */
interface DriverConnection extends EventEmitter {
  /** Why it has ended; null while it lives. */
  readonly error: Error | null;
  /** Closes it, and fails what waits for an answer. */
  destroy(): void;
  /** Kept when a command is on its way to the other side. */
  writeCommand(...args: unknown[]): Promise<void>;
}

type DriverConnectionType = new (socket: Socket, options: object) => DriverConnection;

// The driver is the one that Mongoose has, wherever that is installed.
const requireOfMongoose = createRequire(createRequire(import.meta.url).resolve('mongoose'));
const { Connection } = requireOfMongoose('mongodb/lib/cmap/connection.js') as { Connection: DriverConnectionType };

/** For the driver's option `connectionType`. Its commands throw a MongoNetworkError when they meet a connection that has ended. */
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
