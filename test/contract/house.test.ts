import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/build.js';
import { temporaryFolder } from '../support/cleanup.js';

type Files = Record<string, string>;

function folderWith(...samples: Files[]): string {
  const folder = temporaryFolder('house');
  for (const [file, text] of samples.flatMap(Object.entries)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

function check(script: string, folder: string, ci = ''): Promise<{ code: number; output: string }> {
  const args = [join(root, 'scripts', `${script}.mjs`), folder];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env: { ...process.env, CI: ci } }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    );
  });
}

const lines = (count: number, first = 'export {};'): string => `${first}\n${'void 0;\n'.repeat(count - 1)}`;

interface House {
  /** Files that the check lets pass. */
  sound: Files;
  /** What the check says → files that make it say so, beside the sound ones. */
  faults: Record<string, Files>;
}

const houses: Record<string, House> = {
  folders: {
    sound: {
      'src/app.ts': `import './features/users/users.routes.js';\nimport type { Page } from './kernel/page.js';\nexport type A = Page;\n`,
      'src/features/users/users.routes.ts': `export * from '../../kernel/page.js';\nexport * from '../media/media.js';\n`,
      'src/features/media/media.ts': `export type { Page } from '../../kernel/page.js';\n`,
      'src/kernel/page.ts': `import type { Limit } from './limit.js';\nexport type Page = Limit;\n`,
      'src/kernel/limit.ts': `import type { Page } from './page.js';\nexport type Limit = Page | 1;\n`,
      'src/kernel/page.test.ts': `import '../app.js';\n`,
    },
    faults: {
      'These 2 rooms import each other in a ring: log, views. Move what both need to a floor below': {
        'src/log/log.ts': `import type { View } from '../views/view.js';\nexport type Log = View;\n`,
        'src/views/view.ts': `import { log } from '../log/other.js';\nexport type View = typeof log;\n`,
        'src/log/other.ts': 'export const log = 1;\n',
      },
      '  views → log: src/views/view.ts:1 imports src/log/other.ts': {},
      'These 3 rooms import each other in a ring: facts.ts, features/contacts, features/groups.': {
        'src/facts.ts': `export type Fact = import('./features/groups/groups.js').Group;\n`,
        'src/features/groups/groups.ts': `export type Group = 1;\nexport const load = () => import('../contacts/contacts.js');\n`,
        'src/features/contacts/contacts.ts': `export * from '../../facts.js';\n`,
      },
    },
  },
  'type-names': {
    sound: {
      'src/a.ts': 'export type Page = 1;\ntype Local = 2;\nexport const a: Local = 2;\n',
      'src/b.ts': `export type { Page } from './a.js';\nexport type Other = 1;\ntype Local = 3;\nexport const b: Local = 3;\n`,
      'packages/store/src/a.ts': 'export interface Page {}\n',
      'src/a.test.ts': 'export type Other = 1;\n',
    },
    faults: {
      'Session is exported 2 times (src/c.ts:1, src/d.ts:1): give each type the noun that it stands for': {
        'src/c.ts': 'export interface Session {}\n',
        'src/d.ts': 'export class Session {}\n',
      },
      'Role is exported 2 times (': {
        'src/e.ts': 'enum Rank {}\nexport { Rank as Role };\n',
        'packages/contract/src/role.ts': 'export type Role = 1;\n',
      },
      'Table is exported 2 times (packages/store/src/one.ts:1, packages/store/src/two.ts:1)': {
        'packages/store/src/one.ts': 'export type Table = 1;\n',
        'packages/store/src/two.ts': 'export type Table = 2;\n',
      },
    },
  },
  sizes: {
    sound: {
      'src/app.ts': lines(250, `import './small.js';`),
      'src/other.ts': lines(40, `import './small.js';\nimport './features/sync/sync.sockets.js';`),
      'src/small.ts': lines(3),
      'src/features/sync/sync.sockets.ts': lines(7),
      'packages/contract/package.json': '{ "name": "@causerie/contract" }',
      'packages/contract/src/index.ts': `export * from './ids.js';\n`,
      'packages/contract/src/ids.ts': lines(3),
      'src/client-a.ts': lines(40, `import '@causerie/contract';`),
      'src/client-b.ts': lines(40, `import '@causerie/contract';`),
      'src/app.test.ts': lines(300, `import './crumb.js';`),
    },
    faults: {
      'src/long.ts: 251 lines, more than 250; split it by what it does': { 'src/long.ts': lines(251) },
      'src/crumb.ts: 39 lines and one importer; move it into the file that uses it, or list it in scripts/sizes.json': {
        'src/crumb.ts': lines(39),
        'src/user.ts': lines(40, `import './crumb.js';`),
      },
      'src/alone.ts: 5 lines and no importer': { 'src/alone.ts': lines(5) },
      'The median file has 90 lines; it has to stay below 90': Object.fromEntries(
        Array.from({ length: 20 }, (_, number) => [`src/middle-${number}.ts`, lines(90)]),
      ),
    },
  },
  words: {
    sound: {
      'src/messages.ts': [
        '/** Sends a message. The wire keeps `standing`, and https://example.org/thelane keeps its name. */',
        'export const fallingBack = { landmark: 1, newsletter: 2, "lane": 3 };',
        'export type Kinds = typeof fallingBack;',
        'export const kind = "standing";',
        'import { lane as queue } from "./elsewhere.js";',
        'export const use = (markedUnread: boolean) => [queue, markedUnread, queue.standing];',
        'const text = `http://lane ${kind} /* the news */`.length;',
        'export const most = text;',
      ].join('\n'),
      'src/repositories/members/member-row.ts': 'export interface MemberRow { own: number; slot: number }\n',
      'src/sweep.test.ts': 'export const lane = 1; // he builds the lane\n',
      'README.md': 'A message is sent. `lane` is quoted.\n',
      'README.fr.md': 'A door, and news for him.\n',
      'docs/GLOSSARY.md': '| was | is |\n|---|---|\n| lane, news | queue |\n\nPlain text.\n',
    },
    faults: {
      'src/lanes.ts: "lanes" says "lanes"; the word is queue. Rename it, or give scripts/words.json an exception': {
        'src/lanes.ts': '\n',
      },
      'src/a.ts:1: "laneOf" says "lane"': { 'src/a.ts': 'export const laneOf = 1;\n' },
      'src/b.ts:2: "MAX_LANES" says "lanes"': { 'src/b.ts': '\nexport const MAX_LANES = 1;\n' },
      'src/c.ts:1: "standing" says "standing"': { 'src/c.ts': 'export const f = (standing: number) => standing;\n' },
      'src/d.ts:1: "own" says "own"': { 'src/d.ts': 'export interface Row { own: number }\n' },
      'src/repositories/members/d.ts:1: "own" says "own"': {
        'src/repositories/members/d.ts': 'export const own = 1;\n',
      },
      'src/e.ts:1: "Known" says "Known"': { 'src/e.ts': 'export type Known = 1;\n' },
      'src/f.ts:1: "Fit" says "Fit"': { 'src/f.ts': 'export const f = <Fit>(value: Fit) => value;\n' },
      'src/g.ts:1: "mostPages" says "most"': { 'src/g.ts': 'export const mostPages = 1;\n' },
      'src/h.ts:1: "UserRows" says "Rows"': { 'src/h.ts': 'export interface UserRows {}\n' },
      'src/i.ts:1: "usersModel" says "model"': { 'src/i.ts': 'export function usersModel() {}\n' },
      'src/j.ts:1: "news" says "news"': { 'src/j.ts': 'import { x as news } from "./x.js";\nexport const n = news;\n' },
      'src/k.ts:1: "sweep" says "sweep"': { 'src/k.ts': 'export class K { #sweep() {} }\n' },
      'src/l.ts:1: "pump" says "pump"': { 'src/l.ts': 'export const { a: pump } = { a: 1 };\n' },
      'packages/embedded-mongo/src/m.ts:1: "Work" says "Work"': {
        'packages/embedded-mongo/src/m.ts': 'export type Work = 1;\n',
      },
      'src/n.ts:2: "lane"; the word is queue. Say it in that word': {
        'src/n.ts': '/**\n * Waits in the lane.\n */\nexport {};\n',
      },
      'src/o.ts:1: "is told"; the word is': { 'src/o.ts': 'export {}; // everybody is\n// told\n' },
      'docs/p.md:3: "door"; the word is transport': { 'docs/p.md': '\n\nAt the door.\n' },
      'docs/adr/q.md:2: "sweep"; the word is recovery': { 'docs/adr/q.md': '```text\nSweep\n```\n' },
      'docs/GLOSSARY.md:3: "lane"; the word is queue': {
        'docs/GLOSSARY.md': '| was | is |\n|---|---|\n| x | the lane |\n',
      },
      'src/r.ts:1: "Builds the"; say what it does': { 'src/r.ts': '/** Then Builds the rows. */\nexport {};\n' },
      'src/s.ts:1: a comment that begins "Builds"; begin with the verb of the domain': {
        'src/s.ts': '/** Builds rows. */\nexport {};\n',
      },
      'src/t.ts:2: a comment that begins "Gives"': { 'src/t.ts': '/**\n * Gives rows.\n */\nexport {};\n' },
      'src/u.ts:1: "his" for anybody; write they, them or their': { 'src/u.ts': '// Reads his rows.\nexport {};\n' },
      'packages/embedded-mongo/README.md:1: "He" for anybody': { 'packages/embedded-mongo/README.md': 'He reads.\n' },
      'src/v.ts:1: "him" for anybody in a text': { 'src/v.ts': 'export const v = `Ask ${1} him`;\n' },
    },
  },
  quoted: {
    sound: {
      'README.md': [
        'Run `npm test`, `npm run dev` or `MONGODB_URI=mongodb://… npm start`, for `15m`; see `https://example.org/x`.',
        '`src/jobs/queue.ts`, `jobs/queue.ts`, `queue.ts`, `jobs/`, `src/*/queue.ts`, `x.routes.ts` and `users.{routes,sockets}.ts` are files.',
        '`GET /api/users/:id`, `user:updated`, `displayName`, `not_found` and `causerie_rooms` are on the wire.',
        '`createQueue(limit)`, `Queue.size`, `{ limit: 3 }` and `--dry-run` are in the code, `DATA_DIR/outbox` below a setting.',
        'A [link](docs/page.md#part), [another](https://example.org/nothing.md) and [a third](#here).',
        '```',
        'queue.ts    the queue; a `made.up` thing',
        '```',
      ].join('\n'),
      'docs/page.md': 'See [back](../README.md).\n',
      'docs/openapi.json':
        '{ "paths": { "/api/users/{id}": { "get": {} } }, "components": { "schemas": { "User": { "properties": { "displayName": {} } } } } }',
      'docs/asyncapi.json': '{ "channels": { "events": { "messages": { "user:updated": {} } } } }',
      'package.json': '{ "name": "sample", "scripts": { "dev": "x", "test": "x", "start": "x" } }',
      'src/jobs/queue.ts':
        'export interface Queue { size: number }\nexport const createQueue = (limit: number) => ["not_found", "causerie_rooms", limit];\n',
      'src/config.ts':
        'export const settings = { MONGODB_URI: 1, DATA_DIR: "outbox" };\nexport const options = { "dry-run": 1 };\n',
      'src/features/users/users.routes.ts': 'export {};\n',
      'src/features/users/users.sockets.ts': 'export {};\n',
    },
    faults: {
      'docs/a.md:3: `src/jobs/lane.ts`: there is no such file or route. Write what there is now, or list it in scripts/quoted.json':
        { 'docs/a.md': '\n\nSee `src/jobs/lane.ts`.\n' },
      'docs/b.md:1: `lane.ts`: there is no such file': { 'docs/b.md': '`lane.ts`\n' },
      'docs/c.md:1: `x.policy.ts`: there is no such file': { 'docs/c.md': '`x.policy.ts`\n' },
      'docs/d.md:2: `log/lane.ts`: there is no such file': { 'docs/d.md': '```\nthe lane   log/lane.ts\n```\n' },
      'docs/e.md:1: `npm run deploy`: no package.json has the script "deploy"': { 'docs/e.md': '`npm run deploy`\n' },
      'docs/f.md:1: `REDIS_URI=x npm start`: there is no setting REDIS_URI': {
        'docs/f.md': '`REDIS_URI=x npm start`\n',
      },
      'docs/g.md:1: `/api/people/:id`: there is no such file or route': { 'docs/g.md': '`/api/people/:id`\n' },
      'docs/h.md:1: `user:renamed`: there is no "user"': { 'docs/h.md': '`user:renamed`\n' },
      'docs/i.md:1: `createLane(limit)`: there is no "createLane"': { 'docs/i.md': '`createLane(limit)`\n' },
      'docs/j.md:1: `--force`: there is no "force"': { 'docs/j.md': '`--force`\n' },
      'docs/k.md:1: the link leads to nowhere.md, which is not there; correct or remove it': {
        'docs/k.md': '[gone](nowhere.md)\n',
      },
      'docs/l.md:1: `npx tsx bench/lost.ts`: there is no file bench/lost.ts': {
        'docs/l.md': '`npx tsx bench/lost.ts`\n',
      },
      'docs/m.md:1: `not_here`: there is no "not_here"': { 'docs/m.md': '`not_here`\n' },
    },
  },
};

