import { Types } from 'mongoose';
import { expect, it } from 'vitest';
import type { MessageRow } from '../features/messages/messages.model.js';
import type { Entry } from './entry.js';
import { createIds } from './ids.js';
import { createLanes, type Lanes } from './lanes.js';

type Item = Entry<MessageRow> & { refusals: Error[] };

const ids = createIds();

function entry(conversationId: string, refusal: Error | null = null): Item {
  const refusals: Error[] = [];
  const sender = new Types.ObjectId();
  return {
    row: {
      _id: ids.next(),
      conversationId: new Types.ObjectId(conversationId),
      seq: 0,
      rev: 0,
      type: 'text',
      system: null,
      senderId: sender,
      clientId: String(sender),
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

function makeLanes(now?: () => number): Lanes<MessageRow, Item> {
  return createLanes<MessageRow, Item>({ setNumber: (row, number) => void (row.seq = number) }, now);
}

const conversation = (): string => String(new Types.ObjectId());
const unavailable = expect.objectContaining({ code: 'unavailable' });

it('numbers what waits from the last number on, and gives the number of a refused one to the next', () => {
  const lanes = makeLanes();
  const id = conversation();
  const [first, refused, last] = [entry(id), entry(id, new Error('no member any more')), entry(id)];
  for (const one of [first, refused, last]) lanes.enter(one);
  expect(lanes.take(10)).toEqual([]);
  lanes.of(id).last = 6;
  expect(lanes.take(10).map(({ row }) => row.seq)).toEqual([7, 8]);
  expect(refused.refusals).toHaveLength(1);
  expect([first.refusals, last.refusals, lanes.waiting()]).toEqual([[], [], 0]);
});

it('puts back what has not landed before what came later', () => {
  const lanes = makeLanes();
  const id = conversation();
  const [first, second, later] = [entry(id), entry(id), entry(id)];
  lanes.enter(first);
  lanes.enter(second);
  lanes.of(id).last = 0;
  const taken = lanes.take(10);
  lanes.enter(later);
  lanes.putBack(taken);
  expect(lanes.take(10)).toEqual([first, second, later]);
});

it('holds 100 in a lane and 1,000 in all, and refuses the next as unavailable', () => {
  const lanes = makeLanes();
  for (let lane = 0; lane < 10; lane++) {
    const id = conversation();
    for (let place = 0; place < 100; place++) lanes.enter(entry(id));
    expect(() => lanes.enter(entry(id))).toThrow(unavailable);
  }
  expect(() => lanes.enter(entry(conversation()))).toThrow(unavailable);
});

it('forgets a lane that was idle for a minute', () => {
  let now = 0;
  const lanes = makeLanes(() => now);
  const id = conversation();
  lanes.of(id).last = 5;
  now = 59_999;
  lanes.of(conversation());
  expect(lanes.of(id).last).toBe(5);
  now += 60_000;
  lanes.of(conversation());
  expect(lanes.of(id).last).toBeNull();
});

it('makes ids whose times do not go back with the clock', () => {
  let now = 100_000;
  const made = createIds(() => now);
  made.raiseTo(new Date(200_000));
  const first = made.next().getTimestamp().getTime();
  now = 50_000;
  expect([first, made.next().getTimestamp().getTime()]).toEqual([200_000, 200_000]);
});
