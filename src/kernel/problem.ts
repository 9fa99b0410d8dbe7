import { problemCodes, type ProblemCode, type Sentence } from '@causerie/contract/problem-codes';

/** A rejected field: its path, and the reason. */
export interface FieldError {
  path: string;
  message: Sentence;
}

interface ProblemExtras {
  sentence?: Sentence;
  errors?: readonly FieldError[];
  retryAfterMs?: number;
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
}

/**
 * The only error that reaches a client. Its code is the contract; the status is how HTTP says it.
 * Any other thrown error becomes `internal`; its cause is logged and never sent.
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly status: number;
  readonly sentence: Sentence | undefined;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterMs: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, extras: ProblemExtras = {}) {
    super(extras.sentence?.en ?? code, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.code = code;
    this.status = problemCodes[code];
    this.sentence = extras.sentence;
    this.errors = extras.errors;
    this.retryAfterMs = extras.retryAfterMs;
    this.headers = extras.headers ?? {};
  }
}

/** A 400 that names the field: `path` begins with `body.`, `query.`, `params.` or `input.`. */
export function invalidInput(path: string, message: Sentence): Problem {
  return new Problem('invalid_input', { errors: [{ path, message }] });
}

/** The same response for what does not exist and for what the caller may not know about. */
export function notFound(): Problem {
  return new Problem('not_found');
}

/** The other user cannot be written to. A block and a privacy setting look the same. */
export function notContactable(): Problem {
  return new Problem('not_contactable');
}

/** The store or the server cannot respond now. The request is safe to repeat after `retryAfterMs`. */
export function unavailable(cause?: unknown, retryAfterMs = 1000): Problem {
  return new Problem('unavailable', { retryAfterMs, cause });
}
