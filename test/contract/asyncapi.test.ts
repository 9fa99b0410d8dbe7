import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientEvents, serverEvents } from '../support/wire.js';
import { readDocument, resolveRef, valuesOf } from '../support/documents.js';
import { startTestServer, type TestServer } from '../support/server.js';

interface AsyncApi {
  asyncapi: string;
  operations: Record<string, { action: string }>;
  components: { messages: unknown };
}

const committed = readDocument<AsyncApi>('asyncapi.json');

describe('the AsyncAPI document', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  it('requirement 105: the server serves the committed document, except for its own URL', async () => {
    const shown = (await (await fetch(`${server.url}/api/asyncapi.json`)).json()) as Record<string, unknown>;
    expect({ ...shown, servers: null }).toEqual({ ...committed, servers: null });
  });

  it('requirement 105: it lists every event of the contract, in the right direction', () => {
    expect(committed.asyncapi).toMatch(/^3\./);
    const events = [...Object.keys(clientEvents), ...Object.keys(serverEvents)];
    const names = new Set(valuesOf('name', committed.components.messages));
    for (const event of events) expect([event, names.has(event)]).toEqual([event, true]);
    const actions = Object.values(committed.operations).map(({ action }) => action);
    expect(actions.filter((action) => action === 'receive')).toHaveLength(Object.keys(clientEvents).length);
    expect(actions.filter((action) => action === 'send')).toHaveLength(Object.keys(serverEvents).length);
  });

  it('requirement 105: every reference resolves', () => {
    const refs = valuesOf('$ref', committed) as string[];
    expect(refs.length).toBeGreaterThan(5);
    for (const ref of refs) expect([ref, typeof resolveRef(committed, ref)]).toEqual([ref, 'object']);
  });
});
