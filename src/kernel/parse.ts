import type { z } from 'zod';
import { type FieldError, Problem } from './problem.js';
import type { Sentence } from '@causerie/contract/problem-codes';

/** Part of a request that a value came in; the first segment of the path of an invalid field. */
export type InputPart = 'body' | 'query' | 'params' | 'input';

const deepest = 20;

const words = {
  nested: { en: `Nested more than ${deepest} levels deep`, fr: `Imbriqué sur plus de ${deepest} niveaux` },
  broken: {
    en: 'Contains NUL or half of a surrogate pair',
    fr: 'Contient NUL ou la moitié d’une paire de substitution',
  },
  strange: { en: 'Must be a JSON value', fr: 'Doit être une valeur JSON' },
  unknown: { en: 'Unknown field', fr: 'Champ inconnu' },
  missing: { en: 'Required', fr: 'Obligatoire' },
  wrong: { en: 'Invalid format', fr: 'Format invalide' },
} as const satisfies Record<string, Sentence>;

function isSound(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0');
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

/** Checks that apply to every input, whatever its schema. Returns the first error, or null. */
function faultIn(value: unknown, path: string, depth: number): FieldError | null {
  if (typeof value === 'string') return isSound(value) ? null : { path, message: words.broken };
  if (typeof value !== 'object' || value === null) {
    return ['number', 'boolean', 'undefined', 'object'].includes(typeof value)
      ? null
      : { path, message: words.strange };
  }
  if (depth >= deepest) return { path, message: words.nested };
  if (!isPlain(value)) return { path, message: words.strange };
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__' || !isSound(key)) return { path, message: words.unknown };
    const fault = faultIn(item, `${path}.${key}`, depth + 1);
    if (fault) return fault;
  }
  return null;
}

const kinds: Readonly<Record<string, Sentence>> = {
  string: { en: 'Must be a string', fr: 'Doit être une chaîne de caractères' },
  number: { en: 'Must be a number', fr: 'Doit être un nombre' },
  int: { en: 'Must be an integer', fr: 'Doit être un nombre entier' },
  boolean: { en: 'Must be true or false', fr: 'Doit être true ou false' },
  object: { en: 'Must be an object', fr: 'Doit être un objet' },
  array: { en: 'Must be a list', fr: 'Doit être une liste' },
};

type Issue = z.core.$ZodIssue;

function boundOf(issue: Issue & { code: 'too_small' | 'too_big' }): Sentence {
  const isMinimum = issue.code === 'too_small';
  const bound = String(isMinimum ? issue.minimum : issue.maximum);
  const unit =
    issue.origin === 'array'
      ? [' entries', ' éléments']
      : issue.origin === 'string'
        ? [' characters', ' caractères']
        : ['', ''];
  return isMinimum
    ? { en: `At least ${bound}${unit[0] ?? ''}`, fr: `Au moins ${bound}${unit[1] ?? ''}` }
    : { en: `At most ${bound}${unit[0] ?? ''}`, fr: `Au plus ${bound}${unit[1] ?? ''}` };
}

function sentenceOf(issue: Issue): Sentence {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? words.missing : (kinds[issue.expected] ?? words.wrong);
    case 'too_small':
    case 'too_big':
      return boundOf(issue);
    case 'invalid_value': {
      const values = issue.values.map(String).join(', ');
      return { en: `Must be one of: ${values}`, fr: `Doit être l’une de ces valeurs : ${values}` };
    }
    case 'custom': {
      const { en, fr } = issue.params ?? {};
      return typeof en === 'string' && typeof fr === 'string' ? { en, fr } : words.wrong;
    }
    default:
      return words.wrong;
  }
}

function errorsOf(issue: Issue, part: InputPart): FieldError[] {
  const path = [part, ...issue.path.map(String)].join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: `${path}.${key}`, message: words.unknown }));
  }
  return [{ path, message: sentenceOf(issue) }];
}

const maxErrors = 20;

/** Validates a value; throws `invalid_input` with the invalid fields. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, part: InputPart): z.output<Schema> {
  const fault = faultIn(value, part, 0);
  if (fault) throw new Problem('invalid_input', { errors: [fault] });
  const verdict = schema.safeParse(value, { reportInput: true });
  if (verdict.success) return verdict.data;
  const errors = verdict.error.issues.flatMap((issue) => errorsOf(issue, part));
  throw new Problem('invalid_input', { errors: errors.slice(0, maxErrors) });
}
