import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';

export type { Logger };

/** Under these names stands something that no log may hold, wherever it came from. */
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

/** What of an error is worth keeping. Its other properties may hold documents, filters and addresses. */
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

/** The one log of a process: lines of JSON with times in UTC, to the standard output unless told otherwise. */
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
