import { api, type Answer, type Target } from './client.js';
import type { AuthResult, Tokens } from './wire.js';

/** Tries to sign in. */
export function login(
  server: Target,
  identifier: string,
  password: string,
  headers: Record<string, string> = {},
): Promise<Answer<AuthResult>> {
  return api(server).with(headers).post('/api/auth/login', { identifier, password });
}

/** Presents a refresh token. */
export function refresh(server: Target, refreshToken: string): Promise<Answer<Tokens>> {
  return api(server).post('/api/auth/refresh', { refreshToken });
}
