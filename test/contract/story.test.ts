/** How many files sending one message runs through: a newcomer has to read them to understand it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { root } from '../support/build.js';
import { spawnServer } from '../support/child.js';
import { temporaryFolder } from '../support/cleanup.js';
import { api } from '../support/client.js';
import { makeDirect, makeUser, sendText } from '../support/factories.js';
import { connectAs, nextEvent } from '../support/sockets.js';

/** Lower it when files are merged; a change that needs a higher one has split the story. */
const maxFiles = 32;
const warmUps = 3;
const measured = 5;

/**
 * Runs in the server before its own modules. Node counts calls (NODE_V8_COVERAGE); `takeCoverage` writes the counts to a
 * report and starts again at zero: once when a request comes in, and once when its message has been published, which is a
 * turn of the event loop after the answer. So every second report holds one request, and no report holds a timer that
 * runs later.
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

/** The files of src, without the kernel and the middleware, that have a function which was called. */
function filesIn({ result }: CoverageReport): string[] {
  return result
    .filter(({ url, functions }) => url.startsWith(dist) && functions.some(({ ranges }) => ranges[0]?.count))
    .map(({ url }) => url.slice(dist.length).replace(/\.js$/, '.ts'))
    .filter((file) => !/^(kernel|middleware)\//.test(file));
}

/** The reports of a folder, oldest first: their names are coverage-<process>-<time>-<number>.json. */
function reportsIn(folder: string): string[] {
  const numberOf = (name: string): number => Number(/-(\d+)\.json$/.exec(name)?.[1]);
  return readdirSync(folder).sort((one, other) => numberOf(one) - numberOf(other));
}

/** What every one of some lists holds: a timer that runs in between is in some of them only. */
function common([first = [], ...others]: string[][]): string[] {
  return first.filter((file) => others.every((list) => list.includes(file)));
}

it(`sending a message runs through at most ${maxFiles} files from its route to its events`, async () => {
  const folder = temporaryFolder('causerie-coverage');
  const server = await spawnServer({
    NODE_V8_COVERAGE: folder,
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(probe)}`,
  });
  const ada = await makeUser(server);
  const bob = await makeUser(server);
  const { id: conversationId } = await makeDirect(server, ada, bob);
  const socket = await connectAs(server, bob);

  let requests = 0;

  /** Makes requests one after the other, each with the files that it has entered. */
  async function filesOf(request: (n: number) => Promise<void>): Promise<string[][]> {
    const lists: string[][] = [];
    for (let n = 0; n < warmUps + measured; n++) {
      await request(n);
      requests += 1;
      await server.said(new RegExp(`^report ${2 * requests}$`, 'm'));
      const report = readFileSync(join(folder, reportsIn(folder).at(-1) ?? ''), 'utf8');
      lists.push(filesIn(JSON.parse(report) as CoverageReport));
    }
    return lists.slice(warmUps);
  }

  const sends = await filesOf(async (n) => {
    await sendText(server, ada, conversationId, `message ${n}`);
    await nextEvent(socket, 'message:created');
  });
  // A request that its route rejects enters what lies before every route, such as authentication.
  const rejections = await filesOf(async () => {
    const answer = await api(server).as(ada).post('/api/messages', { conversationId, clientId: 'no text' });
    expect(answer.body).toMatchObject({ code: 'invalid_input' });
  });

  const beforeRoute = common(rejections);
  const story = common(sends).filter((file) => !beforeRoute.includes(file));
  expect(story).toEqual(
    expect.arrayContaining([
      'features/messages/messages.routes.ts',
      'features/messages/send-message.ts',
      'repositories/log-repository.ts',
      'realtime/broadcast.ts',
    ]),
  );
  expect(story.length, story.sort().join('\n')).toBeLessThanOrEqual(maxFiles);
});
