import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/build.js';
import { temporaryFolder } from '../support/cleanup.js';

/** Rule of .dependency-cruiser.cjs → files that break it; the first one is reported. */
const plants: Record<string, Record<string, string>> = {
  'no-cycles': {
    'src/jobs/planted-a.ts': `import type { B } from './planted-b.js';\nexport type A = { b: B };\n`,
    'src/jobs/planted-b.ts': `import type { A } from './planted-a.js';\nexport type B = { a: A };\n`,
  },
  'contract-imports-zod-alone': {
    'packages/contract/src/planted.ts': `import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n`,
  },
  'rules-are-pure': {
    'src/rules/planted.ts': `import { readFileSync } from 'node:fs';\nexport const may = readFileSync;\n`,
  },
  'log-imports-repositories-alone': {
    'src/log/planted.ts': `export * from '../rules/planted-rule.js';\n`,
    'src/rules/planted-rule.ts': `export const rule = 1;\n`,
  },
  'mongoose-in-repositories': {
    'src/views/planted-rows.ts': `import mongoose from 'mongoose';\nexport const m = mongoose;\n`,
  },
  'use-cases-know-no-transport': {
    'src/features/users/planted.service.ts': `import express from 'express';\nexport const app = express;\n`,
  },
  'tables-call-their-service': {
    'src/features/contacts/planted.routes.ts': `export * from '../../repositories/planted-rows.js';\n`,
    'src/repositories/planted-rows.ts': `export const rows = 1;\n`,
  },
  'kernel-knows-nothing': {
    'src/kernel/planted.ts': `export type { Config } from '../planted-config.js';\n`,
    'src/planted-config.ts': `export type Config = string;\n`,
  },
  'only-the-server-makes-the-context': {
    'src/jobs/planted-context.ts': `import { createContext } from '../context/context.js';\nexport const c = createContext;\n`,
  },
  'nothing-imports-the-server': {
    'src/jobs/planted-server.ts': `import type { RunningServer } from '../server.js';\nexport type S = RunningServer;\n`,
  },
  'config-is-read-once': {
    'src/jobs/planted-settings.ts': `import { loadConfig } from '../config.js';\nexport const c = loadConfig;\n`,
  },
  'no-unknown-imports': { 'src/jobs/planted-nowhere.ts': `export * from './is-not-there.js';\n` },
  'no-development-packages': {
    'src/jobs/planted-dev.ts': `import { io } from 'socket.io-client';\nexport const c = io;\n`,
  },
  ...Object.fromEntries(
    [
      ['floor-wiring', 'context', 'cli'],
      ['floor-realtime', 'realtime', 'context'],
      ['floor-features', 'features/users', 'realtime'],
      ['floor-views-log-jobs', 'views', 'features/media'],
      ['floor-rules', 'rules', 'views'],
      ['floor-repositories', 'repositories', 'rules'],
      ['floor-middleware-drivers', 'middleware', 'repositories'],
      ['floor-kernel', 'kernel', 'drivers'],
      ['neighbors-views', 'views', 'log'],
      ['neighbors-jobs', 'jobs', 'views'],
      ['neighbors-middleware', 'middleware', 'drivers'],
      ['neighbors-drivers', 'drivers', 'middleware'],
    ].map(([law, from, to]) => [
      law,
      {
        [`src/${from}/planted-${law}.ts`]: `export * from '${from!.includes('/') ? '../../' : '../'}${to}/planted-under-${law}.js';\n`,
        [`src/${to}/planted-under-${law}.ts`]: `export const below = 1;\n`,
      },
    ]),
  ),
  'neighbors-kernel': {
    'src/kernel/planted-settings.ts': `export type { Config } from '../config.js';\n`,
  },
  'neighbors-realtime': {
    'src/realtime/planted-listener.ts': `export { subscribeAll } from '../subscribers.js';\n`,
  },
  'neighbors-context': {
    'src/context/planted-app.ts': `export { createApp } from '../app.js';\n`,
  },
  ...Object.fromEntries(
    [
      ['media', 'sessions'],
      ['sessions', 'users'],
      ['users', 'auth'],
      ['auth', 'contacts'],
      ['contacts', 'auth'],
      ['conversations', 'messages'],
      ['messages', 'reactions'],
      ['reactions', 'groups'],
      ['groups', 'notifications'],
      ['notifications', 'account'],
      ['account', 'sync'],
    ].map(([from, to]) => [
      `feature-line-${from}`,
      {
        [`src/features/${from}/planted-left.ts`]: `export * from '../${to}/planted-right.js';\n`,
        [`src/features/${to}/planted-right.ts`]: `export const right = 1;\n`,
      },
    ]),
  ),
};

