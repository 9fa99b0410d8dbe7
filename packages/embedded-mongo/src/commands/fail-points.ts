/** The fail point `failCommand`, for test builds: errors and delays that a single healthy server never shows. */
import { CommandError } from '../errors.js';
import { isDoc, isNumeric } from '../bson/value.js';
import type { Doc, Maybe, Value } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';

export interface Failure {
  readonly error: CommandError | null;
  readonly closeConnection: boolean;
  readonly delayMs: number;
  readonly writeConcernError: Doc | null;
  /** True if the command is to take effect before it fails. */
  readonly afterEffect: boolean;
}

export interface FailPoints {
  /** Sets or clears the fail point from a configureFailPoint command. */
  readonly configure: (command: Doc) => void;
  /** What is to go wrong with this command, if anything. */
  readonly strike: (command: string, namespace: string) => Failure | null;
}

interface Armed {
  readonly data: Doc;
  skip: number;
  times: number;
}

function readMode(mode: Maybe): Pick<Armed, 'skip' | 'times'> | null {
  if (mode === 'off') return null;
  if (mode === 'alwaysOn') return { skip: 0, times: Infinity };
  if (isDoc(mode) && isNumeric(mode['times'])) return { skip: 0, times: toDouble(mode['times']) };
  if (isDoc(mode) && isNumeric(mode['skip'])) return { skip: toDouble(mode['skip']), times: Infinity };
  throw new CommandError(9, "'mode' must be 'off', 'alwaysOn', { times: n } or { skip: n }");
}

const numberOf = (value: Maybe): number => (isNumeric(value) ? toDouble(value) : 0);

function failure(data: Doc): Failure {
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

/** Fail points, all off. */
export function createFailPoints(): FailPoints {
  let armed: Armed | null = null;
  return {
    configure: (command) => {
      if (command['configureFailPoint'] !== 'failCommand') {
        throw new CommandError(23, 'only the fail point failCommand exists here');
      }
      const mode = readMode(command['mode']);
      const data = command['data'];
      armed = mode && { ...mode, data: isDoc(data) ? data : {} };
    },
    strike: (command, namespace) => {
      if (!armed) return null;
      const { data } = armed;
      const names: Value = data['failCommands'] ?? [];
      if (!Array.isArray(names) || !names.includes(command)) return null;
      if (typeof data['namespace'] === 'string' && data['namespace'] !== namespace) return null;
      if (armed.skip > 0) {
        armed.skip--;
        return null;
      }
      if (--armed.times <= 0) armed = null;
      return failure(data);
    },
  };
}
