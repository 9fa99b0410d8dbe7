import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config.js';
import { ensureBuilt, root } from '../support/build.js';
import { spawnNode, type Child, type Exit } from '../support/child.js';
import { temporaryFolder } from '../support/cleanup.js';
import { api } from '../support/client.js';
import { recordSecret } from '../support/secrets.js';

type Env = Record<string, string>;

const strong = 'Q7w-not-in-any-book-Z9x-and-long-enough';
const uri = 'mongodb://127.0.0.1:1/causerie';

/** Each has one bad setting: the name that must be reported, the environment, and what must not be printed. */
const broken: [name: string, env: Env, hidden?: string][] = [
  ['NODE_ENV', { NODE_ENV: 'staging-marker' }],
  ['NODE_ENV', { NODE_ENV: 'Production' }],
  ['PORT', { PORT: 'marker' }],
  ['PORT', { PORT: '-1' }],
  ['PORT', { PORT: '65536' }],
  ['PORT', { PORT: '80.5' }],
  ['PORT', { PORT: '0x50' }],
  ['HOST', { HOST: 'http://marker/' }],
  ['MONGODB_URI', { MONGODB_URI: 'postgres://admin:marker@db/x' }],
  ['MONGODB_URI', { MONGODB_URI: 'marker' }],
  ['ACCOUNT_ERASURE_DELAY', { ACCOUNT_ERASURE_DELAY: 'marker' }],
  ['STORAGE_URL', { STORAGE_URL: 'ftp://marker' }],
  ['STORAGE_URL', { STORAGE_URL: 's3://bucket?marker=1' }],
  ['STORAGE_URL', { STORAGE_URL: 's3://bucket/marker' }],
  ['AWS_ACCESS_KEY_ID', { STORAGE_URL: 's3://bucket-marker' }],
  ['UPLOAD_MAX_IMAGE', { UPLOAD_MAX_IMAGE: '20 marker' }],
  ['UPLOAD_MAX_FILE', { UPLOAD_MAX_FILE: '0mb' }],
  ['UPLOAD_MAX_AVATAR', { UPLOAD_MAX_AVATAR: '8' }],
  ['UPLOAD_QUOTA', { UPLOAD_QUOTA: '-2gb' }],
  ['MEDIA_LINK_TTL', { MEDIA_LINK_TTL: '0' }],
  ['MESSAGE_EDIT_WINDOW', { MESSAGE_EDIT_WINDOW: 'marker' }],
  ['MESSAGE_DELETE_WINDOW', { MESSAGE_DELETE_WINDOW: '-1h' }],
  ['GROUP_MAX_MEMBERS', { GROUP_MAX_MEMBERS: '0' }],
  ['GROUP_MAX_MEMBERS', { GROUP_MAX_MEMBERS: 'marker' }],
  ['REDIS_URL', { REDIS_URL: 'redis://:marker@cache:6379' }],
  ['PUBLIC_URL', { PUBLIC_URL: 'marker.example.org' }],
  ['PUBLIC_URL', { PUBLIC_URL: 'ftp://marker.example.org' }],
  ['PUBLIC_URL', { PUBLIC_URL: 'https://someone:marker@example.org' }],
  ['CORS_ORIGINS', { CORS_ORIGINS: '*' }],
  ['CORS_ORIGINS', { CORS_ORIGINS: 'https://fine.example,*' }],
  ['CORS_ORIGINS', { CORS_ORIGINS: 'https://marker.example/' }],
  ['CORS_ORIGINS', { CORS_ORIGINS: 'null' }],
  ['CORS_ORIGINS', { CORS_ORIGINS: 'https://*.marker.example' }],
  ['SECRET_KEY', { SECRET_KEY: 'marker-too-short' }],
  ['SECRET_KEY', { SECRET_KEY: 'marker-change-me-change-me-change-me-change-me' }],
  ['SECRET_KEY', { SECRET_KEY: 'your-secret-key-marker-your-secret-key-marker' }],
  ['SECRET_KEY_PREVIOUS', { SECRET_KEY: strong, SECRET_KEY_PREVIOUS: 'marker-short' }],
  ['SECRET_KEY_PREVIOUS', { SECRET_KEY: strong, SECRET_KEY_PREVIOUS: strong }, strong],
  ['ACCESS_TOKEN_TTL', { ACCESS_TOKEN_TTL: '15 marker' }],
  ['ACCESS_TOKEN_TTL', { ACCESS_TOKEN_TTL: '0s' }],
  ['REFRESH_TOKEN_TTL', { REFRESH_TOKEN_TTL: '-30d' }],
  ['SESSION_MAX_AGE', { SESSION_MAX_AGE: '31536000' }],
  ['REGISTRATION', { REGISTRATION: 'marker' }],
  ['MAIL_URL', { MAIL_URL: 'http://marker@host' }],
  ['MAIL_FROM', { MAIL_FROM: 'marker\r\nBcc: x@example.org' }],
  ['RATE_LIMIT_FACTOR', { RATE_LIMIT_FACTOR: '-1' }],
  ['RATE_LIMIT_FACTOR', { RATE_LIMIT_FACTOR: 'Infinity' }],
  ['RATE_LIMIT_FACTOR', { NODE_ENV: 'production', RATE_LIMIT_FACTOR: '0' }],
  ['SECRET_KEY', { NODE_ENV: 'production', MONGODB_URI: `${uri}-marker` }],
  ['SECRET_KEY', { NODE_ENV: 'production', MONGODB_URI: `${uri}-marker`, SECRET_KEY: '' }],
  ['TRUST_PROXY', { TRUST_PROXY: 'true' }],
  ['TRUST_PROXY', { TRUST_PROXY: '101' }],
  ['METRICS_TOKEN', { METRICS_TOKEN: 'marker' }],
  ['METRICS_TOKEN', { METRICS_TOKEN: 'marker with spaces in it' }],
  ['LOG_LEVEL', { LOG_LEVEL: 'marker' }],
];

