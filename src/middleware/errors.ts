import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { Logger } from '../kernel/logger.js';
import { invalidInput, notFound, Problem } from '../kernel/problem.js';
import { localeOf, problemDocument } from '../kernel/problem-document.js';
import type { ProblemCode } from '@causerie/contract/problem-codes';

declare module 'express-serve-static-core' {
  interface Locals {
    /** The problem code of the response, for its log line. */
    problemCode?: ProblemCode;
  }
}

/** Converts anything thrown to the problem that the client gets. */
export type ToProblem = (error: unknown) => Problem;

const notJson = {
  en: 'The body is not valid JSON in UTF-8.',
  fr: 'Le corps n’est pas du JSON valide en UTF-8.',
};
const badEncoding = {
  en: 'The URL contains an invalid percent-encoding.',
  fr: 'L’URL contient un encodage-pourcent invalide.',
};
const cutOff = {
  en: 'The body does not match its headers.',
  fr: 'Le corps ne correspond pas à ses en-têtes.',
};

/** The errors of body parsers, by their `type` (npm: raw-body, body-parser). */
function problemOfParser(type: unknown): Problem | null {
  switch (type) {
    case 'entity.parse.failed':
    case 'entity.verify.failed':
      return invalidInput('body', notJson);
    case 'request.size.invalid':
    case 'request.aborted':
      return invalidInput('body', cutOff);
    case 'entity.too.large':
    case 'parameters.too.many':
      return new Problem('too_large');
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new Problem('unsupported_media_type');
    default:
      return null;
  }
}

/** Creates the only conversion from errors to problems; `ofDatabase` converts those of the database. */
export function createToProblem(ofDatabase: (error: unknown) => Problem | null): ToProblem {
  return (error) => {
    if (error instanceof Problem) return error;
    if (error instanceof URIError) return new Problem('invalid_input', { sentence: badEncoding });
    const fields = typeof error === 'object' && error !== null ? error : {};
    const parsing = 'type' in fields ? problemOfParser(fields.type) : null;
    if (parsing) return parsing;
    // A compressed body that cannot be decompressed.
    if ('status' in fields && fields.status === 400) return invalidInput('body', cutOff);
    return ofDatabase(error) ?? new Problem('internal', { cause: error });
  };
}

export function sendProblem(res: Response, problem: Problem, about: { acceptLanguage: string | undefined }): void {
  const document = problemDocument(problem, localeOf(about.acceptLanguage), res.req.requestId);
  res.locals.problemCode = problem.code;
  res.set(problem.headers);
  res.vary('Accept-Language');
  res.set('Cache-Control', 'no-store');
  if (problem.status === 401 && !res.hasHeader('WWW-Authenticate')) res.set('WWW-Authenticate', 'Bearer');
  if (document.retryAfterMs !== undefined) res.set('Retry-After', String(Math.ceil(document.retryAfterMs / 1000)));
  res.status(document.status).type('application/problem+json').send(JSON.stringify(document));
}

/** Last in the chain: anything thrown becomes a problem document; errors of the server are logged with their cause. */
export function handleErrors(toProblem: ToProblem, logger: Pick<Logger, 'error' | 'warn'>): ErrorRequestHandler {
  return (error, req, res, next) => {
    const problem = toProblem(error);
    const fields = { requestId: req.requestId, code: problem.code, err: problem.cause ?? error };
    if (problem.code === 'internal') logger.error(fields, 'request failed with an internal error');
    else if (problem.status >= 500) logger.warn(fields, 'request could not be served');
    if (res.headersSent) return next(error);
    sendProblem(res, problem, { acceptLanguage: req.headers['accept-language'] });
  };
}

/** Answers paths that no route matches. */
export const handleUnknown: RequestHandler = () => {
  throw notFound();
};

/** Answers a known path with a method that it does not support. */
export function handleOtherMethods(methods: readonly string[]): RequestHandler {
  const Allow = methods.map((method) => method.toUpperCase()).join(', ');
  return () => {
    throw new Problem('method_not_allowed', { headers: { Allow } });
  };
}

/** Rejects a URL that cannot be decoded, before anything else reads it. */
export const requireSoundAddress: RequestHandler = (req, _res, next) => {
  decodeURIComponent(req.url);
  next();
};
