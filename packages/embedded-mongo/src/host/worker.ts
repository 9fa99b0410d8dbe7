/** The worker thread: a host that its parent starts and stops by messages. */
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { startHost } from './host.js';
import type { Host, HostOptions } from './host.js';
import { describeFault } from './messages.js';
import type { FromWorker, ToWorker } from './messages.js';

async function perform(host: Host, request: ToWorker): Promise<FromWorker> {
  if (request.kind === 'backup') {
    try {
      await host.backup(request.file);
      return { kind: 'backedUp', id: request.id, fault: null };
    } catch (error) {
      return { kind: 'backedUp', id: request.id, fault: describeFault(error) };
    }
  }
  await host.stop();
  return { kind: 'stopped' };
}

async function main(port: MessagePort, options: HostOptions): Promise<void> {
  const tell = (message: FromWorker): void => port.postMessage(message);
  try {
    const host = await startHost(options);
    port.on('message', (request: ToWorker) => {
      void perform(host, request).then((answer) => {
        tell(answer);
        if (answer.kind === 'stopped') port.close();
      });
    });
    tell({ kind: 'listening', socketPath: host.socketPath, port: host.port });
  } catch (error) {
    tell({ kind: 'refused', fault: describeFault(error) });
    port.close();
  }
}

if (parentPort) void main(parentPort, workerData as HostOptions);
