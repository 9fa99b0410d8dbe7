import type { Logger } from 'pino';
import type { DomainEvents, SessionEndReason } from '../../domain-events.js';
import type { Queue } from '../../jobs/queue.js';
import type { Actor } from '../../kernel/actor.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Keys } from '../../kernel/keys.js';
import { notFound, Problem } from '../../kernel/problem.js';
import { type Device, platformOf } from './device.js';
import { createRefreshSession, type RefreshSession } from './refresh-session.js';
import { createEndSession, type EndSession } from './end-session.js';
import { createSessionTokens } from './session-tokens.js';
import type { SessionRow, SessionRepository } from '../../repositories/sessions/session-repository.js';
import { isAlive, lifetimes, maxSessions } from '../../rules/sessions.js';
import type { Session, Tokens } from '@causerie/contract/sessions';

interface Settings {
  accessTtlMs: number;
  refreshTtlMs: number;
  sessionMaxAgeMs: number;
  /** False if RATE_LIMIT_FACTOR is 0. */
  isLimited: boolean;
}

interface Deps {
  repository: SessionRepository;
  keys: Keys;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  /** Stores the notification of users whose session ends because a retired token was used. */
  jobs: Pick<Queue<{ security_notice: { userId: string } }>, 'add'>;
  logger: Pick<Logger, 'warn' | 'error'>;
  settings: Settings;
}

export interface Sessions extends EndSession, RefreshSession {
  /** Starts a session with its first tokens. The 21st ends the least recently used one. */
  start(userId: string, device: Device): Promise<{ tokens: Tokens; session: Session }>;
  /** Identifies the caller; throws `unauthenticated`, `token_expired` or `session_revoked`. */
  authenticate(accessToken: string): Promise<{ actor: Actor; expiresAt: Date }>;
  list(actor: Actor): Promise<{ items: Session[] }>;
  /** Ends one of the caller's own sessions; throws `not_found` if there is no such live session. */
  revoke(actor: Actor, sessionId: string): Promise<void>;
  /** Those of these sessions that are live. */
  alive(sessionIds: readonly string[]): Promise<Set<string>>;
  /** Why these sessions ended; without those that are live. */
  endings(sessionIds: readonly string[]): Promise<Map<string, SessionEndReason>>;
}

const purgeEveryMs = 3_600_000;

function viewOf(row: SessionRow, lastUsedAt: Date, currentId: string): Session {
  return {
    id: row._id,
    deviceName: row.deviceName,
    platform: row.platform,
    ip: row.ip,
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: lastUsedAt.toISOString(),
    current: row._id === currentId,
  };
}

/** A new session; its times are derived from the settings. */
function draftOf(
  repository: SessionRepository,
  settings: Settings,
  who: { userId: string; device: Device; now: Date },
): ReturnType<SessionRepository['draft']> {
  const { userId, device, now } = who;
  const endsAt = new Date(now.getTime() + settings.sessionMaxAgeMs);
  return repository.draft({
    userId,
    deviceName: device.deviceName,
    platform: platformOf(device.userAgent),
    ip: device.ip,
    createdAt: now,
    endsAt,
    ...lifetimes(now, endsAt, settings),
  });
}

/** Queries on many sessions at once. */
function createQueries(repository: SessionRepository): Pick<Sessions, 'alive' | 'endings'> {
  return {
    async alive(sessionIds) {
      const now = new Date();
      const found = await repository.byIds(sessionIds);
      return new Set(found.filter((row) => isAlive(row, now)).map((row) => row._id));
    },
    async endings(sessionIds) {
      const found = await repository.byIds(sessionIds);
      return new Map(found.flatMap((row) => (row.endReason === null ? [] : [[row._id, row.endReason] as const])));
    },
  };
}

const writtenEveryMs = 60_000;
const maxUnwritten = 10_000;

/** When sessions were last used: written at most once a minute, known to this process at once. */
interface LastUse {
  /** Records a use; returns true if it is time to write it. */
  record(row: SessionRow, at: Date): boolean;
  of(row: SessionRow): Date;
}

function createLastUse(): LastUse {
  const unwritten = new Map<string, Date>();

  return {
    record(row, at) {
      const id = row._id;
      unwritten.delete(id);
      if (at.getTime() - row.lastUsedAt.getTime() >= writtenEveryMs) return true;
      unwritten.set(id, at);
      for (const [oldest] of unwritten) {
        if (unwritten.size <= maxUnwritten) break;
        unwritten.delete(oldest);
      }
      return false;
    },
    of(row) {
      const pending = unwritten.get(row._id);
      return pending !== undefined && pending > row.lastUsedAt ? pending : row.lastUsedAt;
    },
  };
}

/** One session per device, checked in the database on every request. */
export function createSessions({ repository, keys, bus, jobs, logger, settings }: Deps): Sessions {
  const tokens = createSessionTokens(keys, settings);
  const { end } = createEndSession({ repository, bus });
  const lastUse = createLastUse();
  let purgedAt = 0;

  /** Deletes rows that are not needed when users sign in, which is when new ones are created. */
  function purgeNowAndThen(now: Date): void {
    if (now.getTime() - purgedAt < purgeEveryMs) return;
    purgedAt = now.getTime();
    repository
      .purge(now)
      .catch((error: unknown) => logger.error({ err: error }, 'deleting old sessions failed; retrying later'));
  }

  async function endBeyondCap(userId: string, newest: string): Promise<void> {
    if (!settings.isLimited) return;
    const living = await repository.living(userId, new Date());
    const others = living
      .filter((row) => row._id !== newest)
      .sort((a, b) => lastUse.of(b).getTime() - lastUse.of(a).getTime());
    const tooMany = others.slice(maxSessions - 1).map((row) => row._id);
    await end(userId, { ids: tooMany }, 'revoked');
  }

  return {
    ...createRefreshSession({ repository, tokens, end, jobs, logger, settings }),
    ...createQueries(repository),
    end,
    async start(userId, device) {
      const now = new Date();
      purgeNowAndThen(now);
      const draft = draftOf(repository, settings, { userId, device, now });
      const id = draft._id;
      const row: SessionRow = { ...draft, ...tokens.stored(id, 0) };
      await repository.insert(row);
      await endBeyondCap(userId, id);
      return { tokens: await tokens.of(row, now), session: viewOf(row, now, id) };
    },
    async authenticate(accessToken) {
      const { userId, sessionId, expiresAt } = await tokens.verifyAccess(accessToken);
      const row = await repository.byId(sessionId);
      const now = new Date();
      if (!row || row.userId !== userId || !isAlive(row, now)) throw new Problem('session_revoked');
      if (lastUse.record(row, now)) {
        repository
          .recordUse(sessionId, now)
          .catch((error: unknown) =>
            logger.warn({ err: error }, 'recording last use of a session failed; continuing without it'),
          );
      }
      return { actor: { userId, sessionId }, expiresAt };
    },
    async list(actor) {
      const living = await repository.living(actor.userId, new Date());
      return { items: living.map((row) => viewOf(row, lastUse.of(row), actor.sessionId)) };
    },
    async revoke(actor, sessionId) {
      const ended = await end(actor.userId, { ids: [sessionId] }, 'revoked');
      if (ended === 0) throw notFound();
    },
  };
}