/** Rule of eslint.config.js → a file and a line that break it. */
const lintPlants: Record<string, [string, string]> = {
  'no-restricted-properties': ['src/jobs/lint-env.ts', 'export const port = process.env.PORT;'],
  'no-restricted-syntax (emit)': [
    'src/jobs/lint-emit.ts',
    'export const tell = (io: { emit(name: string): void }): void => io.emit("x");',
  ],
  'no-restricted-syntax (emit in a table)': [
    'src/features/users/lint-emit.routes.ts',
    'export const tell = (io: { emit(name: string): void }): void => io.emit("x");',
  ],
  'no-restricted-syntax (branch)': [
    'src/features/users/lint-if.routes.ts',
    'export const pick = (a: boolean): number => (a ? 1 : 2);',
  ],
  'no-restricted-syntax (branch in events)': [
    'src/features/users/lint-if.sockets.ts',
    'export function pick(a: boolean): number {\n  if (a) return 1;\n  return 2;\n}',
  ],
  'no-restricted-syntax (text of an error)': [
    'src/jobs/lint-text.ts',
    'export const isGone = (error: Error): number => (error.message === "gone" ? 1 : 2);',
  ],
  'no-restricted-syntax (hook)': [
    'src/features/users/lint-hook.model.ts',
    'export const hook = (userSchema: { pre(name: string): void }): void => userSchema.pre("save");',
  ],
  '@typescript-eslint/no-explicit-any': ['src/jobs/lint-any.ts', 'export const x = (a: any): unknown => a;'],
  '@typescript-eslint/no-non-null-assertion': [
    'src/jobs/lint-bang.ts',
    'export const x = (a: string | null): string => a!;',
  ],
  '@typescript-eslint/ban-ts-comment': ['src/jobs/lint-suppress.ts', '// @ts-ignore\nexport const x = 1;'],
  '@typescript-eslint/no-floating-promises': [
    'src/jobs/lint-float.ts',
    'export function x(a: Promise<void>): void {\n  a;\n}',
  ],
  '@typescript-eslint/consistent-type-imports': [
    'src/jobs/lint-import.ts',
    "import { Writable } from 'node:stream';\nexport type W = Writable;",
  ],
  '@typescript-eslint/switch-exhaustiveness-check': [
    'src/jobs/lint-switch.ts',
    "export function x(a: 'p' | 'q'): void {\n  switch (a) {\n    case 'p':\n  }\n}",
  ],
  '@typescript-eslint/explicit-module-boundary-types': [
    'src/jobs/lint-return.ts',
    'export const x = (a: number) => a;',
  ],
  'no-console': ['src/jobs/lint-console.ts', 'console.log(1);\nexport {};'],
  'no-empty': ['src/jobs/lint-empty.ts', 'try {\n  JSON.parse("");\n} catch {}\nexport {};'],
  'no-warning-comments': ['src/jobs/lint-later.ts', '// TODO finish\nexport {};'],
  'max-lines': ['src/jobs/lint-long.ts', 'export {};\n' + 'void 0;\n'.repeat(301)],
  'max-lines-per-function': ['src/jobs/lint-function.ts', `export function x(): void {\n${'  void 0;\n'.repeat(61)}}`],
  'max-params': [
    'src/jobs/lint-params.ts',
    'export const x = (a: 1, b: 1, c: 1, d: 1, e: 1): number => a + b + c + d + e;',
  ],
  complexity: [
    'src/jobs/lint-complex.ts',
    `export const x = (a: number): boolean => ${Array.from({ length: 17 }, (_, n) => `a === ${n}`).join(' || ')};`,
  ],
};

const layoutPlants: Record<string, string> = {
  'src/features/users/index.ts': 'export {};\n',
  'src/utils/strings.ts': 'export {};\n',
  'src/jobs/CamelCase.ts': 'export {};\n',
  'src/jobs/layout-suppress.ts': '// eslint-disable-next-line\nexport {};\n',
};

function run(file: string, args: string[], cwd: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], { cwd, maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout || stderr }),
    );
  });
}

/** The file that npm would run for a package's command. */
function command(name: string, bin: string): string {
  const manifest = join(root, 'node_modules', name, 'package.json');
  const { bin: bins } = createRequire(import.meta.url)(manifest) as { bin: string | Record<string, string> };
  return join(dirname(manifest), typeof bins === 'string' ? bins : bins[bin]!);
}

