import { isRead, untilQuiet, type Command, type Gate } from './gate.js';

/** An actor with their own server, whose commands are held back by a gate. */
export interface Actor {
  name: string;
  gate: Gate;
  /** The commands before which another actor may take a step. */
  isStep: (command: Command) => boolean;
  act: () => Promise<unknown>;
}

/** A point at which one of the actors was chosen to go next. */
interface Choice {
  enabled: Map<string, Command>;
  /** Actors whose next step was explored by another schedule in an order that makes no difference. */
  asleep: Map<string, Command>;
  tried: Set<string>;
  chosen: string;
}

/** Statistics of an exploration. */
export interface Explored {
  schedules: number;
  states: number;
  /** How often a timer interfered. */
  disturbed: number;
}

interface Exploration {
  /** Prepares one schedule. */
  begin: () => Promise<Actor[]>;
  /** Checks the outcome; the schedule goes into the failure message. */
  check: (schedule: string) => Promise<void>;
  /** The maximum number of schedules to explore. */
  most: number;
}

const mostDisturbed = 5;

/** Whether the order of two steps makes no difference: they touch different collections, or both only read. */
function areIndependent(one: Command, other: Command): boolean {
  return one.collection !== other.collection || (isRead(one) && isRead(other));
}

const nameOf = ({ command, collection }: Command): string => `${command} ${collection}`;

/** The step that an actor takes next: of several held commands, always the same one. */
function nextOf({ gate }: Pick<Actor, 'gate'>): Command | undefined {
  return [...gate.held].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))[0];
}

/** Runs all actors, and knows which of them have finished. */
class Play {
  private readonly done = new Set<string>();
  private readonly actions: Promise<unknown>[];

  constructor(readonly actors: readonly Actor[]) {
    for (const { gate, isStep } of actors) gate.close(isStep);
    this.actions = actors.map(({ name, act }) => act().finally(() => this.done.add(name)));
    for (const action of this.actions) action.catch(() => undefined);
  }

  private isQuiet(): boolean {
    return this.actors.every(
      ({ name, gate }) => gate.underWay() === 0 && (this.done.has(name) || gate.held.length > 0),
    );
  }

  /** Waits until every actor has finished or waits at their gate; returns the next command of each waiting actor. */
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

  /** Opens all gates and waits until every actor has finished. */
  async finish(): Promise<void> {
    for (const { gate } of this.actors) gate.open();
    await Promise.all(this.actions);
  }
}

/** The choice after another one: sleeping actors stay asleep unless the chosen step affects theirs. */
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

/** A timer interfered with the schedule, which is played again. */
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

/** Backtracks to the last choice with an untried actor; false if there is none. */
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

/** Plays one schedule to its end; false as soon as it proves equivalent to an earlier one. */
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

/** Plays a schedule, and again if a timer interferes; null if it is equivalent to an earlier one. */
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
      // The recorded choices were disturbed themselves, so explore them again.
      if (disturbed > 0) choices.length = error.depth;
      explored.disturbed += 1;
    }
  }
}

/**
 * Runs several actors in every order of their steps that can make a difference, one schedule after another. Orders that
 * differ only in independent steps are tried once (sleep sets: Godefroid, "Partial-Order Methods for the Verification of
 * Concurrent Systems", 1996).
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
