import { z } from 'zod';
import { name, objectId, time } from './input.js';

export const Session = z
  .strictObject({
    id: objectId,
    deviceName: z.string().nullable(),
    platform: z.string().nullable(),
    ip: z.string().nullable(),
    createdAt: time,
    lastUsedAt: time.describe('May lag by a minute'),
    current: z.boolean(),
  })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof Session>;

const tokenFields = {
  accessToken: z.string(),
  accessTokenExpiresAt: time,
  refreshToken: z.string(),
  refreshTokenExpiresAt: time,
};

export const Tokens = z.strictObject(tokenFields).meta({ id: 'Tokens' });
export type Tokens = z.infer<typeof Tokens>;

export const SessionList = z.strictObject({ items: z.array(Session) }).meta({ id: 'SessionList' });

export const SessionParams = z.strictObject({ sessionId: objectId });

export const deviceName = name(1, 64);
