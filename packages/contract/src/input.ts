/** Schemas that every feature's input and output are made of. `kernel/parse.ts` reads a value by them. */
import { z } from 'zod';
import type { Sentence } from './problem-codes.js';

/** An own rule of a schema, in the words it is refused with: `schema.refine(isFit, rule('…', '…'))`. */
export function rule(en: string, fr: string): { params: Sentence } {
  return { params: { en, fr } };
}

export const objectId = z
  .string()
  .regex(/^[0-9a-f]{24}$/)
  .describe('24 lowercase hex characters');

/** A time as it is given: ISO 8601 with milliseconds, in UTC. */
export const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .meta({ format: 'date-time', description: 'ISO 8601 with milliseconds, in UTC' });

/** A time as it is taken: ISO 8601 with any offset, given on in UTC. */
export const timeInput = z.iso
  .datetime({ offset: true })
  .refine((value) => !Number.isNaN(Date.parse(value)), rule('There is no such time', 'Cette date n’existe pas'))
  .describe('ISO 8601, with any offset');

function codePoints(value: string): number {
  return [...value].length;
}

/** A text of so many code points, of any kind. Counting begins only where it can still fit. */
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

/** Controls, changes of writing direction, and characters without a shape that only serve to look like another name. */
const hidden = [
  /[\p{Cc}\p{Zl}\p{Zp}]/u,
  /\p{Bidi_Control}/u,
  /[\u00ad\u115f\u1160\u180e\u200b\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]/u,
  // Variation selectors, but for the one that asks for an emoji.
  /\ufe00|\ufe01|\ufe02|\ufe03|\ufe04|\ufe05|\ufe06|\ufe07|\ufe08|\ufe09|\ufe0a|\ufe0b|\ufe0c|\ufe0d|\ufe0e|[\u{e0100}-\u{e01ef}]/u,
];
/** At least one character that one sees; joiners, spaces, marks and selectors alone are none. */
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** A name that is shown to others: so many code points, something to see in it and nothing hidden. */
export function name(min: number, max: number): z.ZodString {
  return text(min, max)
    .refine(
      (value) => !hidden.some((pattern) => pattern.test(value)),
      rule('No control characters and no invisible ones', 'Ni caractères de contrôle ni caractères invisibles'),
    )
    .refine((value) => visible.test(value), rule('It must not be blank', 'Il ne doit pas être vide'));
}

/** The query of a list. */
export const page = z.strictObject({
  limit: z.int().min(1).max(100).default(50).describe('How many at most'),
  cursor: z.string().max(2000).optional().describe('`nextCursor` of the page before'),
});
