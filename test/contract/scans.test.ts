import { expect, it } from 'vitest';
import { createConnection } from 'mongoose';
import { makeUser } from '../support/factories.js';
import { startTestServer } from '../support/server.js';

it('(8.2) a full collection scan fails the test of its server', async () => {
  const server = await startTestServer();
  await makeUser(server);
  // A separate connection queries a field without an index, as the server might.
  const connection = await createConnection(server.uri, { autoIndex: false, autoCreate: false }).asPromise();
  const ask = (): Promise<unknown> => connection.collection('users').findOne({ bio: 'nothing' });
  if (process.env['MONGODB_URI'] === undefined) {
    await ask();
    await expect(server.stop()).rejects.toThrow('A query of the server went through the whole collection users.');
  }
  await connection.close();
});