function copyOfSources(): string {
  const copy = realpathSync(temporaryFolder('architecture'));
  for (const name of [
    'src',
    'packages/contract/src',
    'eslint.config.js',
    '.dependency-cruiser.cjs',
    'package.json',
    'tsconfig.json',
    'tsconfig.base.json',
    'tsconfig.test.json',
  ]) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

function plant(copy: string, files: Record<string, string>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    writeFileSync(join(copy, file), text);
  }
}

interface Verdict {
  code: number;
  violations: { rule: string; from: string }[];
}

async function cruise(copy: string): Promise<Verdict> {
  const args = ['src', 'packages/contract/src', '--config', '.dependency-cruiser.cjs', '--output-type'];
  const tool = command('dependency-cruiser', 'depcruise');
  const [{ output }, { code }] = await Promise.all([
    run(tool, [...args, 'json'], copy),
    run(tool, [...args, 'err'], copy),
  ]);
  const { summary } = JSON.parse(output) as { summary: { violations: { from: string; rule: { name: string } }[] } };
  return { code, violations: summary.violations.map(({ from, rule }) => ({ rule: rule.name, from })) };
}

describe('import rules', () => {
  let clean: Verdict;
  let planted: Verdict;

  beforeAll(async () => {
    const copy = copyOfSources();
    clean = await cruise(copy);
    for (const files of Object.values(plants)) plant(copy, files);
    planted = await cruise(copy);
  });

  it('accept the sources as they are', () => {
    expect(clean).toEqual({ code: 0, violations: [] });
  });

  it('have a planted violation for every rule', () => {
    const config = createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs')) as {
      forbidden: { name: string; severity: string; comment?: string }[];
    };
    expect(Object.keys(plants).sort()).toEqual(config.forbidden.map((rule) => rule.name).sort());
    for (const { name, severity, comment } of config.forbidden) {
      expect([name, severity, comment]).toEqual([name, 'error', expect.stringMatching(/.{60}/)]);
    }
  });

  it.each(Object.keys(plants))('report a planted violation of %s', (rule) => {
    expect(planted.code).not.toBe(0);
    const culprits = planted.violations.filter((one) => one.rule === rule).map((one) => one.from);
    expect(culprits).toContain(Object.keys(plants[rule]!)[0]);
  });
});

describe('lint rules', () => {
  let found: Map<string, string[]>;
  let code: number;

  beforeAll(async () => {
    const copy = copyOfSources();
    const files = Object.fromEntries(Object.values(lintPlants).map(([file, text]) => [file, `${text}\n`]));
    plant(copy, { ...files, 'src/jobs/lint-innocent.ts': 'export const innocent = 1;\n' });
    const result = await run(
      command('eslint', 'eslint'),
      ['--format', 'json', ...Object.keys(files), 'src/jobs/lint-innocent.ts'],
      copy,
    );
    const reports = JSON.parse(result.output) as {
      filePath: string;
      messages: { ruleId: string | null; severity: number }[];
    }[];
    found = new Map(
      reports.map(({ filePath, messages }) => [
        relative(copy, filePath),
        messages.filter((one) => one.severity === 2).map((one) => String(one.ruleId)),
      ]),
    );
    code = result.code;
  });

  it('accept a clean file', () => {
    expect(found.get('src/jobs/lint-innocent.ts')).toEqual([]);
  });

  it.each(Object.keys(lintPlants))('report a planted violation of %s', (name) => {
    expect(code).not.toBe(0);
    const [file] = lintPlants[name]!;
    expect(found.get(file)).toContain(name.split(' ')[0]);
  });
});

describe('file and folder names', () => {
  const script = join(root, 'scripts', 'layout.mjs');

  it('pass for the sources and fail for each planted name', async () => {
    const copy = copyOfSources();
    expect(await run(script, [copy], copy)).toEqual({ code: 0, output: '' });
    plant(copy, layoutPlants);
    const { code, output } = await run(script, [copy], copy);
    expect(code).toBe(1);
    for (const file of Object.keys(layoutPlants)) expect(output).toContain(`${file}: `);
  });
});

describe('the checks themselves', () => {
  it('cannot be made to succeed', () => {
    for (const file of ['.ci/run', 'scripts/check.mjs', 'package.json', 'vitest.config.ts']) {
      expect(readFileSync(join(root, file), 'utf8')).not.toMatch(
        /passWithNoTests|continue-on-error|\|\| true|exit 0|exitCode = 0|bail: false|retry/,
      );
    }
  });
});
