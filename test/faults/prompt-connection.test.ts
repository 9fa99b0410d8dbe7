import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { onCleanup, temporaryFolder } from '../support/cleanup.js';
import { PromptConnection } from '../../src/drivers/prompt-connection.js';

/** Opens a connection to a server that never answers. */
async function connected(): Promise<{ socket: Socket; connection: PromptConnection }> {
  const server = createServer((far) => far.pause().on('error', () => undefined));
  const path = join(temporaryFolder('prompt'), 's.sock');
  await new Promise<void>((ready) => server.listen(path, ready));
  const socket = connect(path);
  onCleanup(() => {
    socket.destroy();
    server.close();
  });
  await once(socket, 'connect');
  return { socket, connection: new PromptConnection(socket, { id: 1, hostAddress: path }) };
}

/** Writes this many bytes, like the driver. */
const write = (connection: PromptConnection, bytes: number): Promise<void> =>
  connection.writeCommand({ toBin: () => [Buffer.alloc(bytes)] }, { agreedCompressor: 'none' });

it('writes while the connection lives', async () => {
  const { connection } = await connected();
  await write(connection, 100);
  expect(connection.error).toBeNull();
});

it('refuses to write after the socket was destroyed, even before its close event', async () => {
  const { socket, connection } = await connected();
  let isTold = false;
  socket.once('close', () => (isTold = true));
  socket.destroy();
  expect(isTold).toBe(false);
  await expect(write(connection, 100)).rejects.toThrow(/closed/);
});

it('aborts a pending write when the connection is destroyed', async () => {
  const { connection } = await connected();
  const writing = write(connection, 16_000_000);
  connection.destroy();
  await expect(writing).rejects.toThrow(/closed/);
});

it('leaves nothing behind after a write', async () => {
  const { connection } = await connected();
  for (let n = 0; n < 20; n += 1) await write(connection, 10);
  expect(connection.listenerCount('close')).toBe(0);
});
