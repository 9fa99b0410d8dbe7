/** The only reader of the environment: validates every setting by one schema and returns one frozen object. */
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { parse as parseDotenv } from 'dotenv';
import { z } from 'zod';
import {
  duration,
  origin,
  publicUrl,
  secret,
  sender,
  size,
  type StorageConfig,
  storageUrl,
  unitBytes,
  unitMs,
  whole,
  window,
} from './kernel/setting-forms.js';

/** Invalid settings: their names and how to fix them, never their values. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly faults: readonly string[]) {
    super(`Invalid settings:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  }
}

const Settings = z.object({
  NODE_ENV: z
    .enum(['development', 'production', 'test'], 'must be development, production or test')
    .default('development'),
  PORT: whole(65_535).default(3000),
  HOST: z
    .string()
    .refine(
      (value) => isIP(value) !== 0 || /^[A-Za-z0-9.-]{1,253}$/.test(value),
      'must be an IP address or a host name',
    )
    .optional(),
  DATA_DIR: z.string().default('./data'),
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/\S+$/, 'must be a URL such as mongodb://127.0.0.1:27017/causerie')
    .optional(),
  REDIS_URL: z.undefined('several nodes are not supported yet; remove it').optional(),
  PUBLIC_URL: publicUrl.optional(),
  CORS_ORIGINS: z
    .string()
    .transform((value) => value.split(',').map((one) => one.trim()))
    .pipe(z.array(origin))
    .default([]),
  SECRET_KEY: secret.optional(),
  SECRET_KEY_PREVIOUS: secret.optional(),
  ACCESS_TOKEN_TTL: duration.default(15 * unitMs.m),
  REFRESH_TOKEN_TTL: duration.default(30 * unitMs.d),
  SESSION_MAX_AGE: duration.default(365 * unitMs.d),
  REGISTRATION: z.enum(['open', 'closed'], 'must be open or closed').default('open'),
  MAIL_URL: z
    .string()
    .regex(/^(file:|smtps?:\/\/\S+)$/i, 'must be file: or a URL such as smtp://user:password@host:587')
    .default('file:'),
  MAIL_FROM: z
    .string()
    .regex(sender, 'must be an address such as Causerie <causerie@example.org>')
    .default('Causerie <causerie@localhost>'),
  STORAGE_URL: storageUrl.default(null),
  AWS_ACCESS_KEY_ID: z.string().optional(),
  AWS_SECRET_ACCESS_KEY: z.string().optional(),
  UPLOAD_MAX_IMAGE: size.default(20 * unitBytes.mb),
  UPLOAD_MAX_FILE: size.default(100 * unitBytes.mb),
  UPLOAD_MAX_AVATAR: size.default(8 * unitBytes.mb),
  UPLOAD_QUOTA: size.default(2 * unitBytes.gb),
  MEDIA_LINK_TTL: duration.default(unitMs.h),
  ACCOUNT_ERASURE_DELAY: window.default(7 * unitMs.d),
  MESSAGE_EDIT_WINDOW: window.default(unitMs.d),
  MESSAGE_DELETE_WINDOW: window.default(2 * unitMs.d),
  GROUP_MAX_MEMBERS: whole(100_000)
    .refine((value) => value >= 1, 'must be at least 1')
    .default(1000),
  RATE_LIMIT_FACTOR: z
    .string()
    .regex(/^\d{1,6}(\.\d{1,6})?$/, 'must be a number such as 1, 0.5 or 100')
    .transform(Number)
    .default(1),
  TRUST_PROXY: whole(100).default(0),
  METRICS_TOKEN: z
    .string()
    .regex(/^[A-Za-z0-9._~+/-]{16,512}=*$/, 'must have at least 16 characters, only those of a bearer token')
    .optional(),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'must be a level such as info')
    .default('info'),
});

type Settings = z.output<typeof Settings>;

/** Checks settings against each other. */
function contradictions(settings: Settings): string[] {
  const faults: string[] = [];
  const isProduction = settings.NODE_ENV === 'production';
  if (isProduction && settings.RATE_LIMIT_FACTOR === 0) {
    faults.push('RATE_LIMIT_FACTOR: rate limits cannot be turned off in production; use a larger factor instead');
  }
  if (isProduction && settings.MONGODB_URI !== undefined && settings.SECRET_KEY === undefined) {
    faults.push(
      'SECRET_KEY: required in production with MONGODB_URI, with the same value on every server of the database',
    );
  }
  if (settings.SECRET_KEY !== undefined && settings.SECRET_KEY === settings.SECRET_KEY_PREVIOUS) {
    faults.push('SECRET_KEY_PREVIOUS: must not be the current key; set the one before it, or remove it');
  }
  if (settings.STORAGE_URL && !(settings.AWS_ACCESS_KEY_ID && settings.AWS_SECRET_ACCESS_KEY)) {
    faults.push('AWS_ACCESS_KEY_ID: required with AWS_SECRET_ACCESS_KEY, since STORAGE_URL names a bucket');
  }
  return faults;
}

