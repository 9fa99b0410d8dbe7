/** Every password and token that the tests used, so that logs and answers can be searched for them. */
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

/** Shorter ones would be found by chance, and are none: an `x` in a test of bad input. */
const shortest = 8;

/** Remembers one secret. */
export function recordSecret(value: string): void {
  if (value.length >= shortest) known.add(value);
}

/** Remembers everything under a secret's name in a body, an answer or an environment. */
export function recordSecretsIn(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) recordSecretsIn(item);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (secretKeys.has(key) && typeof item === 'string') recordSecret(item);
    else recordSecretsIn(item);
  }
}

/** The secrets that stand in a text. */
export function secretsIn(text: string): string[] {
  return [...known].filter((secret) => text.includes(secret));
}

/** Throws when a log holds a secret; the message shows its line without the secret. */
export function expectNoSecrets(log: string, where: string): void {
  for (const secret of secretsIn(log)) {
    const line = log.split('\n').find((one) => one.includes(secret)) ?? '';
    throw new Error(`${where} holds a secret: ${line.replaceAll(secret, '<the secret>').slice(0, 400)}`);
  }
}
