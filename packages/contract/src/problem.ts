import { z } from 'zod';
import type { ProblemCode } from './problem-codes.js';
import { problemCodes } from './problem-codes.js';

const codes = Object.keys(problemCodes) as [ProblemCode, ...ProblemCode[]];
const listed = codes.map((code) => `\`${code}\` (${problemCodes[code]})`).join(', ');

/** Problem details (RFC 9457): the one form of every error, over HTTP and over sockets. */
export const ProblemShape = z
  .strictObject({
    type: z.literal('about:blank').describe('Always `about:blank` (RFC 9457): `code` identifies the problem'),
    title: z.string().describe('Short name of the error, in the language of Accept-Language'),
    status: z.int().min(400).max(599).describe('HTTP status of the code'),
    code: z.enum(codes).describe(`Error code, from a closed list, with its HTTP status: ${listed}`),
    detail: z.string().describe('Explanation for people, in the language of Accept-Language; not meant for programs'),
    errors: z
      .array(
        z.strictObject({
          path: z
            .string()
            .describe('Path of the field, such as `body.text`; starts with `body`, `query`, `params` or `input`'),
          message: z.string().describe('What is wrong with the field, in the language of Accept-Language'),
        }),
      )
      .exactOptional()
      .describe('The invalid fields'),
    retryAfterMs: z
      .int()
      .min(1)
      .exactOptional()
      .describe('With 429 and 503: milliseconds to wait before sending the same request again'),
    requestId: z
      .string()
      .describe('Id of the request in the log of the server; over HTTP also in the X-Request-Id header'),
  })
  .meta({
    id: 'Problem',
    description: 'Problem details (RFC 9457)',
  }) satisfies z.ZodType<ProblemDocument>;

/** Problem details as sent (RFC 9457). */
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
