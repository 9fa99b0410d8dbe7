import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runTool, spawnServer } from '../support/child.js';
import { api } from '../support/client.js';
import { temporaryFolder } from '../support/cleanup.js';
import { anotherDevice, makeDirect, makeUsers, sendText } from '../support/factories.js';
import { fetchAs, upload } from '../support/media.js';

const tool = (verb: string, file: string, dataDir: string): ReturnType<typeof runTool> =>
  runTool('backup.js', [verb, file], { NODE_ENV: 'test', DATA_DIR: dataDir });

it('requirement 104: a backup taken under load is restored completely on an empty machine', async () => {
  const server = await spawnServer();
  const [ada, bob] = await makeUsers(server, 2);
  const { id: conversationId } = await makeDirect(server, ada, bob);
  await sendText(server, ada, conversationId, 'before', 'before');
  const file1 = await upload(server, ada, { bytes: 'kept in the backup' });
  const withFile = { conversationId, clientId: 'with-file', attachments: [file1.id] };
  await api(server).as(ada).post('/api/messages', withFile);
  let isDone = false;
  const sending = (async () => {
    for (let n = 1; !isDone; n++) {
      await sendText(server, bob, conversationId, `meanwhile ${n}`, `n-${n}`);
      await upload(server, bob, { bytes: `uploaded meanwhile ${n}` });
    }
  })();
  const file = join(temporaryFolder('backup'), 'all.tar');
  const made = await tool('backup', file, server.dataDir);
  isDone = true;
  await sending;
  expect([made.code, made.stderr, statSync(file).mode & 0o777]).toEqual([0, '', 0o600]);
  await sendText(server, ada, conversationId, 'after', 'after');
  await server.stop();

  const dataDir = join(temporaryFolder('restored'), 'data');
  const restored = await tool('restore', file, dataDir);
  expect([restored.code, restored.stderr]).toEqual([0, '']);
  expect(restored.stdout).toContain('every invariant');
  const again = await spawnServer({ DATA_DIR: dataDir });
  const list = await api(again).as(ada).get(`/api/messages?conversationId=${conversationId}&after=0&limit=100`);
  const received = list.body.items.map(({ clientId }) => clientId);
  expect(received[0]).toBe('before');
  expect(received).not.toContain('after');
  expect(list.body.items.map(({ seq }) => seq)).toEqual(received.map((_, at) => at + 1));
  const kept = await fetchAs(again, bob, `/api/upload/${file1.id}/content`);
  expect([kept.status, await kept.text()]).toEqual([200, 'kept in the backup']);
  // Retries and passwords still work: the secret key is part of the backup.
  expect((await sendText(again, ada, conversationId, 'before', 'before')).seq).toBe(1);
  await anotherDevice(again, bob);
  await again.stop();
});

it('requirement 104: an impossible backup or restore is rejected with an explanation, and nothing is lost', async () => {
  const dataDir = temporaryFolder('data');
  const folder = temporaryFolder('backup');
  const file = join(folder, 'all.tar');
  const empty = await tool('backup', file, dataDir);
  expect([empty.code, empty.stderr]).toEqual([1, expect.stringContaining('There is no store in')]);
  writeFileSync(file, 'mine');
  expect((await tool('backup', file, dataDir)).stderr).toContain('already exists');
  expect((await tool('backup', join(folder, 'no', 'where.tar'), dataDir)).stderr).toContain('no does not exist');
  expect((await tool('restore', join(folder, 'nothing.tar'), join(dataDir, 'new'))).stderr).toContain(
    'nothing.tar does not exist',
  );
  expect((await tool('restore', file, join(dataDir, 'new'))).stderr).toContain('backup');
  mkdirSync(join(dataDir, 'store'));
  const full = await tool('restore', file, dataDir);
  expect([full.code, full.stderr]).toEqual([1, expect.stringContaining('is not empty')]);
  expect([readdirSync(dataDir), readdirSync(folder)]).toEqual([['store'], ['all.tar']]);
  const elsewhere = await runTool('backup.js', ['backup', file], {
    DATA_DIR: dataDir,
    MONGODB_URI: 'mongodb://127.0.0.1/x',
  });
  expect(elsewhere.stderr).toContain('mongodump');
  expect((await runTool('backup.js', [], {})).code).toBe(2);
  expect(existsSync(join(dataDir, 'new'))).toBe(false);
});
