import { createIds, newId, timeOf } from '../repositories/ids.js';
import { expect, it } from 'vitest';
import type { MessageRow } from '../repositories/messages/message-repository.js';
import type { Entry } from './entry.js';
import { createConversationQueues, type ConversationQueues } from './conversation-queues.js';

type Item = Entry<MessageRow> & { refusals: Error[] };

const ids = createIds();

function entry(conversationId: string, refusal: Error | null = null): Item {
  const refusals: Error[] = [];
  const sender = newId();
  return {
    row: {
      _id: ids.next(),
      conversationId,
      seq: 0,
      rev: 0,
      type: 'text',
      system: null,
      senderId: sender,
      clientId: sender,
      digest: '',
      text: '',
      words: [],
      replyTo: null,
      mentions: [],
      reactions: [],
      reactionsVersion: 0,
      revision: 0,
      revisions: [],
      editedAt: null,
      deletedAt: null,
      createdAt: new Date(),
    },
    refusal: () => refusal,
    resolve: () => undefined,
    reject: (error) => void refusals.push(error),
    announce: () => undefined,
    deadline: 0,
    refusals,
  };
}

function makeQueues(now?: () => number): ConversationQueues<MessageRow, Item> {
  return createConversationQueues<MessageRow, Item>('seq', now);
}

const conversation = (): string => newId();
const unavailable = expect.objectContaining({ code: 'unavailable' });

it('numbers what waits from the last number on, and gives the number of a refused one to the next', () => {
  const queues = makeQueues();
  const id = conversation();
  const [first, refused, last] = [entry(id), entry(id, new Error('no member any more')), entry(id)];
  for (const one of [first, refused, last]) queues.enqueue(one);
  expect(queues.take(10)).toEqual([]);
  queues.of(id).last = 6;
  expect(queues.take(10).map(({ row }) => row.seq)).toEqual([7, 8]);
  expect(refused.refusals).toHaveLength(1);
  expect([first.refusals, last.refusals, queues.waiting()]).toEqual([[], [], 0]);
});

it('puts back what has not landed before what came later', () => {
  const queues = makeQueues();
  const id = conversation();
  const [first, second, later] = [entry(id), entry(id), entry(id)];
  queues.enqueue(first);
  queues.enqueue(second);
  queues.of(id).last = 0;
  const batch = queues.take(10);
  queues.enqueue(later);
  queues.putBack(batch);
  expect(queues.take(10)).toEqual([first, second, later]);
});

it('holds 100 in a lane and 1,000 in all, and refuses the next as unavailable', () => {
  const queues = makeQueues();
  for (let queue = 0; queue < 10; queue++) {
    const id = conversation();
    for (let place = 0; place < 100; place++) queues.enqueue(entry(id));
    expect(() => queues.enqueue(entry(id))).toThrow(unavailable);
  }
  expect(() => queues.enqueue(entry(conversation()))).toThrow(unavailable);
});

it('forgets a lane that was idle for a minute', () => {
  let now = 0;
  const queues = makeQueues(() => now);
  const id = conversation();
  queues.of(id).last = 5;
  now = 59_999;
  queues.of(conversation());
  expect(queues.of(id).last).toBe(5);
  now += 60_000;
  queues.of(conversation());
  expect(queues.of(id).last).toBeNull();
});

it('makes ids whose times do not go back with the clock', () => {
  let now = 100_000;
  const made = createIds(() => now);
  made.raiseTo(new Date(200_000));
  const first = timeOf(made.next()).getTime();
  now = 50_000;
  expect([first, timeOf(made.next()).getTime()]).toEqual([200_000, 200_000]);
});
