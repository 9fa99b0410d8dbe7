import { z } from 'zod';
import type { ProblemCode } from './problem-codes.js';
import { problemCodes } from './problem-codes.js';

const codes = Object.keys(problemCodes) as [ProblemCode, ...ProblemCode[]];
const listed = codes.map((code) => `\`${code}\` (${problemCodes[code]})`).join(', ');

/** A problem as the documents tell it (RFC 9457): the one form that every refusal has at both doors. */
export const ProblemShape = z
  .strictObject({
    type: z.literal('about:blank'),
    title: z.string().describe('What the code is called, in the language asked for by Accept-Language'),
    status: z.int().min(400).max(599).describe('The status of the code over HTTP'),
    code: z.enum(codes).describe(`What went wrong, from a closed list, each with its status: ${listed}`),
    detail: z.string().describe('For people, in the language asked for by Accept-Language; never to be compared'),
    errors: z
      .array(
        z.strictObject({
          path: z.string().describe('Where it is: begins with body, query, params or input'),
          message: z.string(),
        }),
      )
      .exactOptional()
      .describe('The fields that were refused'),
    retryAfterMs: z
      .int()
      .min(1)
      .exactOptional()
      .describe('With 429 and 503: milliseconds after which the same request may be sent again'),
    requestId: z.string().describe('Names the request in the log of the server; over HTTP also in X-Request-Id'),
  })
  .meta({
    id: 'Problem',
    description: 'Problem details (RFC 9457)',
  }) satisfies z.ZodType<ProblemDocument>;

/** A problem as it travels: RFC 9457. */
export interface ProblemDocument {
  type: 'about:blank';
  title: string;
  status: number;
  code: ProblemCode;
  detail: string;
  errors?: { path: string; message: string }[];
  retryAfterMs?: number;
  requestId: string;
}
