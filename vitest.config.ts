import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'src/**/*.test.ts', 'packages/*/test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    setupFiles: ['test/support/setup.ts'],
    sequence: { shuffle: true },
    pool: 'forks',
    maxWorkers: 2,
    // Waits scale with a busy machine. A time that is promised is asserted by itself.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000 } },
    allowOnly: false,
    env: { NODE_ENV: 'test' },
  },
});
