import { unavailable } from '../kernel/problem.js';
import { type Entry, type Kind, type LogRow, oldestOf } from './entry.js';

export interface Lane<Row extends LogRow, Item extends Entry<Row>> {
  readonly conversationId: string;
  /** The last number in the store as far as is known; null when it has to be read. */
  last: number | null;
  waiting: Item[];
  usedAt: number;
}

/** The lanes of the conversations that are active in this process: who waits, in order, and for which number. */
export interface Lanes<Row extends LogRow, Item extends Entry<Row>> {
  /** Puts a row at the end of its lane; throws `unavailable` when the lane or the process has too many. */
  enter(entry: Item): void;
  /** Puts rows back at the head of their lanes, in their order. */
  putBack(entries: readonly Item[]): void;
  /** The lanes where something waits. */
  busy(): Lane<Row, Item>[];
  of(conversationId: string): Lane<Row, Item>;
  /** Takes everything out of a lane. */
  drop(lane: Lane<Row, Item>): Item[];
  /** Takes what all lanes have waiting, at most so many, numbered from each lane's last number on. */
  take(limit: number): Item[];
  waiting(): number;
  /** The id time of the oldest row that waits. */
  oldest(): Date | null;
}

const laneLimit = 100;
const totalLimit = 1000;
const idleMs = 60_000;

/** Numbers the next of a lane; what is refused meanwhile leaves its number to the one behind. */
function numbered<Row extends LogRow, Item extends Entry<Row>>(
  lane: Lane<Row, Item>,
  entries: readonly Item[],
  kind: Numbering<Row>,
): Item[] {
  let number = lane.last ?? 0;
  return entries.filter((entry) => {
    const refused = entry.refusal();
    if (refused) entry.reject(refused);
    else kind.setNumber(entry.row, ++number);
    return refused === null;
  });
}

type Numbering<Row extends LogRow> = Pick<Kind<Row>, 'setNumber'>;

/** Keeps the lanes themselves; those that were idle for a minute are forgotten. */
function createRegister<Row extends LogRow, Item extends Entry<Row>>(now: () => number) {
  const lanes = new Map<string, Lane<Row, Item>>();
  let cleanedAt = now();

  function dropIdle(at: number): void {
    if (at - cleanedAt < idleMs / 4) return;
    cleanedAt = at;
    for (const [id, lane] of lanes) if (lane.waiting.length === 0 && at - lane.usedAt >= idleMs) lanes.delete(id);
  }

  return {
    of(conversationId: string): Lane<Row, Item> {
      const at = now();
      dropIdle(at);
      const lane = lanes.get(conversationId) ?? { conversationId, last: null, waiting: [], usedAt: at };
      lanes.set(conversationId, lane);
      lane.usedAt = at;
      return lane;
    },
    busy: (): Lane<Row, Item>[] => [...lanes.values()].filter((lane) => lane.waiting.length > 0),
  };
}

/** Gives the lanes of one process for one kind of rows. */
export function createLanes<Row extends LogRow, Item extends Entry<Row>>(
  kind: Numbering<Row>,
  now: () => number = Date.now,
): Lanes<Row, Item> {
  const { of, busy } = createRegister<Row, Item>(now);
  const laneOf = ({ row }: Item): Lane<Row, Item> => of(String(row.conversationId));
  let total = 0;

  return {
    of,
    busy,
    enter(entry) {
      const lane = laneOf(entry);
      if (lane.waiting.length >= laneLimit || total >= totalLimit) throw unavailable();
      lane.waiting.push(entry);
      total += 1;
    },
    putBack(entries) {
      for (const entry of [...entries].reverse()) laneOf(entry).waiting.unshift(entry);
      total += entries.length;
    },
    drop(lane) {
      total -= lane.waiting.length;
      return lane.waiting.splice(0);
    },
    take(limit) {
      const taken: Item[] = [];
      for (const lane of busy()) {
        if (lane.last === null) continue;
        const entries = lane.waiting.splice(0, limit - taken.length);
        total -= entries.length;
        lane.usedAt = now();
        taken.push(...numbered(lane, entries, kind));
        if (taken.length >= limit) break;
      }
      return taken;
    },
    waiting: () => total,
    oldest: () => oldestOf(busy().flatMap((lane) => lane.waiting.map(({ row }) => row))),
  };
}
