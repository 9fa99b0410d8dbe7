import { z } from 'zod';
import { name, objectId, time } from './input.js';

export const Session = z
  .strictObject({
    id: objectId,
    deviceName: z.string().nullable().describe('Name given at sign-in; null if none was given'),
    platform: z.string().nullable().describe('Browser or system, from the User-Agent header; null if it is unknown'),
    ip: z.string().nullable().describe('IP address that last used it; null if it is unknown'),
    createdAt: time,
    lastUsedAt: time.describe('May lag by up to a minute'),
    current: z.boolean().describe('Whether it is the session of this request'),
  })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof Session>;

const tokenFields = {
  accessToken: z.string().describe('Send it as `Authorization: Bearer <accessToken>`'),
  accessTokenExpiresAt: time,
  refreshToken: z.string().describe('Exchange it for new tokens; it can be used once'),
  refreshTokenExpiresAt: time,
};

export const Tokens = z.strictObject(tokenFields).meta({ id: 'Tokens' });
export type Tokens = z.infer<typeof Tokens>;

export const SessionList = z.strictObject({ items: z.array(Session) }).meta({ id: 'SessionList' });

export const SessionParams = z.strictObject({ sessionId: objectId.describe('Id of the session') });

export const deviceName = name(1, 64);
