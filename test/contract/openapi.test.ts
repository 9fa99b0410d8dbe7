import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '../support/child.js';
import { readDocument, resolveRef, valuesOf } from '../support/documents.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { routeTable } from '../support/table.js';
import { problemCodes } from '../support/wire.js';
import { openPaths } from './policy.js';

interface Operation {
  summary: string;
  responses: Record<string, { description?: string; content?: object }>;
  security?: unknown[];
  parameters?: { in: string; name: string }[];
  requestBody?: unknown;
}

interface OpenApi {
  openapi: string;
  security?: unknown[];
  paths: Record<string, Partial<Record<(typeof verbs)[number], Operation>>>;
  components: { schemas: Record<string, { type?: string; additionalProperties?: unknown }> };
}

const verbs = ['get', 'post', 'put', 'patch', 'delete'] as const;
const committed = readDocument<OpenApi>('openapi.json');

function operations(): Map<string, Operation> {
  const found = new Map<string, Operation>();
  for (const [path, item] of Object.entries(committed.paths)) {
    for (const verb of verbs) if (item[verb]) found.set(`${verb.toUpperCase()} ${path}`, item[verb]);
  }
  return found;
}

describe('the OpenAPI document', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  it('requirement 105: the committed documents are what the sources generate', async () => {
    expect(await runTool('documents.js', ['--check'], {})).toMatchObject({ code: 0 });
  });

  it('requirement 105: the server serves the committed document, except for its own URL', async () => {
    const shown = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as Record<string, unknown>;
    expect({ ...shown, servers: null }).toEqual({ ...committed, servers: null });
  });

  it('requirement 105: it lists exactly the routes of the server', () => {
    const documented = [...operations().keys()].filter((name) => !openPaths.includes(name.split(' ')[1] ?? ''));
    const mounted = routeTable().map(({ name }) => name.replace(/:(\w+)/g, '{$1}'));
    expect(documented.sort()).toEqual(mounted.sort());
    for (const path of ['/health/live', '/health/ready', '/metrics'])
      expect(Object.keys(committed.paths)).toContain(path);
  });

  it('requirement 105: each operation documents its responses, its errors and whether it requires a token', () => {
    expect(committed.openapi).toMatch(/^3\.1\./);
    for (const { name, endpoint } of routeTable()) {
      const operation = operations().get(name.replace(/:(\w+)/g, '{$1}'))!;
      for (const [status, schema] of Object.entries(endpoint.returns)) {
        const answer = operation.responses[status];
        expect([name, status, typeof answer?.description]).toEqual([name, status, 'string']);
        if (schema) expect([name, Object.keys(answer?.content ?? {})]).toEqual([name, ['application/json']]);
      }
      expect([name, operation.summary]).toEqual([name, endpoint.summary]);
      expect(JSON.stringify(operation.responses)).toContain('application/problem+json');
      const security = operation.security ?? committed.security ?? [];
      expect([name, security.length > 0]).toEqual([name, endpoint.access !== 'public']);
      const named = (operation.parameters ?? []).filter((one) => one.in === 'path').map((one) => one.name);
      expect([name, named]).toEqual([name, [...name.matchAll(/:(\w+)/g)].map(([, key]) => key)]);
      expect([name, operation.requestBody !== undefined]).toEqual([
        name,
        (endpoint.body ?? endpoint.form) !== undefined,
      ]);
    }
  });

  it('requirement 105: every reference resolves, and every object is closed', () => {
    const refs = valuesOf('$ref', committed) as string[];
    expect(refs.length).toBeGreaterThan(10);
    for (const ref of refs) expect([ref, typeof resolveRef(committed, ref)]).toEqual([ref, 'object']);
    for (const [id, schema] of Object.entries(committed.components.schemas)) {
      if (schema.type === 'object') expect([id, schema.additionalProperties]).toEqual([id, false]);
    }
  });

  it('requirement 105: it lists every problem code', () => {
    const text = JSON.stringify(committed);
    for (const code of Object.keys(problemCodes)) expect(text).toContain(`"${code}"`);
  });
});
