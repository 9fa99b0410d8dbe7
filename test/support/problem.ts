import { z } from 'zod';
import { problemCodes } from './wire.js';

/**
 * The problem document as the contract has it, written once more by hand: the tests' own reading of it, so that a slip in
 * the server's schema does not judge itself.
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

/** A stack, a path of the server, a query or a library's name has no place in what a client is told. */
const leaks =
  /node_modules|\bat .+:\d+:\d+|\/(home|work|usr|tmp|src|dist)\/|mongo|mongoose|express|socket\.io|zod|bson|lmdb|E11000/i;

/** Parses a problem document and makes sure that it tells nothing of the inside. */
export function readProblem(value: unknown): ProblemDocument {
  const problem = ProblemDocument.parse(value);
  const told = [problem.detail, problem.title, ...(problem.errors ?? []).map((one) => one.message)].join('\n');
  if (leaks.test(told)) throw new Error(`a problem document tells of the inside: ${told}`);
  return problem;
}
