import { z } from 'zod';
import { problemCodes } from './wire.js';

/**
 * The problem document of the contract, written a second time by hand: a mistake in the server's schema must not validate
 * itself.
 */
export const ProblemDocument = z
  .strictObject({
    type: z.literal('about:blank'),
    title: z.string().min(1),
    status: z.int(),
    code: z.enum(Object.keys(problemCodes) as [keyof typeof problemCodes]),
    detail: z.string().min(1),
    errors: z.array(z.strictObject({ path: z.string().min(1), message: z.string().min(1) })).optional(),
    retryAfterMs: z.int().positive().optional(),
    requestId: z.string().min(1),
  })
  .refine((problem) => problem.status === problemCodes[problem.code], 'the status is not that of the code')
  .refine((problem) => (problem.retryAfterMs !== undefined) === (problem.status === 429 || problem.status === 503), {
    message: 'retryAfterMs belongs to 429 and 503, and to nothing else',
  });

export type ProblemDocument = z.infer<typeof ProblemDocument>;

/** Stack traces, server paths, queries and library names must never reach a client. */
const leaks =
  /node_modules|\bat .+:\d+:\d+|\/(home|work|usr|tmp|src|dist)\/|mongo|mongoose|express|socket\.io|zod|bson|lmdb|E11000/i;

/** Parses a problem document and checks that it reveals no internals. */
export function readProblem(value: unknown): ProblemDocument {
  const problem = ProblemDocument.parse(value);
  const shown = [problem.detail, problem.title, ...(problem.errors ?? []).map((one) => one.message)].join('\n');
  if (leaks.test(shown)) throw new Error(`a problem document reveals internals: ${shown}`);
  return problem;
}