describe.each(Object.entries(houses))('the check %s', (script, { sound, faults }) => {
  let passed: { code: number; output: string };
  let failed: { code: number; output: string };

  beforeAll(async () => {
    passed = await check(script, folderWith(sound));
    failed = await check(script, folderWith(sound, ...Object.values(faults)));
  });

  it('lets a sound sample pass', () => {
    expect(passed).toEqual({ code: 0, output: '' });
  });

  it.each(Object.keys(faults))('says "%s"', (sentence) => {
    expect(failed.code).toBe(1);
    expect(failed.output).toContain(sentence);
  });

  it('says nothing of what is sound', () => {
    const planted = new Set(Object.values(faults).flatMap((files) => Object.keys(files)));
    const innocent = Object.keys(sound).filter((file) => !planted.has(file));
    const said = failed.output.split('\n');
    expect(said.filter((line) => innocent.some((file) => line.startsWith(`${file}:`)))).toEqual([]);
  });
});

describe('exceptions of the checks', () => {
  const lists = {
    words: { words: [], phrases: [], names: [{ name: 'lane' }, { name: 'idle', why: 'x' }] },
    sizes: { small: [{ name: 'lane' }, { name: 'idle', why: 'x' }] },
    quoted: { names: [{ name: 'lane' }, { name: 'idle', why: 'x' }] },
  };

  it.each(Object.entries(lists))('of %s have a reason and excuse something', async (script, list) => {
    const file = `scripts/${script}.json`;
    const { code, output } = await check(script, folderWith({ [file]: JSON.stringify(list) }));
    expect(code).toBe(1);
    expect(output).toContain(`${file}: "lane" has no reason; write one as "why"\n`);
    expect(output).toContain(`${file}: "idle" excuses nothing any more; remove the entry\n`);
  });

  it('hold where they say, and nowhere else', async () => {
    const list = {
      words: [{ was: ['lane'], is: 'queue', match: ['word'], prose: ['lane'] }],
      names: [{ name: 'laneOf', as: 'property', in: ['src/log/**'], why: 'stored' }],
      phrases: [{ name: 'bus lane', in: ['docs/*.md'], why: 'a road' }],
    };
    const { code, output } = await check(
      'words',
      folderWith({
        'scripts/words.json': JSON.stringify(list),
        'src/log/a.ts': 'export interface A { laneOf: 1 }\nexport const laneOf = 1;\n',
        'src/b.ts': 'export interface B { laneOf: 1 }\n',
        'docs/c.md': 'A bus lane.\n',
        'README.md': 'A bus lane.\n',
      }),
    );
    expect(code).toBe(1);
    expect(output.match(/^\S+(?=: )/gm)).toEqual(['src/b.ts:1', 'src/log/a.ts:2', 'README.md:1']);
  });
});

