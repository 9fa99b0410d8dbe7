/** The forms of settings: durations, sizes, addresses and secrets. Each says how a wrong value has to be written. */
import { z } from 'zod';

export const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const duration = z
  .string()
  .regex(/^[1-9]\d{0,6}[smhd]$/, 'must be a duration such as 90s, 15m, 24h or 30d')
  .transform((value) => Number(value.slice(0, -1)) * unitMs[value.slice(-1) as keyof typeof unitMs]);

export const window = z.union(
  [z.literal('0').transform(() => 0), duration],
  'must be a duration such as 24h or 30d, or 0 for no limit',
);

export const origin = z
  .string()
  .refine(isOrigin, 'must be exact origins such as https://chat.example.org, separated by commas, without *');

function webAddress(value: string): URL | null {
  const url = URL.canParse(value) ? new URL(value) : null;
  return url !== null && /^https?:$/.test(url.protocol) ? url : null;
}

function isOrigin(value: string): boolean {
  return webAddress(value)?.origin === value && !value.includes('*');
}

export const publicUrl = z.string().refine((value) => {
  const url = webAddress(value);
  return url !== null && url.search === '' && url.hash === '' && url.username === '';
}, 'must be a URL such as https://chat.example.org');

export const secret = z
  .string()
  .refine(
    (value) => Buffer.byteLength(value) >= 32,
    'must have at least 32 bytes; generate one with: openssl rand -base64 48',
  )
  .refine(
    (value) => !/change-?me|example|secret-?key/i.test(value),
    'must not be an example value; generate one with: openssl rand -base64 48',
  );

export const unitBytes = { kb: 1e3, mb: 1e6, gb: 1e9 } as const;

export const size = z
  .string()
  .regex(/^[1-9]\d{0,6}(kb|mb|gb)$/, 'must be a size such as 500kb, 20mb or 2gb')
  .transform((value) => Number(value.slice(0, -2)) * unitBytes[value.slice(-2) as keyof typeof unitBytes]);

/** Where uploads are kept. */
export type StorageConfig =
  | { kind: 'file'; folder: string }
  | {
      kind: 's3';
      bucket: string;
      endpoint: string | null;
      region: string;
      accessKeyId: string;
      secretAccessKey: string;
    };

const storageForm = 'must be file: or a URL such as s3://bucket?endpoint=https://s3.example.org&region=eu-west-1';

export const storageUrl = z
  .string()
  .refine((value) => value === 'file:' || readBucket(value) !== null, storageForm)
  .transform(readBucket);

/** Parses the URL of a bucket; null for `file:` and for anything else. */
function readBucket(value: string): { bucket: string; endpoint: string | null; region: string } | null {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url?.protocol !== 's3:' || !/^[a-z0-9][a-z0-9.-]{1,62}$/.test(url.hostname)) return null;
  const endpoint = url.searchParams.get('endpoint');
  if (!/^\/?$/.test(url.pathname) || (endpoint !== null && webAddress(endpoint) === null)) return null;
  if ([...url.searchParams.keys()].some((key) => key !== 'endpoint' && key !== 'region')) return null;
  return { bucket: url.hostname, endpoint, region: url.searchParams.get('region') ?? 'us-east-1' };
}

export const whole = (max: number): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number up to ${max}`)
    .transform(Number)
    .refine((value) => value <= max, `must be a whole number up to ${max}`);

export const sender = /^(?:[^<>\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/;
