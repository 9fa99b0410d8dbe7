import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientEvents, serverEvents } from '@causerie/contract/events';
import { root } from '../support/build.js';
import { startTestServer, type TestServer } from '../support/server.js';

const committed = JSON.parse(readFileSync(join(root, 'docs', 'asyncapi.json'), 'utf8'));

/** Every value under a key of this name, wherever it stands. */
function valuesOf(key: string, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => [...(name === key ? [item] : []), ...valuesOf(key, item)]);
}

describe('the AsyncAPI document', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  it('requirement 105: the server shows the committed document, but for its own address', async () => {
    const shown = (await (await fetch(`${server.url}/api/asyncapi.json`)).json()) as Record<string, unknown>;
    expect({ ...shown, servers: null }).toEqual({ ...committed, servers: null });
  });

  it('requirement 105: it names every event of the contract, in the right direction', () => {
    expect(committed.asyncapi).toMatch(/^3\./);
    const events = [...Object.keys(clientEvents), ...Object.keys(serverEvents)];
    const names = new Set(valuesOf('name', committed.components?.messages ?? committed.channels));
    for (const event of events) expect([event, names.has(event)]).toEqual([event, true]);
    const actions = Object.values<any>(committed.operations).map((operation) => operation.action);
    expect(actions.filter((action) => action === 'receive')).toHaveLength(Object.keys(clientEvents).length);
    expect(actions.filter((action) => action === 'send')).toHaveLength(Object.keys(serverEvents).length);
  });

  it('requirement 105: every reference leads somewhere', () => {
    const refs = valuesOf('$ref', committed) as string[];
    expect(refs.length).toBeGreaterThan(5);
    for (const ref of refs) {
      const found = ref
        .replace(/^#\//, '')
        .split('/')
        .reduce((at: any, key) => at?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], committed);
      expect([ref, typeof found]).toEqual([ref, 'object']);
    }
  });
});
