/** The worker thread: a host that its parent starts and stops by messages. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type Host, type HostOptions, startHost } from './host.js';
import { type FromWorker, serializeError, type ToWorker } from './worker-messages.js';

async function respond(host: Host, request: ToWorker): Promise<FromWorker> {
  if (request.kind === 'backup') {
    try {
      await host.backup(request.file);
      return { kind: 'backedUp', id: request.id, error: null };
    } catch (error) {
      return { kind: 'backedUp', id: request.id, error: serializeError(error) };
    }
  }
  await host.stop();
  return { kind: 'stopped' };
}

async function main(port: MessagePort, options: HostOptions): Promise<void> {
  const send = (message: FromWorker): void => port.postMessage(message);
  try {
    const host = await startHost(options);
    port.on('message', (request: ToWorker) => {
      void respond(host, request).then((response) => {
        send(response);
        if (response.kind === 'stopped') port.close();
      });
    });
    send({ kind: 'listening', socketPath: host.socketPath, port: host.port });
  } catch (error) {
    send({ kind: 'startFailed', error: serializeError(error) });
    port.close();
  }
}

if (parentPort) void main(parentPort, workerData as HostOptions);
