/**
 * How fast messages are sent and acknowledged: `npx tsx bench/send.ts`. One server on the embedded store, in a process of its
 * own; one conversation; 1, 8 and 32 messages in flight over REST and over sockets. Ratios count, rates depend on the machine.
 */
import { createServer } from 'node:net';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { io } from 'socket.io-client';

const dataDir = mkdtempSync(join(tmpdir(), 'causerie-bench-'));
const root = resolve(import.meta.dirname, '..');

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((ready) => probe.once('listening', ready));
  const address = probe.address();
  await new Promise((closed) => probe.close(closed));
  return typeof address === 'object' && address ? address.port : 0;
}

const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const env = { ...process.env, PORT: String(port), DATA_DIR: dataDir, RATE_LIMIT_FACTOR: '0', LOG_LEVEL: 'warn' };
const server = spawn(process.execPath, [join(root, 'dist', 'server.js')], {
  env,
  stdio: ['ignore', 'pipe', 'inherit'],
});
await new Promise((ready) => server.stdout.once('data', ready));

async function post(path: string, body: unknown, token?: string): Promise<any> {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

const people = [];
for (const username of ['ada', 'bob']) {
  const account = { username, email: `${username}@example.test`, password: `a bench password of ${username}` };
  people.push(await post('/api/auth/register', account));
}
const [ada, bob] = people;
const { id: conversationId } = await post(
  '/api/conversations',
  { type: 'direct', userId: bob.user.id },
  ada.accessToken,
);
const socket = io(url, { auth: { token: ada.accessToken }, transports: ['websocket'] });
await new Promise((ready) => socket.once('connect', () => ready(null)));

let sent = 0;
const doors: Record<string, () => Promise<void>> = {
  rest: async () => post('/api/messages', { conversationId, clientId: `c-${++sent}`, text: 'hello' }, ada.accessToken),
  socket: async () => {
    const ack = await socket.emitWithAck('message:send', { conversationId, clientId: `c-${++sent}`, text: 'hello' });
    if (!ack.ok) throw new Error(JSON.stringify(ack.error));
  },
};

async function measure(
  send: () => Promise<void>,
  inFlight: number,
  ms: number,
): Promise<{ rate: number; p50: number; p99: number }> {
  const times: number[] = [];
  const end = performance.now() + ms;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (performance.now() < end) {
        const start = performance.now();
        await send();
        times.push(performance.now() - start);
      }
    }),
  );
  times.sort((a, b) => a - b);
  const at = (share: number): number => Math.round((times[Math.floor(times.length * share)] ?? 0) * 10) / 10;
  return { rate: Math.round((times.length * 1000) / (performance.now() - began)), p50: at(0.5), p99: at(0.99) };
}

for (const [door, send] of Object.entries(doors)) {
  await measure(send, 4, 1_000);
  for (const inFlight of [1, 8, 32]) {
    const { rate, p50, p99 } = await measure(send, inFlight, 4_000);
    console.log(`${door.padEnd(7)} ${String(inFlight).padStart(3)} in flight: ${rate}/s, p50 ${p50} ms, p99 ${p99} ms`);
  }
}
socket.disconnect();
server.kill('SIGTERM');
await new Promise((ended) => server.once('exit', ended));
rmSync(dataDir, { recursive: true, force: true });
