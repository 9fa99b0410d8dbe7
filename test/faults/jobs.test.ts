import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createJobRepository } from '../../src/repositories/jobs/job-repository.js';
import { createQueue, type Queue } from '../../src/jobs/queue.js';
import { runTool, spawnServer } from '../support/child.js';
import { onCleanup } from '../support/cleanup.js';
import { makeUser } from '../support/factories.js';
import { captureLog } from '../support/log.js';
import { nthMail } from '../support/mails.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { freshDatabase, spawnStore } from '../support/store.js';

/** A local port that nobody listens on. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

interface Counted {
  count: { n: number };
}

/** Creates another queue on a server's database, with short leases. */
async function queueOn(server: TestServer, handler: Parameters<Queue<Counted>['handle']>[1]): Promise<Queue<Counted>> {
  const times = { poll: 20, lease: 600, beat: 100 };
  const queue = createQueue<Counted>({
    repository: createJobRepository(server.database),
    logger: captureLog().logger,
    isShared: true,
    times,
  });
  queue.handle('count', handler);
  await queue.start();
  onTestFinished(() => queue.stop());
  return queue;
}

describe('jobs', () => {
  it('are run once each by several processes', async () => {
    const server = await startTestServer();
    const done: number[] = [];
    const work = (job: { data: { n: number } }): Promise<void> => Promise.resolve(void done.push(job.data.n));
    const [one, two] = [await queueOn(server, work), await queueOn(server, work)];
    const numbers = Array.from({ length: 200 }, (_, n) => n);
    const wanted = numbers.map((n) => ({ key: String(n), data: { n } }));
    await Promise.all([one.add('count', wanted), two.add('count', wanted)]);
    await expect.poll(() => one.waiting()).toBe(0);
    expect(done.sort((a, b) => a - b)).toEqual(numbers);
  });

  it('stay leased to a running handler, which is aborted if it loses the lease', async () => {
    const server = await startTestServer();
    const begun: { signal: AbortSignal; end: () => void }[] = [];
    const work = ({ signal }: { signal: AbortSignal }): Promise<void> =>
      new Promise((end) => begun.push({ signal, end }));
    const [one] = [await queueOn(server, work), await queueOn(server, work)];
    await one.add('count', [{ key: 'long', data: { n: 1 } }]);
    await expect.poll(() => begun.length).toBe(1);
    const rows = server.database.collection('jobs');
    const leaseOf = async (): Promise<number> => (await rows.findOne({ name: 'count' }))?.['runAt'].getTime() ?? 0;
    const first = await leaseOf();
    // The first lease would have expired by now, and the other queue has polled many times.
    await expect.poll(leaseOf).toBeGreaterThan(first + 1_500);
    expect([begun.length, begun[0]?.signal.aborted]).toEqual([1, false]);
    // As if its process had been frozen: another process takes the job.
    await rows.updateOne({ name: 'count' }, { $set: { holder: 'somebody else', runAt: new Date() } });
    await expect.poll(() => begun.length).toBe(2);
    await expect.poll(() => begun[0]?.signal.aborted).toBe(true);
    begun[0]?.end();
    begun[1]?.end();
    await expect.poll(() => one.waiting()).toBe(0);
    expect(begun).toHaveLength(2);
  });

  it('are given up after eight attempts, reported by the metrics and the doctor, and retried on request', async () => {
    const env = { MAIL_URL: `smtp://127.0.0.1:${await deadPort()}` };
    const store = await spawnStore();
    const uri = store.uri(freshDatabase());
    const server = await startTestServer({ ...env, MONGODB_URI: uri });
    const user = await makeUser(server);
    const rows = server.database.collection('jobs');
    const stateOf = async (): Promise<unknown[]> => {
      const row = await rows.findOne({ 'data.to': user.email });
      return [row?.['state'], row?.['tries'], row?.['holder']];
    };
    for (let tries = 1; tries <= 8; tries++) {
      // Attempts back off; make the next one due now.
      await rows.updateOne({ 'data.to': user.email, holder: null }, { $set: { runAt: new Date() } });
      // Another mail wakes the queue at once.
      await makeUser(server);
      await expect.poll(stateOf).toEqual([tries < 8 ? 'waiting' : 'dead', tries, null]);
    }
    expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(/^causerie_jobs_dead 1$/m);
    const tools = { DATA_DIR: server.dataDir, MONGODB_URI: uri };
    const doctor = await runTool('doctor.js', [], tools);
    expect(doctor.stdout).toMatch(/FAULT {2}jobs: mail [0-9a-f]+ was given up after 8 tries: .*ECONNREFUSED/);
    expect(doctor.code).toBe(1);
    const retried = await runTool('admin.js', ['retry-jobs'], tools);
    expect([retried.code, retried.stdout]).toEqual([0, 'Jobs to be retried: 1.\n']);
    await server.stop();
    const recovered = await startTestServer({ MONGODB_URI: uri, DATA_DIR: server.dataDir });
    await nthMail(recovered, user.email);
    await recovered.stop();
    await store.stop();
  });

  it('of a killed process are run by the next one', async () => {
    // It accepts the connection and stays silent: the mail is being sent.
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket));
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    onCleanup(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    const store = await spawnStore();
    const env = { MONGODB_URI: store.uri(freshDatabase()), SECRET_KEY: 'the one key of the servers of this test' };
    const first = await spawnServer({ ...env, MAIL_URL: `smtp://127.0.0.1:${port}` });
    const user = await makeUser(first);
    await expect.poll(() => sockets.length).toBe(1);
    await first.kill('SIGKILL');
    const second = await startTestServer(env);
    const rows = second.database.collection('jobs');
    expect(await rows.findOne({ 'data.to': user.email })).toMatchObject({ state: 'waiting', tries: 1 });
    // As if the dead process's lease of less than a minute had expired.
    await rows.updateMany({}, { $set: { runAt: new Date() } });
    const mail = await nthMail(second, user.email);
    expect(mail.subject).toBe('Confirm your email address');
    await second.stop();
    await store.stop();
  });

  it('of an unknown kind keep a server from starting', async () => {
    const server = await startTestServer();
    await createJobRepository(server.database).insert([
      { name: 'of_a_newer_server', key: 'one', ownerId: null, data: {}, runAt: new Date() },
    ]);
    await expect(startTestServer({ MONGODB_URI: server.uri })).rejects.toThrow(
      /jobs that this server does not know: of_a_newer_server\. Start the newer server/,
    );
    await server.database.collection('jobs').deleteMany({});
  });
});
