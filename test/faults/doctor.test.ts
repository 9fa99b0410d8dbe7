import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runTool, spawnServer } from '../support/child.js';
import { temporaryFolder } from '../support/cleanup.js';
import { makeDirect, makeUsers, sendText } from '../support/factories.js';
import { startTestServer } from '../support/server.js';

const doctor = (env: Record<string, string>, ...args: string[]): ReturnType<typeof runTool> =>
  runTool('doctor.js', args, { NODE_ENV: 'test', ...env });

describe('npm run doctor', () => {
  it('finds no fault before the first start, next to a running server, and after it stopped', async () => {
    const dataDir = temporaryFolder();
    expect(await doctor({ DATA_DIR: dataDir })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('No problems found.'),
    });

    const server = await spawnServer({ DATA_DIR: dataDir });
    const [ada, bob] = await makeUsers(server, 2);
    const direct = await makeDirect(server, ada, bob);
    await sendText(server, ada, direct.id, 'one');
    expect(await doctor({ DATA_DIR: dataDir }, '--check-data')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('every invariant holds'),
    });
    await server.stop();
    expect(await doctor({ DATA_DIR: dataDir }, '--check-data')).toMatchObject({ code: 0 });
  });

  it('names a bad setting but not its value', async () => {
    const { code, stdout, stderr } = await doctor({ DATA_DIR: temporaryFolder(), ACCESS_TOKEN_TTL: 'fortnight' });
    expect(code).toBe(1);
    expect(stdout).toContain('ACCESS_TOKEN_TTL');
    expect(stdout + stderr).not.toContain('fortnight');
  });

  it('says what is wrong with the data folder and how to fix it', async () => {
    const dataDir = temporaryFolder();
    writeFileSync(join(dataDir, 'secret.key'), 'k'.repeat(64));
    chmodSync(join(dataDir, 'secret.key'), 0o644);
    const { code, stdout } = await doctor({ DATA_DIR: dataDir });
    expect(code).toBe(1);
    expect(stdout).toContain('chmod 600');
  });

  it('rejects an unknown argument', async () => {
    expect(await doctor({ DATA_DIR: temporaryFolder() }, '--repair')).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('--check-data'),
    });
  });

  it('requirement 96: finds each fault planted in valid data', async () => {
    const server = await startTestServer();
    const [ada, bob] = await makeUsers(server, 2);
    const direct = await makeDirect(server, ada, bob);
    const message = await sendText(server, ada, direct.id, 'a text that no report may hold');
    await sendText(server, bob, direct.id, 'two');
    await sendText(server, ada, direct.id, 'three');
    const env = { DATA_DIR: server.dataDir, MONGODB_URI: server.uri };
    expect(await doctor(env, '--check-data')).toMatchObject({ code: 0 });

    const messages = server.database.collection('messages');
    const row = await messages.findOne({ seq: 2 });
    await messages.deleteOne({ _id: row!._id });
    const hole = await doctor(env, '--check-data');
    expect(hole.code).toBe(1);
    expect(hole.stdout).toMatch(/FAULT {2}data: /);
    expect(hole.stdout).not.toContain(message.text);

    await messages.insertOne(row!);
    expect(await doctor(env, '--check-data')).toMatchObject({ code: 0 });
    await server.stop();
  });
});
