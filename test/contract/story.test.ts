/** The files that sending one message runs through: a newcomer has to read them to understand it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { root } from '../support/build.js';
import { type ChildServer, spawnServer } from '../support/child.js';
import { temporaryFolder } from '../support/cleanup.js';
import { as } from '../support/client.js';
import { makeDirect, makeUser, sendText } from '../support/factories.js';
import { ask, connectAs, nextEvent } from '../support/sockets.js';

/** From the route to the insert and the publish, outside the kernel. */
const maxFiles = 16;
const warmUps = 3;
const maxSamples = 30;

/** What hears of the message through the domain event is not part of sending it. */
const listeners = ['realtime/typing.ts', 'features/notifications/notifier.ts'];

/**
 * Runs in the server before its own modules. Node counts calls (NODE_V8_COVERAGE); `takeCoverage` writes the counts to a
 * report and starts again at zero: once when a request comes in, and once when its message has been published, which is a
 * turn of the event loop after the answer. So every second report holds one request.
 */
const probe = `
  import { subscribe } from 'node:diagnostics_channel';
  import { takeCoverage } from 'node:v8';
  let reports = 0;
  function report() {
    takeCoverage();
    console.log('report', ++reports);
  }
  const isSend = ({ request }) => request.method === 'POST' && request.url === '/api/messages';
  subscribe('http.server.request.start', (event) => isSend(event) && report());
  subscribe('http.server.response.finish', (event) => {
    if (isSend(event)) setImmediate(() => setImmediate(() => setImmediate(report)));
  });
`;

interface CoverageReport {
  result: { url: string; functions: { ranges: { count: number }[] }[] }[];
}

const dist = `${pathToFileURL(join(root, 'dist')).href}/`;

/** The files of src, without kernel, what lies before the route, and listeners, that have a function which was called. */
function filesIn({ result }: CoverageReport): string[] {
  return result
    .filter(({ url, functions }) => url.startsWith(dist) && functions.some(({ ranges }) => ranges[0]?.count))
    .map(({ url }) => url.slice(dist.length).replace(/\.js$/, '.ts'))
    .filter((file) => !/^(kernel|middleware)\//.test(file) && !listeners.includes(file));
}

/** The newest report of a folder: the names are coverage-<process>-<milliseconds>-<number>.json. */
function newestIn(folder: string): CoverageReport {
  const newest = readdirSync(folder).sort().at(-1) ?? '';
  return JSON.parse(readFileSync(join(folder, newest), 'utf8')) as CoverageReport;
}

/** Reads which files one request after the other has run through. */
function samplesOf(server: ChildServer, folder: string) {
  let requests = 0;
  return async function sample(request: () => Promise<unknown>): Promise<string[]> {
    await request();
    requests += 1;
    await server.said(new RegExp(`^report ${2 * requests}$`, 'm'));
    return filesIn(newestIn(folder));
  };
}

/** The files that the diagram of sending in docs/ARCHITECTURE.md names. */
function filesInDiagram(): string[] {
  const text = readFileSync(join(root, 'docs/ARCHITECTURE.md'), 'utf8');
  const section = text.slice(text.indexOf('## Sending a message'));
  const diagram = section.slice(section.indexOf('```mermaid'), section.indexOf('\n```\n'));
  return [...new Set(diagram.match(/[\w.-]+(\/[\w.-]+)*\.ts\b/g))].sort();
}

it(`sending a message runs through at most ${maxFiles} files, and the architecture page names them`, async () => {
  const folder = temporaryFolder('causerie-coverage');
  const server = await spawnServer({
    NODE_V8_COVERAGE: folder,
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(probe)}`,
  });
  const ada = await makeUser(server);
  const bob = await makeUser(server);
  const { id: conversationId } = await makeDirect(server, ada, bob);
  const [adas, bobs] = [await connectAs(server, ada), await connectAs(server, bob)];
  const sample = samplesOf(server, folder);

  async function send(): Promise<void> {
    await sendText(server, ada, conversationId, 'counted');
    await nextEvent(bobs, 'message:created');
  }

  // A request that its route rejects enters what lies before every route, such as authentication.
  let rejected: string[] = [];
  for (let n = 0; n < warmUps; n++) {
    rejected = await sample(async () => {
      const answer = await as(ada).post('/api/messages', { conversationId, clientId: 'no text' });
      expect(answer.code).toBe('invalid_input');
    });
  }

  // Timers run in between, in some samples only: the story is what all samples have in common.
  let story: string[] | null = null;
  for (let n = 0; n < maxSamples && (story === null || n < 5 || story.length > maxFiles); n++) {
    const warm = {
      conversationId,
      clientId: `warm ${n}`,
      text: 'warms the caches, as in any conversation that goes on',
    };
    expect((await ask(adas, 'message:send', warm)).ok).toBe(true);
    await nextEvent(bobs, 'message:created');
    const files = await sample(send);
    story = files.filter((file) => !rejected.includes(file) && (story?.includes(file) ?? true));
  }

  expect(story?.sort()).toEqual(filesInDiagram());
  expect(story?.length).toBeLessThanOrEqual(maxFiles);
});
