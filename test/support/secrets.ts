/** Every password and token used in tests, to search logs and responses for them. */
const known = new Set<string>();

const secretKeys = new Set([
  'password',
  'currentPassword',
  'newPassword',
  'token',
  'accessToken',
  'refreshToken',
  'SECRET_KEY',
  'SECRET_KEY_PREVIOUS',
  'METRICS_TOKEN',
]);

/** Shorter values would match by chance and are no secrets, such as an `x` in a test of bad input. */
const shortest = 8;

/** Records a secret. */
export function recordSecret(value: string): void {
  if (value.length >= shortest) known.add(value);
}

/** Records every secret in a request, a response or an environment, by its key. */
export function recordSecretsIn(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) recordSecretsIn(item);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (secretKeys.has(key) && typeof item === 'string') recordSecret(item);
    else recordSecretsIn(item);
  }
}

/** The recorded secrets that a text contains. */
export function secretsIn(text: string): string[] {
  return [...known].filter((secret) => text.includes(secret));
}

/** Throws if a log contains a secret; the error shows the line with the secret masked. */
export function expectNoSecrets(log: string, where: string): void {
  for (const secret of secretsIn(log)) {
    const line = log.split('\n').find((one) => one.includes(secret)) ?? '';
    throw new Error(`${where} holds a secret: ${line.replaceAll(secret, '<the secret>').slice(0, 400)}`);
  }
}