describe('the subjects of commits', () => {
  const git = (folder: string, ...args: string[]): string =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=A', '-c', 'user.email=a@example.org', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    });
  const commit = (folder: string, subject: string): string =>
    git(folder, 'commit', '-q', '--allow-empty', '-m', subject, '-m', 'The body says why, at any length.');

  function history(...subjects: string[]): string {
    const folder = folderWith({ 'scripts/commits.mjs': '' });
    git(folder, 'init', '-q', '-b', 'main');
    commit(folder, 'Before the check there was another form, which nobody has to write again now.');
    git(folder, 'add', '.');
    commit(folder, 'The commit that adds the check is not judged');
    for (const subject of subjects) commit(folder, subject);
    return folder;
  }

  it('pass as imperatives, and those of merges in any form', async () => {
    const folder = history(
      'Pass the deadline on',
      'Process queues in order',
      'Seed the store',
      'Bring back the index',
      'A'.concat('dd', ' x'.repeat(34)),
      'Re-read the head',
    );
    git(folder, 'checkout', '-q', '-b', 'side', 'HEAD~1');
    commit(folder, 'Embed fonts');
    git(folder, 'merge', '-q', '--no-ff', '-m', 'the merging of things.', 'main');
    expect(await check('commits', folder, 'true')).toEqual({ code: 0, output: '' });
  });

  it.each([
    ['Added a queue', '"Added" is no imperative; write what the commit does as an instruction'],
    ['Adds a queue', '"Adds" is no imperative'],
    ['Adding a queue', '"Adding" is no imperative'],
    ['add a queue', 'begin with a capitalized verb'],
    ['fix: add a queue', 'begin with a capitalized verb'],
    ['The queue is kept', '"The" begins a statement; begin with the verb'],
    ['Add a queue.', 'take the full stop away'],
    ['Add a queue'.padEnd(73, 'x'), '73 characters; keep the subject to 72 and say why in the body'],
  ])('fail as "%s"', async (subject, sentence) => {
    const { code, output } = await check('commits', history('Add a sound one', subject, 'Add another'));
    expect(code).toBe(1);
    expect(output.trim().split('\n')).toEqual([expect.stringContaining(`"${subject}": ${sentence}`)]);
  });

  it('cannot be known in a shallow clone or outside of git, which is no pass in CI', async () => {
    const clone = join(temporaryFolder('house'), 'clone');
    git(root, 'clone', '-q', '--depth', '1', `file://${history('Add a queue')}`, clone);
    for (const [folder, reason] of [
      [clone, 'this clone is shallow'],
      [temporaryFolder('house'), 'there is no git repository here'],
    ] as const) {
      const output = `The subjects of commits cannot be checked: ${reason}. Check out the whole history (fetch-depth: 0).\n`;
      expect(await check('commits', folder)).toEqual({ code: 0, output });
      expect(await check('commits', folder, 'true')).toEqual({ code: 1, output });
    }
  });
});
