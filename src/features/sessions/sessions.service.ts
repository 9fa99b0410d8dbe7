import type { Logger } from 'pino';
import type { DomainEvents, SessionEndReason } from '../../domain-events.js';
import type { Queue } from '../../jobs/queue.js';
import type { Actor } from '../../kernel/actor.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Keys } from '../../kernel/keys.js';
import { notFound, Problem } from '../../kernel/problem.js';
import { type Device, platformOf } from './device.js';
import { createLastUse } from './last-use.js';
import { createRefreshing, type Refreshing } from './refreshing.js';
import { createSessionEnding, type SessionEnding } from './session-ending.js';
import { createSessionTokens } from './session-tokens.js';
import type { SessionRow, SessionRepository } from '../../repositories/sessions/session-repository.js';
import { isAlive, lifetimes, maxSessions } from '../../rules/sessions.js';
import type { Session, Tokens } from '@causerie/contract/sessions';

interface Settings {
  accessTtlMs: number;
  refreshTtlMs: number;
  sessionMaxAgeMs: number;
  /** False where RATE_LIMIT_FACTOR is 0. */
  isLimited: boolean;
}

interface Deps {
  repository: SessionRepository;
  keys: Keys;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  /** What is owed to people whose session ends by a stolen token. */
  jobs: Pick<Queue<{ security_notice: { userId: string } }>, 'add'>;
  logger: Pick<Logger, 'warn' | 'error'>;
  settings: Settings;
}

export interface Sessions extends SessionEnding, Refreshing {
  /** Signs a device in: a new session with its first tokens. The 21st ends the one unused for longest. */
  start(userId: string, device: Device): Promise<{ tokens: Tokens; session: Session }>;
  /** Who is asking: throws `unauthenticated`, `token_expired` or `session_revoked`. */
  authenticate(accessToken: string): Promise<{ actor: Actor; expiresAt: Date }>;
  list(actor: Actor): Promise<{ items: Session[] }>;
  /** Ends one of the caller's own sessions; throws `not_found` when there is no such living one. */
  revoke(actor: Actor, sessionId: string): Promise<void>;
  /** Those of these sessions that still live. */
  alive(sessionIds: readonly string[]): Promise<Set<string>>;
  /** Why these sessions ended, for those that have. */
  endings(sessionIds: readonly string[]): Promise<Map<string, SessionEndReason>>;
}

const purgeEvery = 3_600_000;

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

/** A new session, whose times follow from the settings. */
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

/** What is asked about many sessions at once. */
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

/** Builds the sessions of a server: one per device, checked in the store on every request. */
export function createSessions({ repository, keys, bus, jobs, logger, settings }: Deps): Sessions {
  const tokens = createSessionTokens(keys, settings);
  const { end } = createSessionEnding({ repository, bus });
  const lastUse = createLastUse();
  let purgedAt = 0;

  /** Rows that nobody needs any more go when people sign in, for only then are there more of them. */
  function purgeNowAndThen(now: Date): void {
    if (now.getTime() - purgedAt < purgeEvery) return;
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
    ...createRefreshing({ repository, tokens, end, jobs, logger, settings }),
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
          .catch((error: unknown) => logger.warn({ err: error }, 'recording last use of a session failed'));
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