function faultOf(env: Env): ConfigError {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('these settings were taken');
}

describe('bad settings', () => {
  it.each(broken)('requirement 99: %s is reported by name only: %j', (name, env, hidden) => {
    const { faults, message } = faultOf(env);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${name}: \\S.{10,}`));
    expect(message).not.toContain('marker');
    if (hidden !== undefined) expect(message).not.toContain(hidden);
  });

  it('requirement 99: all of them are reported at once, each once', () => {
    const { faults } = faultOf({ PORT: 'x', LOG_LEVEL: 'x', CORS_ORIGINS: '*,null,x', SECRET_KEY: 'change-me' });
    expect(
      faults
        .map((fault) => fault.split(':')[0])
        .filter((name, at, all) => all.indexOf(name) === at)
        .sort(),
    ).toEqual(['CORS_ORIGINS', 'LOG_LEVEL', 'PORT', 'SECRET_KEY']);
    expect(new Set(faults).size).toBe(faults.length);
  });

  it('requirement 99: several nodes are rejected with an explanation', () => {
    expect(faultOf({ REDIS_URL: 'redis://cache' }).faults).toEqual([
      'REDIS_URL: several nodes are not supported yet; remove it',
    ]);
  });
});

describe('good settings', () => {
  it('requirement 99: the defaults are those of the contract', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      env: 'development',
      http: { port: 3000, host: '127.0.0.1', publicUrl: null, corsOrigins: [], trustProxy: 0, metricsToken: null },
      mongodbUri: null,
      keys: { secret: null, previous: null },
      sessions: { accessTtlMs: 900_000, refreshTtlMs: 30 * 86_400_000, sessionMaxAgeMs: 365 * 86_400_000 },
      isRegistrationOpen: true,
      rateLimitFactor: 1,
      logLevel: 'info',
    });
    expect(config.dataDir).toMatch(/\/data$/);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('requirement 99: production listens on all interfaces and accepts valid settings', () => {
    const production = { NODE_ENV: 'production', MONGODB_URI: uri, SECRET_KEY: strong };
    expect(loadConfig(production)).toMatchObject({ http: { host: '0.0.0.0' }, keys: { secret: strong } });
    expect(loadConfig({ NODE_ENV: 'production' }).keys.secret).toBeNull();
    expect(loadConfig({ RATE_LIMIT_FACTOR: '0' }).rateLimitFactor).toBe(0);
    expect(loadConfig({ NODE_ENV: 'production', RATE_LIMIT_FACTOR: '100' }).rateLimitFactor).toBe(100);
  });

  it('requirement 99: an empty value counts as unset; durations and lists are parsed', () => {
    expect(loadConfig({ REDIS_URL: '', PORT: '', SECRET_KEY: '' }).http.port).toBe(3000);
    expect(loadConfig({ ACCESS_TOKEN_TTL: '90s', REFRESH_TOKEN_TTL: '24h' }).sessions).toMatchObject({
      accessTtlMs: 90_000,
      refreshTtlMs: 86_400_000,
    });
    const { corsOrigins } = loadConfig({ CORS_ORIGINS: 'https://a.example, http://localhost:8081' }).http;
    expect(corsOrigins).toEqual(['https://a.example', 'http://localhost:8081']);
  });

  it('requirement 100: two keys can verify while one signs', () => {
    const previous = strong.replace('Q7w', 'R8v');
    const { keys } = loadConfig({ SECRET_KEY: strong, SECRET_KEY_PREVIOUS: previous });
    expect(keys).toEqual({ secret: strong, previous });
  });
});

/** Starts the built server in its own folder, without the defaults of the tests. */
async function start(env: Env, dotenv?: string): Promise<Child> {
  await ensureBuilt();
  const folder = temporaryFolder('causerie-settings');
  if (dotenv !== undefined) writeFileSync(join(folder, '.env'), dotenv);
  return spawnNode([join(root, 'dist', 'server.js')], { PORT: '0', ...env }, { cwd: folder });
}

async function endOf(child: Child): Promise<Exit & { said: string; errors: string }> {
  return { ...(await child.exited), said: child.stdout, errors: child.stderr };
}

describe('the built server', () => {
  const environments: [name: string, env: Env][] = [
    ['SECRET_KEY', { SECRET_KEY: 'marker-too-short' }],
    ['REDIS_URL', { REDIS_URL: 'redis://:marker@cache:6379' }],
    ['PORT', { PORT: 'marker' }],
    ['SECRET_KEY', { NODE_ENV: 'production', MONGODB_URI: `${uri}-marker` }],
    ['RATE_LIMIT_FACTOR', { NODE_ENV: 'production', RATE_LIMIT_FACTOR: '0' }],
    ['CORS_ORIGINS', { NODE_ENV: 'production', CORS_ORIGINS: '*' }],
  ];

  it.each(environments)('requirement 99: exits with 1 and names a bad %s: %j', async (name, env) => {
    const { code, said, errors } = await endOf(await start(env));
    expect([code, said]).toEqual([1, '']);
    expect(errors).toMatch(new RegExp(`^  ${name}: `, 'm'));
    expect(errors).not.toMatch(/marker|node_modules|\n\s+at /);
  });

  it('requirement 99: reads a .env file, and rejects a bad one as well', async () => {
    const { code, errors } = await endOf(await start({}, 'LOG_LEVEL=marker\n'));
    expect(code).toBe(1);
    expect(errors).toMatch(/^ {2}LOG_LEVEL: /m);
    expect(errors).not.toContain('marker');
  });

  it('requirement 99: takes settings from .env that the environment does not set', async () => {
    const dataDir = join(temporaryFolder('causerie-data'), 'inner');
    mkdirSync(dataDir);
    const file = `REGISTRATION=closed\nLOG_LEVEL=silent\nPORT=not-a-port\nDATA_DIR=${dataDir}\n`;
    const child = await start({ LOG_LEVEL: 'info', HOST: '127.0.0.1' }, file);
    const [, url = ''] = await child.said(/^listening on (http:\/\/\S+)$/m);
    const account = { email: 'a@example.test', username: 'somebody', password: 'plenty of herring' };
    const answer = await api({ url }).post('/api/auth/register', account);
    expect([answer.status, answer.code]).toEqual([403, 'forbidden']);
    await child.said(/"route":"\/api\/auth\/register"/);
    const made = readFileSync(join(dataDir, 'secret.key'), 'utf8').trim();
    recordSecret(made);
    expect(child.stdout + child.stderr).not.toContain(made);
    expect((await child.kill('SIGTERM')).code).toBe(0);
  });
});
