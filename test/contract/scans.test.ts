import { expect, it } from 'vitest';
import { createConnection } from 'mongoose';
import { makeUser } from '../support/factories.js';
import { startTestServer } from '../support/server.js';

it('(8.2) a query that goes through a whole collection fails the test whose server it was', async () => {
  const server = await startTestServer();
  await makeUser(server);
  // A connection that nobody knows of asks as the server might, by a field without an index.
  const connection = await createConnection(server.uri, { autoIndex: false, autoCreate: false }).asPromise();
  const ask = (): Promise<unknown> => connection.collection('users').findOne({ bio: 'nothing' });
  if (process.env['MONGODB_URI'] === undefined) {
    await ask();
    await expect(server.stop()).rejects.toThrow('A query of the server went through the whole collection users.');
  }
  await connection.close();
});
