import type { z } from 'zod';
import type { Actor } from './actor.js';
import type { LimitClass } from './limits.js';
import type { Locale } from './problem.js';

/** What a handler is given: parsed input, apart from the raw request. */
export interface Call<Params, Query, Body> {
  actor: Actor;
  params: Params;
  query: Query;
  body: Body;
  /** The client's address, by TRUST_PROXY. */
  ip: string;
  userAgent: string | null;
  /** The language asked for by Accept-Language. */
  locale: Locale;
}

type Answers = Readonly<Record<number, z.ZodType | null>>;
type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : Record<string, never>;

/** One of the declared answers: its status and a body of that status' schema (`null` schema: no body). */
export type Reply<Returns extends Answers> = {
  [Status in keyof Returns & number]: {
    status: Status;
    /** A document may come in pieces: JSON, as it is read. */
    body: Returns[Status] extends z.ZodType ? z.input<Returns[Status]> | AsyncIterable<string> : null;
  };
}[keyof Returns & number];

export interface EndpointSpec<
  Params extends z.ZodType | undefined,
  Query extends z.ZodType | undefined,
  Body extends z.ZodType | undefined,
  Returns extends Answers,
> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Express 5 path below the feature's base, `/` for the base itself. */
  path: string;
  summary: string;
  description?: string;
  /** `user` (the default) asks for a Bearer token; `public` does not. */
  access?: 'user' | 'public';
  /** The budget this route is paid from; `other` unless told. */
  limit?: LimitClass;
  /** A second budget that some bodies are paid from. */
  limitOf?: (body: Parsed<Body>) => LimitClass | null;
  /** How large its body may be, in bytes; 100 kB unless told. */
  bodyLimit?: number;
  params?: Params;
  query?: Query;
  body?: Body;
  returns: Returns;
  handle: (call: Call<Parsed<Params>, Parsed<Query>, Parsed<Body>>) => Promise<Reply<Returns>>;
}

/** A route with its types folded away, as the table of `app.ts` and the documents need it. */
export interface Endpoint {
  method: EndpointSpec<undefined, undefined, undefined, Answers>['method'];
  path: string;
  summary: string;
  description?: string;
  access: 'user' | 'public';
  limit: LimitClass;
  limitOf?: (body: unknown) => LimitClass | null;
  bodyLimit?: number;
  params?: z.ZodType;
  query?: z.ZodType;
  body?: z.ZodType;
  returns: Answers;
  handle: (call: Call<unknown, unknown, unknown>) => Promise<{ status: number; body: unknown }>;
}

/** Ties a route to its input and output schemas: the types, the validation and the documents all come from here. */
export function endpoint<
  const Returns extends Answers,
  Params extends z.ZodType | undefined = undefined,
  Query extends z.ZodType | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
>(spec: EndpointSpec<Params, Query, Body, Returns>): Endpoint {
  return {
    access: 'user',
    limit: 'other',
    ...spec,
    handle: spec.handle as Endpoint['handle'],
  } as Endpoint;
}

/** 200 with a body. */
export function ok<Body>(body: Body): { status: 200; body: Body } {
  return { status: 200, body };
}

/** 201 for something new, 200 for what was there already. */
export function made<Body>(body: Body, isNew: boolean): { status: 200; body: Body } | { status: 201; body: Body } {
  return isNew ? { status: 201, body } : { status: 200, body };
}

/** 204 without a body. */
export function nothing(): { status: 204; body: null } {
  return { status: 204, body: null };
}

/** 200 with a body, or 204 where there is nothing to show. */
export function okOrNothing<Body>(body: Body | null): { status: 200; body: Body } | { status: 204; body: null } {
  return body === null ? nothing() : ok(body);
}

/** 202 with a body: accepted, and done a moment later. */
export function accepted<Body>(body: Body): { status: 202; body: Body } {
  return { status: 202, body };
}

/** 202 for what is done later, 200 for what is told at once. */
export function acceptedOrOk<Later, Now>(
  answer: { later: Later } | { now: Now },
): { status: 202; body: Later } | { status: 200; body: Now } {
  return 'later' in answer ? accepted(answer.later) : ok(answer.now);
}
