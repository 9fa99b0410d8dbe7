/** The fail point `failCommand`, for test builds: errors and delays that a single healthy server never shows. */
import { CommandError } from '../errors.js';
import { type Doc, isDoc, isNumeric, type Maybe, type Value } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';

export interface Failure {
  error: CommandError | null;
  closeConnection: boolean;
  delayMs: number;
  writeConcernError: Doc | null;
  /** True if the command takes effect before it fails. */
  afterEffect: boolean;
}

export interface FailPoints {
  /** Sets or clears the fail point from a `configureFailPoint` command. */
  configure(command: Doc): void;
  /** Returns the failure to inject into this command, if any, and counts it. */
  trigger(command: string, namespace: string): Failure | null;
}

interface ActiveFailPoint {
  data: Doc;
  skip: number;
  times: number;
}

function readMode(mode: Maybe): Pick<ActiveFailPoint, 'skip' | 'times'> | null {
  if (mode === 'off') return null;
  if (mode === 'alwaysOn') return { skip: 0, times: Infinity };
  if (isDoc(mode) && isNumeric(mode['times'])) return { skip: 0, times: toDouble(mode['times']) };
  if (isDoc(mode) && isNumeric(mode['skip'])) return { skip: toDouble(mode['skip']), times: Infinity };
  throw new CommandError(9, "'mode' must be 'off', 'alwaysOn', { times: n } or { skip: n }");
}

function numberOf(value: Maybe): number {
  return isNumeric(value) ? toDouble(value) : 0;
}

function failureOf(data: Doc): Failure {
  const code = numberOf(data['errorCode']);
  const labels = data['errorLabels'];
  const extra: Doc = Array.isArray(labels) ? { errorLabels: labels } : {};
  if (isDoc(data['errorExtra'])) Object.assign(extra, data['errorExtra']);
  const concern = data['writeConcernError'];
  return {
    error: code ? new CommandError(code, `Failing command via 'failCommand' failpoint`, extra) : null,
    closeConnection: data['closeConnection'] === true,
    delayMs: data['blockConnection'] === true ? numberOf(data['blockTimeMS']) : 0,
    writeConcernError: isDoc(concern) ? concern : null,
    afterEffect: data['afterEffect'] === true || (isDoc(concern) && !code),
  };
}

export function createFailPoints(): FailPoints {
  let active: ActiveFailPoint | null = null;
  return {
    configure(command) {
      if (command['configureFailPoint'] !== 'failCommand') {
        throw new CommandError(23, 'the only fail point of this store is failCommand');
      }
      const mode = readMode(command['mode']);
      const data = command['data'];
      active = mode && { ...mode, data: isDoc(data) ? data : {} };
    },
    trigger(command, namespace) {
      if (!active) return null;
      const { data } = active;
      const names: Value = data['failCommands'] ?? [];
      if (!Array.isArray(names) || !names.includes(command)) return null;
      if (typeof data['namespace'] === 'string' && data['namespace'] !== namespace) return null;
      if (active.skip > 0) {
        active.skip--;
        return null;
      }
      if (--active.times <= 0) active = null;
      return failureOf(data);
    },
  };
}
