import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { root } from '../support/build.js';
import { temporaryFolder } from '../support/cleanup.js';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const readmes = ['README.md', 'README.fr.md'];

/** The settings that the first column of a table names. */
function settingsOf(readme: string): string[] {
  const rows = readme.split('\n').filter((line) => /^\| `[A-Z]/.test(line));
  return rows
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name))
    .sort();
}

const exampleLines = read('.env.example')
  .split('\n')
  .flatMap((line) => /^#([A-Z_]+)=(.*)$/.exec(line)?.slice(1, 3) ?? []);
const examples = new Map(
  exampleLines.flatMap((name, place) => (place % 2 === 0 ? [[name, exampleLines[place + 1] ?? '']] : [])) as [
    string,
    string,
  ][],
);

describe('the readme', () => {
  it('starts with the two commands, in both languages', () => {
    for (const file of readmes) {
      const commands = (read(file).match(/```sh\n([\s\S]*?)```/)?.[1] ?? '')
        .split('\n')
        .map((line) => line.split('#')[0]?.trim());
      expect(commands.slice(0, 2)).toEqual(['npm install && npm start', 'npm install && npm test']);
    }
  });

  it('says the same in both languages: code, settings and headings', () => {
    const [english = '', french = ''] = readmes.map(read);
    expect(settingsOf(french)).toEqual(settingsOf(english));
    expect(french.match(/^#+ /gm)).toEqual(english.match(/^#+ /gm));
    const links = (text: string): string[] =>
      [...text.matchAll(/\]\(([^)]+)\)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !target.startsWith('README'))
        .sort();
    expect(links(french)).toEqual(links(english));
    const code = (text: string): number => (text.match(/^```sh$/gm) ?? []).length;
    expect(code(french)).toBe(code(english));
  });

  it('links to existing files and names existing scripts', () => {
    const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
    for (const file of [...readmes, 'CONTRIBUTING.md', 'docs/ARCHITECTURE.md', 'docs/adr/README.md']) {
      const text = read(file);
      for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)\)/g)) {
        if (!/^https?:/.test(target))
          expect([file, target, existsSync(join(root, file, '..', target))]).toEqual([file, target, true]);
      }
      for (const [, script = ''] of text.matchAll(/npm run ([a-z]+)/g))
        expect([file, script, script in scripts]).toEqual([file, script, true]);
    }
  });
});

describe('the settings', () => {
  it('are the same in the readme, in .env.example and in the schema', () => {
    expect([...examples.keys()].sort()).toEqual(settingsOf(read('README.md')));
    const schema = read('src/config.ts');
    for (const name of examples.keys()) expect([name, schema.includes(name)]).toEqual([name, true]);
  });

  it('requirement 99: the example key is rejected by name', () => {
    const key = examples.get('SECRET_KEY') ?? '';
    expect(key.length).toBeGreaterThanOrEqual(32);
    expect(() => loadConfig({ DATA_DIR: temporaryFolder(), SECRET_KEY: key })).toThrow(/SECRET_KEY/);
  });

  it('are valid with every other line of the example as it is', () => {
    const env = Object.fromEntries(
      [...examples].filter(([name, value]) => value !== '' && name !== 'SECRET_KEY' && name !== 'DATA_DIR'),
    );
    const config = loadConfig({ ...env, DATA_DIR: temporaryFolder(), SECRET_KEY: 'q8Jd2mVx71RtYpLw04ZsKe93HnBu65Fa' });
    expect(config.env).toBe('production');
  });
});
