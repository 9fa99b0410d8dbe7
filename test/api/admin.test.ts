import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { login, refresh } from '../support/auth.js';
import { ensureBuilt, root } from '../support/build.js';
import { spawnServer } from '../support/child.js';
import { as, withoutRequestId } from '../support/client.js';
import { temporaryFolder } from '../support/cleanup.js';
import { anotherDevice, makeUser } from '../support/factories.js';
import { recordSecret } from '../support/secrets.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { connectAs, nextEvent, untilClosed } from '../support/sockets.js';

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `npm run admin` of the built server like a user at a shell, with a line for its standard input. */
async function admin(env: Record<string, string>, args: string[], line = ''): Promise<Outcome> {
  await ensureBuilt();
  const tool = spawn(process.execPath, [join(root, 'dist', 'cli', 'admin.js'), ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
    cwd: temporaryFolder('admin'),
  });
  let stdout = '';
  let stderr = '';
  tool.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  tool.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  tool.stdin.end(line === '' ? '' : `${line}\n`);
  const code = await new Promise<number | null>((resolve) => tool.on('close', resolve));
  const password = /^Password: (\S+)$/m.exec(stdout)?.[1];
  if (password !== undefined) recordSecret(password);
  return { code, stdout, stderr };
}

const suffix = (): string => `a${Math.random().toString(36).slice(2, 10)}`;

describe('npm run admin', () => {
  let server: TestServer;
  let env: Record<string, string>;
  beforeAll(async () => {
    server = await startTestServer();
    env = { NODE_ENV: 'test', DATA_DIR: server.dataDir, MONGODB_URI: server.uri };
  });

  it('prints its commands and rejects unknown ones with an explanation', async () => {
    const bare = await admin({}, []);
    expect([bare.code, bare.stderr]).toEqual([0, '']);
    for (const command of ['create', 'disable', 'enable', 'end-sessions', 'set-password']) {
      expect(bare.stdout).toContain(command);
    }
    for (const args of [['destroy'], ['disable'], ['create', 'one'], ['list', '--what']]) {
      const wrong = await admin(env, args);
      expect([wrong.code, wrong.stdout], args.join(' ')).toEqual([2, '']);
      expect(wrong.stderr).toMatch(/Usage|Unknown command/);
    }
    const nobody = await admin(env, ['disable', 'nobody.here']);
    expect([nobody.code, nobody.stderr]).toEqual([
      1,
      'There is no user "nobody.here": give a username, an email address or an id.\n',
    ]);
  });

  it('creates accounts even if registration is closed', async () => {
    const closed = await startTestServer({ REGISTRATION: 'closed' });
    const own = { NODE_ENV: 'test', DATA_DIR: closed.dataDir, MONGODB_URI: closed.uri, REGISTRATION: 'closed' };
    const name = suffix();
    const made = await admin(own, ['create', name.toUpperCase(), `${name}@example.test`, '--name', 'Ann']);
    expect([made.code, made.stderr]).toEqual([0, '']);
    const password = /^Password: (\S+)$/m.exec(made.stdout)?.[1] ?? '';
    const signedIn = await login(closed, name, password);
    expect([signedIn.status, signedIn.body.user.displayName]).toEqual([200, 'Ann']);
    const other = suffix();
    const given = await admin(own, ['create', other, `${other}@example.test`], 'a password from a pipe');
    expect(given.stdout).not.toContain('pipe');
    expect((await login(closed, other, 'a password from a pipe')).status).toBe(200);
    const twin = await admin(own, ['create', name, `x${name}@example.test`]);
    expect([twin.code, twin.stderr]).toEqual([1, 'Another account uses this username.\n']);
    const weak = await admin(own, ['create', suffix(), `${suffix()}@example.test`], 'qwertyuiop');
    expect([weak.code, weak.stdout]).toEqual([1, '']);
    expect((await admin(own, ['create', 'a b', 'x@example.test'])).code).toBe(1);
    const list = await admin(own, ['list']);
    expect(list.stdout).toContain(`${name}\t${name}@example.test\tactive`);
  });

  it('requirement 15: disabling ends the sessions, closes the sockets, and rejects logins like a wrong password', async () => {
    const user = await makeUser(server);
    const socket = await connectAs(server, user);
    const closed = untilClosed(socket);
    const revoked = nextEvent(socket, 'session:revoked');
    const disabled = await admin(env, ['disable', user.email]);
    expect([disabled.code, disabled.stdout]).toEqual([0, `Disabled ${user.username}; sessions ended: 1.\n`]);
    expect((await as(user).get('/api/users/me')).code).toBe('session_revoked');
    expect((await revoked).reason).toBe('disabled');
    await closed;
    const { refreshToken } = user.tokens;
    expect((await refresh(server, refreshToken)).status).toBe(401);
    const right = await login(server, user.username, user.password);
    const wrong = await login(server, user.username, 'not that one');
    expect(right.status).toBe(401);
    expect(withoutRequestId(right)).toBe(withoutRequestId(wrong));
    expect((await admin(env, ['enable', user.id])).code).toBe(0);
    await anotherDevice(server, user);
  });

  it('requirement 15: ends sessions and sets passwords', async () => {
    const user = await makeUser(server);
    await anotherDevice(server, user);
    expect((await admin(env, ['end-sessions', user.username])).stdout).toContain('2');
    expect((await as(user).get('/api/users/me')).code).toBe('session_revoked');
    const again = await anotherDevice(server, user);
    const password = 'a password from a pipe';
    expect((await admin(env, ['set-password', user.username], password)).code).toBe(0);
    expect((await as(again).get('/api/users/me')).code).toBe('session_revoked');
    await anotherDevice(server, { ...user, password });
  });
});

describe('npm run admin with the embedded store', () => {
  it('reaches a running server, and opens the data folder itself if none is running', async () => {
    const server = await spawnServer();
    const env = { NODE_ENV: 'test', DATA_DIR: server.dataDir };
    const user = await makeUser(server);
    expect((await admin(env, ['end-sessions', user.username])).code).toBe(0);
    expect((await as(user).get('/api/users/me')).code).toBe('session_revoked');
    await server.stop();
    const list = await admin(env, ['list']);
    expect([list.code, list.stdout]).toEqual([0, `${user.id}\t${user.username}\t${user.email}\tactive\n`]);
  });
});
