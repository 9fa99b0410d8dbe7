import type { Facts } from '../../facts.js';
import type { Actor } from '../../kernel/actor.js';
import type { FactBus } from '../../kernel/fact-bus.js';
import { invalidInput } from '../../kernel/problem.js';
import { settingsOf } from '../../views/conversation-views.js';
import type { Held } from '../../views/held.js';
import { type Counting, type Counts, countsIn } from '../../views/counting.js';
import type { Reached } from '../../log/reached.js';
import type { Shows } from '../users/people.policy.js';
import type { ConversationRows } from './conversations.model.js';
import type { MarkResult } from './conversations.schemas.js';
import type { MarkKind, MemberRow, MemberRows } from './members.model.js';
import type { Known } from './standing.js';

interface Deps {
  rows: { conversations: Pick<ConversationRows, 'raiseHeads'>; members: Pick<MemberRows, 'mark' | 'clearUnreadMark'> };
  log: Pick<Known, 'flushed'>;
  standingOf(userId: string, conversationId: string): Promise<Held>;
  counting: Pick<Counting, 'of'>;
  reached: Pick<Reached, 'raise'>;
  rulesOf(held: Held): Promise<{ shows: Shows }>;
  /** The last number of a conversation in its log. */
  lastSeq(conversationId: string): Promise<number>;
  bus: Pick<FactBus<Facts>, 'publish'>;
}

/** What a person does to his own marks: only forward, and never beyond what there is. */
export interface Marks {
  /** Marks messages read, which is delivered too. Throws `not_found`, and `invalid_input` beyond the last message. */
  read(actor: Actor, conversationId: string, seq: number): Promise<MarkResult>;
  delivered(actor: Actor, conversationId: string, seq: number): Promise<{ deliveredSeq: number }>;
  /** Tells the own devices how a conversation stands for them now. */
  announceOwn(userId: string, conversationId: string, originSocketId?: string): Promise<void>;
}

const beyond = {
  en: 'There is no such message yet.',
  fr: 'Ce message n’existe pas encore.',
};

function isMoved(before: MemberRow, after: MemberRow): boolean {
  return after.shownReadSeq > before.shownReadSeq || after.shownDeliveredSeq > before.shownDeliveredSeq;
}

/** A mark above the head asks the log itself before it is refused: the head may only be behind. */
async function requireThere({ rows, lastSeq }: Deps, { conversation }: Held, seq: number): Promise<void> {
  if (seq <= conversation.seq) return;
  const conversationId = String(conversation._id);
  const last = await lastSeq(conversationId);
  if (seq > last) throw invalidInput('body.seq', beyond);
  await rows.conversations.raiseHeads(
    [{ conversationId, seq: last, rev: 0, lastActivityAt: conversation.lastActivityAt, lastUncountedSeq: 0 }],
    true,
  );
}

/** Builds the marks of a server. */
export function createMarks(deps: Deps): Marks {
  const { rows, log, standingOf, counting, reached, rulesOf, bus } = deps;

  async function countsOf(userId: string, held: Held): Promise<Counts> {
    return countsIn(await counting.of(userId, [held]), held);
  }

  async function announceOwn(userId: string, conversationId: string, originSocketId?: string): Promise<void> {
    const held = await standingOf(userId, conversationId);
    bus.publish('conversation.settings', {
      userId,
      conversationId,
      settings: settingsOf(held.member),
      readSeq: held.member.readSeq,
      deliveredSeq: held.member.deliveredSeq,
      ...(await countsOf(userId, held)),
      originSocketId,
    });
  }

  /** The other one is told; in a group, what all have reached may have risen with the mark of the last one. */
  async function announceReceipt(held: Held, after: MemberRow): Promise<void> {
    if (!isMoved(held.member, after)) return;
    if (held.conversation.type === 'group') return reached.raise([String(held.conversation._id)]);
    if (!held.other) return;
    bus.publish('receipt.updated', {
      conversationId: String(held.conversation._id),
      userId: String(after.userId),
      toUserIds: [String(held.other.userId)],
      apart: [],
      deliveredSeq: after.shownDeliveredSeq,
      readSeq: after.shownReadSeq,
    });
  }

  async function raise(actor: Actor, conversationId: string, kind: MarkKind, seq: number): Promise<Held> {
    const held = await standingOf(actor.userId, conversationId);
    await requireThere(deps, held, seq);
    const { shows } = await rulesOf(held);
    // The own row is written last of all that this process knows of it.
    await log.flushed();
    const after = await rows.members.mark(held.member._id, { kind, seq, shows });
    const isCleared = after === null && kind === 'read' && (await rows.members.clearUnreadMark(held.member._id));
    if (after) await announceReceipt(held, after);
    if (after && kind === 'read' && held.member.hasNotified)
      bus.publish('conversation.read', { userId: actor.userId, conversationId, seq: after.readSeq });
    if (after ?? isCleared) await announceOwn(actor.userId, conversationId, actor.socketId);
    return standingOf(actor.userId, conversationId);
  }

  return {
    announceOwn,
    async read(actor, conversationId, seq) {
      const held = await raise(actor, conversationId, 'read', seq);
      const { readSeq, deliveredSeq } = held.member;
      return { readSeq, deliveredSeq, ...(await countsOf(actor.userId, held)) };
    },
    async delivered(actor, conversationId, seq) {
      const { member } = await raise(actor, conversationId, 'delivered', seq);
      return { deliveredSeq: member.deliveredSeq };
    },
  };
}
