import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/build.js';

interface Locked {
  version?: string;
  resolved?: string;
  integrity?: string;
  link?: boolean;
  dev?: boolean;
  hasInstallScript?: boolean;
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const lock = JSON.parse(read('package-lock.json')) as { lockfileVersion: number; packages: Record<string, Locked> };
const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
const installed = Object.entries(lock.packages).filter(([path]) => path.includes('node_modules/'));
const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** The first versions without known vulnerabilities; packages need not be installed. */
const safeFrom: Record<string, string> = {
  'socket.io': '4.8.3',
  'socket.io-parser': '4.2.6',
  'engine.io': '6.6.9',
  ws: '8.21.0',
  express: '5.2.1',
  'path-to-regexp': '8.4.0',
  multer: '2.1.1',
  mongoose: '9.9.2',
  jsonwebtoken: '9.0.0',
  sharp: '0.35.0',
};

/** Fixed in an older release line, which is allowed for development dependencies. */
const fixedOlder = new Set(['path-to-regexp 6.3.0']);

/** Packages whose install script is not needed and never run: it builds what a prebuilt binary provides, or counts downloads. */
const needsNoScript = new Set(['lmdb', 'msgpackr-extract', 'esbuild', 'fsevents', '@scarf/scarf']);

function isAtLeast(version: string, least: string): boolean {
  const parts = (text: string): number[] => (text.split('-')[0] ?? '').split('.').map(Number);
  const [a, b] = [parts(version), parts(least)];
  for (let place = 0; place < 3; place++) {
    if ((a[place] ?? 0) !== (b[place] ?? 0)) return (a[place] ?? 0) > (b[place] ?? 0);
  }
  return !version.includes('-');
}

const scripted = installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path));

describe('(8.11) what is installed', () => {
  it('(8.11) runs without install scripts, and is installed without them in CI', () => {
    expect(scripted.filter((name) => !needsNoScript.has(name))).toEqual([]);
    expect(read('.ci/run')).toMatch(/^npm ci --ignore-scripts$/m);
  });
});

describe('requirement 103: supply chain', () => {
  it('requirement 103: every package is at a version without known vulnerabilities', () => {
    expect([isAtLeast('4.10.0', '4.8.3'), isAtLeast('4.8.2', '4.8.3'), isAtLeast('4.8.3-rc.1', '4.8.3')]).toEqual([
      true,
      false,
      false,
    ]);
    const unsafe = installed
      .map(([path, { version, dev }]) => ({ name: nameOf(path), version: version ?? '', dev: dev === true }))
      .filter(({ name, version, dev }) => !(dev && fixedOlder.has(`${name} ${version}`)))
      .filter(({ name, version }) => safeFrom[name] !== undefined && !isAtLeast(version, safeFrom[name]!));
    expect(unsafe).toEqual([]);
    for (const name of ['socket.io', 'engine.io', 'ws', 'express', 'path-to-regexp', 'mongoose']) {
      expect(installed.map(([path]) => nameOf(path))).toContain(name);
    }
  });

  it('requirement 103: the lockfile pins content by hash and names no host', () => {
    expect(lock.lockfileVersion).toBe(3);
    expect(installed.length).toBeGreaterThan(100);
    const loose = installed
      .filter(([, entry]) => !entry.link && !/^sha512-/.test(entry.integrity ?? ''))
      .map(([path]) => path);
    expect(loose).toEqual([]);
    const links = installed.filter(([, entry]) => entry.link).map(([path]) => path);
    expect(links.sort()).toEqual(['node_modules/@causerie/contract', 'node_modules/@causerie/embedded-mongo']);
    // A workspace link resolves to its folder; no other entry names its origin.
    expect(installed.filter(([, entry]) => entry.resolved !== undefined && !entry.link)).toEqual([]);
    expect(
      JSON.stringify(Object.values(lock.packages).map(({ resolved, version }) => [resolved, version])),
    ).not.toMatch(/https?:|git[+@]|file:/);
  });

  it('requirement 103: nothing runs at install time', () => {
    const settings = read('.npmrc')
      .split('\n')
      .map((line) => line.trim());
    expect(settings).toContain('ignore-scripts=true');
    expect(settings).toContain('omit-lockfile-registry-resolved=true');
    expect(read('.npmrc')).not.toMatch(/registry=|_auth|token/i);
    expect(scripted.filter((name) => !needsNoScript.has(name))).toEqual([]);
    for (const hook of ['preinstall', 'install', 'postinstall', 'prepare'])
      expect(manifest['scripts']).not.toHaveProperty(hook);
  });

  it('requirement 103: dependencies come from the registry, by version', () => {
    const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/package.json`);
    for (const file of ['package.json', ...packages]) {
      const { dependencies = {}, devDependencies = {} } = JSON.parse(read(file)) as typeof manifest;
      for (const [name, range] of Object.entries({ ...dependencies, ...devDependencies })) {
        expect([file, name, range]).toEqual([file, name, expect.stringMatching(/^[\^~]?\d+\.\d+\.\d+$/)]);
      }
    }
  });

  it('requirement 103: test dependencies are not installed in production', () => {
    for (const name of ['vitest', 'socket.io-client', 'smtp-server', 'fast-check', 'typescript', 'eslint']) {
      expect([name, lock.packages[`node_modules/${name}`]?.dev]).toEqual([name, true]);
    }
    for (const name of Object.keys(manifest['dependencies'] ?? {}))
      expect(manifest['devDependencies']).not.toHaveProperty([name]);
  });
});
