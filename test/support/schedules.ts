import { isRead, untilQuiet, type Command, type Gate } from './gate.js';

/** One who acts, by a server of his own whose commands wait at a gate. */
export interface Actor {
  name: string;
  gate: Gate;
  /** The commands at which somebody else may come before him. */
  isStep: (command: Command) => boolean;
  act: () => Promise<unknown>;
}

/** A moment at which it was chosen who goes next. */
interface Choice {
  enabled: Map<string, Command>;
  /** Whose next step leads nowhere new: another schedule has it in an order that makes no difference. */
  asleep: Map<string, Command>;
  tried: Set<string>;
  chosen: string;
}

/** What a whole exploration has seen. */
export interface Explored {
  schedules: number;
  states: number;
  /** How often a clock came between. */
  disturbed: number;
}

interface Exploration {
  /** Makes ready for one schedule. */
  begin: () => Promise<Actor[]>;
  /** Looks at what came of it; the schedule is what a failure is told with. */
  check: (schedule: string) => Promise<void>;
  /** Explores no more schedules than these. */
  most: number;
}

const mostDisturbed = 5;

/** Two steps whose order makes no difference: they touch other collections, or both only read. */
function areIndependent(one: Command, other: Command): boolean {
  return one.collection !== other.collection || (isRead(one) && isRead(other));
}

const nameOf = ({ command, collection }: Command): string => `${command} ${collection}`;

/** The step that an actor takes next: of several that wait at once, always the same one. */
function nextOf({ gate }: Pick<Actor, 'gate'>): Command | undefined {
  return [...gate.held].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))[0];
}

/** Everybody's deeds, and who of them has done his. */
class Play {
  private readonly done = new Set<string>();
  private readonly deeds: Promise<unknown>[];

  constructor(readonly actors: readonly Actor[]) {
    for (const { gate, isStep } of actors) gate.close(isStep);
    this.deeds = actors.map(({ name, act }) => act().finally(() => this.done.add(name)));
    for (const deed of this.deeds) deed.catch(() => undefined);
  }

  private isQuiet(): boolean {
    return this.actors.every(
      ({ name, gate }) => gate.underWay() === 0 && (this.done.has(name) || gate.held.length > 0),
    );
  }

  /** Waits until all of them wait at their gates or have done their deeds; gives who waits before what. */
  async enabled(): Promise<Map<string, Command>> {
    await untilQuiet(() => this.isQuiet());
    return new Map(
      this.actors.flatMap((actor) => {
        const next = nextOf(actor);
        return next ? [[actor.name, next] as const] : [];
      }),
    );
  }

  async step(name: string): Promise<void> {
    const { gate } = this.actors.find((actor) => actor.name === name) as Actor;
    const next = nextOf({ gate });
    await gate.held.find((held) => held === next)?.release();
  }

  /** Everything goes through, and all deeds end. */
  async finish(): Promise<void> {
    for (const { gate } of this.actors) gate.open();
    await Promise.all(this.deeds);
  }
}

/** The choice below another: what slept there sleeps on, unless what was chosen there bears on it. */
function choiceBelow(parent: Choice | undefined, enabled: Map<string, Command>): Choice {
  const asleep = new Map<string, Command>();
  if (parent) {
    const taken = parent.enabled.get(parent.chosen) as Command;
    const before = [...parent.asleep, ...[...parent.enabled].filter(([name]) => parent.tried.has(name))];
    for (const [name, next] of before)
      if (name !== parent.chosen && areIndependent(next, taken)) asleep.set(name, next);
  }
  return { enabled, asleep, tried: new Set(), chosen: '' };
}

const untried = ({ enabled, asleep, tried }: Choice): string | undefined =>
  [...enabled.keys()].find((name) => !asleep.has(name) && !tried.has(name));

/** Something that a clock has set off came between: the schedule is played again. */
class Disturbance extends Error {
  constructor(readonly depth: number) {
    super(`step ${depth + 1} is not what it was`);
  }
}

const shown = (enabled: Map<string, Command>): string =>
  [...enabled]
    .map(([name, next]) => `${name}: ${nameOf(next)}`)
    .sort()
    .join();

function chosenAt(choices: Choice[], depth: number, enabled: Map<string, Command>): Choice | null {
  const known = choices[depth];
  if (known) {
    if (shown(known.enabled) !== shown(enabled)) throw new Disturbance(depth);
    return known;
  }
  const choice = choiceBelow(choices[depth - 1], enabled);
  const first = untried(choice);
  if (first === undefined) return null;
  choice.chosen = first;
  choices.push(choice);
  return choice;
}

/** Goes back to the last choice that has another way; false when there is none. */
function turnBack(choices: Choice[]): boolean {
  for (let last = choices.at(-1); last; last = choices.at(-1)) {
    last.tried.add(last.chosen);
    const other = untried(last);
    if (other !== undefined) {
      last.chosen = other;
      return true;
    }
    choices.pop();
  }
  return false;
}

/** Plays one schedule to its end; false as soon as it is clear that an earlier one was like it. */
async function playThrough(play: Play, choices: Choice[], schedule: string[], explored: Explored): Promise<boolean> {
  for (let depth = 0; ; depth++) {
    const enabled = await play.enabled();
    if (enabled.size === 0) return true;
    const isKnown = depth < choices.length;
    const choice = chosenAt(choices, depth, enabled);
    if (!choice) return false;
    if (!isKnown) explored.states += 1;
    schedule.push(`${choice.chosen}: ${nameOf(enabled.get(choice.chosen) as Command)}`);
    await play.step(choice.chosen);
  }
}

/** Plays a schedule, and again when something disturbs it; false when an earlier one was like it. */
async function playOne(begin: Exploration['begin'], choices: Choice[], explored: Explored): Promise<string | null> {
  for (let disturbed = 0; ; disturbed++) {
    const play = new Play(await begin());
    const schedule: string[] = [];
    try {
      const isNew = await playThrough(play, choices, schedule, explored);
      await play.finish();
      return isNew ? schedule.join('\n') : null;
    } catch (error) {
      await play.finish();
      if (!(error instanceof Disturbance) || disturbed > mostDisturbed) throw error;
      // What was written down there had been disturbed itself: it is explored anew.
      if (disturbed > 0) choices.length = error.depth;
      explored.disturbed += 1;
    }
  }
}

/**
 * Has several act in every order of their steps that can make a difference, one schedule after the other. Orders that
 * differ only in steps that do not bear on each other are tried once (sleep sets: Godefroid, "Partial-Order Methods for
 * the Verification of Concurrent Systems", 1996).
 */
export async function explore({ begin, check, most }: Exploration): Promise<Explored> {
  const choices: Choice[] = [];
  const explored: Explored = { schedules: 0, states: 0, disturbed: 0 };
  do {
    const schedule = await playOne(begin, choices, explored);
    if (schedule === null) continue;
    explored.schedules += 1;
    await check(`after\n${schedule}`);
  } while (turnBack(choices) && explored.schedules < most);
  return explored;
}
