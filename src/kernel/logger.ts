import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';

export type { Logger };

/** Properties with these names are never logged, wherever they come from. */
const secretNames = [
  'password',
  'currentPassword',
  'newPassword',
  'passwordHash',
  'token',
  'accessToken',
  'refreshToken',
  'authorization',
  'cookie',
  'text',
  'body',
];

const longestMessage = 1000;

/** The part of an error that is safe to log. Other properties may hold documents, filters and addresses. */
function errorView(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error).slice(0, longestMessage) };
  return {
    type: error.name,
    message: error.message.slice(0, longestMessage),
    ...('code' in error ? { code: error.code } : {}),
    stack: error.stack?.slice(0, 4 * longestMessage),
    ...(error.cause === undefined ? {} : { cause: errorView(error.cause) }),
  };
}

/** The log of a process: lines of JSON with times in UTC, to the standard output by default. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: errorView },
    redact: {
      paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: '[redacted]',
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
