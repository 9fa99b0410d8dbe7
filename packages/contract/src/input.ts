/** Building blocks of every input and output schema. The server validates input with `src/kernel/parse.ts`. */
import { z } from 'zod';
import type { Sentence } from './problem-codes.js';

/** Error message of a custom check, in both languages: `schema.refine(isValid, rule('…', '…'))`. */
export function rule(en: string, fr: string): { params: Sentence } {
  return { params: { en, fr } };
}

export const objectId = z
  .string()
  .regex(/^[0-9a-f]{24}$/)
  .describe('24 lowercase hex characters');

/** A time in output: ISO 8601 with milliseconds, in UTC. */
export const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .meta({ format: 'date-time', description: 'ISO 8601 with milliseconds, in UTC' });

/** A time in input: ISO 8601 with any offset. */
export const timeInput = z.iso
  .datetime({ offset: true })
  .refine((value) => !Number.isNaN(Date.parse(value)), rule('This date does not exist', 'Cette date n’existe pas'))
  .describe('ISO 8601 with any offset');

function codePoints(value: string): number {
  return [...value].length;
}

/** A text of `min` to `max` code points. A text that is too long in UTF-16 already is rejected without counting. */
export function text(min: number, max: number): z.ZodString {
  return z
    .string()
    .refine((value) => value.length <= 2 * max && codePoints(value) <= max, {
      ...rule(`At most ${max} characters`, `Au plus ${max} caractères`),
      abort: true,
    })
    .refine(
      (value) => codePoints(value) >= min,
      rule(
        `At least ${min} ${min === 1 ? 'character' : 'characters'}`,
        `Au moins ${min} caractère${min === 1 ? '' : 's'}`,
      ),
    )
    .meta({ minLength: min, maxLength: max });
}

/** Control characters, bidirectional controls, and invisible characters that only serve to imitate another name. */
const hidden = [
  /[\p{Cc}\p{Zl}\p{Zp}]/u,
  /\p{Bidi_Control}/u,
  /[\u00ad\u115f\u1160\u180e\u200b\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]/u,
  // Variation selectors, except the one that requests emoji presentation.
  /\ufe00|\ufe01|\ufe02|\ufe03|\ufe04|\ufe05|\ufe06|\ufe07|\ufe08|\ufe09|\ufe0a|\ufe0b|\ufe0c|\ufe0d|\ufe0e|[\u{e0100}-\u{e01ef}]/u,
];
/** A visible character. Joiners, spaces, combining marks and variation selectors alone do not count. */
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** A name shown to others: `min` to `max` code points, with a visible character and without hidden ones. */
export function name(min: number, max: number): z.ZodString {
  return text(min, max)
    .refine(
      (value) => !hidden.some((pattern) => pattern.test(value)),
      rule(
        'Must not contain control or invisible characters',
        'Les caractères de contrôle ou invisibles ne sont pas autorisés',
      ),
    )
    .refine((value) => visible.test(value), rule('Must not be blank', 'Ne doit pas être vide'));
}

/** Query of a paginated list. */
export const page = z.strictObject({
  limit: z.int().min(1).max(100).default(50).describe('Maximum number of items'),
  cursor: z
    .string()
    .max(2000)
    .optional()
    .describe('`nextCursor` of the previous page; leave it out for the first page'),
});

/** Cursor in the answer of a paginated list. */
export const nextCursor = z
  .string()
  .nullable()
  .describe('Give it as `cursor` to get the next page; null on the last page');