function storageOf(settings: Settings, dataDir: string): StorageConfig {
  const { STORAGE_URL: bucket, AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = settings;
  if (!bucket) return { kind: 'file', folder: resolve(dataDir, 'media') };
  return { kind: 's3', ...bucket, accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
}

function nested(settings: Settings) {
  const isProduction = settings.NODE_ENV === 'production';
  const dataDir = resolve(settings.DATA_DIR);
  return {
    env: settings.NODE_ENV,
    http: {
      port: settings.PORT,
      host: settings.HOST ?? (isProduction ? '0.0.0.0' : '127.0.0.1'),
      publicUrl: settings.PUBLIC_URL ?? null,
      corsOrigins: settings.CORS_ORIGINS,
      trustProxy: settings.TRUST_PROXY,
      metricsToken: settings.METRICS_TOKEN ?? null,
    },
    dataDir,
    mongodbUri: settings.MONGODB_URI ?? null,
    keys: { secret: settings.SECRET_KEY ?? null, previous: settings.SECRET_KEY_PREVIOUS ?? null },
    sessions: {
      accessTtlMs: settings.ACCESS_TOKEN_TTL,
      refreshTtlMs: settings.REFRESH_TOKEN_TTL,
      sessionMaxAgeMs: settings.SESSION_MAX_AGE,
    },
    isRegistrationOpen: settings.REGISTRATION === 'open',
    mail: { url: settings.MAIL_URL, from: settings.MAIL_FROM, folder: resolve(dataDir, 'outbox') },
    storage: storageOf(settings, dataDir),
    media: {
      scratchFolder: resolve(dataDir, 'media', 'tmp'),
      linkTtlMs: settings.MEDIA_LINK_TTL,
      limits: {
        image: settings.UPLOAD_MAX_IMAGE,
        file: settings.UPLOAD_MAX_FILE,
        avatar: settings.UPLOAD_MAX_AVATAR,
        quota: settings.UPLOAD_QUOTA,
      },
    },
    erasureDelayMs: settings.ACCOUNT_ERASURE_DELAY,
    messages: { editMs: settings.MESSAGE_EDIT_WINDOW, deleteMs: settings.MESSAGE_DELETE_WINDOW },
    groupMaxMembers: settings.GROUP_MAX_MEMBERS,
    rateLimitFactor: settings.RATE_LIMIT_FACTOR,
    logLevel: settings.LOG_LEVEL,
  } as const;
}

/** All settings. Durations are in milliseconds; null means not set. */
export type Config = Readonly<ReturnType<typeof nested>>;

/** Reads the environment and the `.env` file of the working directory; the environment takes precedence. */
export function readEnvironment(): Record<string, string | undefined> {
  const file = resolve('.env');
  return { ...(existsSync(file) ? parseDotenv(readFileSync(file)) : {}), ...process.env };
}

/** Validates an environment; throws ConfigError with the names of invalid settings. An empty value counts as not set. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const verdict = Settings.safeParse(given);
  if (!verdict.success) {
    const faults = verdict.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`);
    throw new ConfigError([...new Set(faults)]);
  }
  const faults = contradictions(verdict.data);
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze(nested(verdict.data));
}
