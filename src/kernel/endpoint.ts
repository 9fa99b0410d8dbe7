import type { z } from 'zod';
import type { Actor } from './actor.js';
import type { IncomingForm } from './incoming-form.js';
import type { ServedFile } from './served-file.js';
import type { Locale } from '@causerie/contract/problem-codes';
import type { LimitClass } from '@causerie/contract/limits';

/** The input of every handler, parsed and apart from the raw request. */
export interface Call<Params, Query, Body> {
  params: Params;
  query: Query;
  body: Body;
  /** The client's address, by TRUST_PROXY. */
  ip: string;
  userAgent: string | null;
  /** The language asked for by Accept-Language. */
  locale: Locale;
}

/** The input of a handler for signed-in users. */
export interface UserCall<Params, Query, Body> extends Call<Params, Query, Body> {
  actor: Actor;
}

type Answers = Readonly<Record<number, z.ZodType | null>>;
type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : Record<string, never>;

/** One of the declared answers: its status and a body of that status' schema (`null` schema: no body). */
export type Reply<Returns extends Answers> = {
  [Status in keyof Returns & number]: {
    status: Status;
    /** A large document may be streamed: pieces of JSON. */
    body: Returns[Status] extends z.ZodType ? z.input<Returns[Status]> | AsyncIterable<string> : null;
  };
}[keyof Returns & number];

interface SpecBase<
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
  /** The rate limit class of this route; `other` by default. */
  limit?: LimitClass;
  /** A second rate limit class that applies to some bodies. */
  limitOf?: (body: Parsed<Body>) => LimitClass | null;
  /** The largest body in bytes; 100 kB by default. */
  bodyLimit?: number;
  params?: Params;
  query?: Query;
  body?: Body;
  returns: Returns;
}

/** A route that needs a Bearer token (the default) or is public. The handler of a public route gets no actor. */
export type EndpointSpec<
  Params extends z.ZodType | undefined,
  Query extends z.ZodType | undefined,
  Body extends z.ZodType | undefined,
  Returns extends Answers,
> = SpecBase<Params, Query, Body, Returns> &
  (
    | {
        access?: 'user';
        handle: (call: UserCall<Parsed<Params>, Parsed<Query>, Parsed<Body>>) => Promise<Reply<Returns>>;
      }
    | {
        access: 'public';
        handle: (call: Call<Parsed<Params>, Parsed<Query>, Parsed<Body>>) => Promise<Reply<Returns>>;
      }
  );

type Handle<Given> = (call: Call<unknown, unknown, unknown> & Given) => Promise<{ status: number; body: unknown }>;

/** Who may call a route. `link`: a Bearer token, or the signature of a link. */
type Access =
  | { access: 'user'; handle: Handle<{ actor: Actor } & FormCall> }
  | { access: 'public'; handle: Handle<unknown> }
  | { access: 'link'; handle: Handle<FileCall> };

/** A route with its type parameters erased, as the route table and the generated documents need it. */
export type Endpoint = Access & {
  method: SpecBase<undefined, undefined, undefined, Answers>['method'];
  path: string;
  summary: string;
  description?: string;
  /** The fields of a form with a file; its handler reads the form. */
  form?: z.ZodType;
  /** Its response is the bytes of a file. */
  sendsFile?: true;
  limit: LimitClass;
  limitOf?: (body: unknown) => LimitClass | null;
  bodyLimit?: number;
  params?: z.ZodType;
  query?: z.ZodType;
  body?: z.ZodType;
  returns: Answers;
};

/** Additional input of a handler that reads a form. */
interface FormCall {
  form: IncomingForm<unknown>;
}

/** Additional input of a handler that serves a file. */
interface FileCall {
  /** The signed-in user; null for the holder of a signed link. */
  viewerId: string | null;
  /** The one of these types that the client prefers; false if it accepts none. */
  accepts: (types: string[]) => string | false;
}

/** Ties a route to its schemas: types, validation and documents all follow from them. */
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
  } as Endpoint;
}

interface FormSpec<Fields extends z.ZodType, Returns extends Answers> {
  method: 'post';
  path: string;
  summary: string;
  description?: string;
  limit?: LimitClass;
  form: Fields;
  returns: Returns;
  handle: (call: { actor: Actor; form: IncomingForm<z.output<Fields>> }) => Promise<Reply<Returns>>;
}

/** A route that receives a file in a form. */
export function formEndpoint<Fields extends z.ZodType, const Returns extends Answers>(
  spec: FormSpec<Fields, Returns>,
): Endpoint {
  return { access: 'user', limit: 'other', ...spec } as unknown as Endpoint;
}

interface FileSpec<Params extends z.ZodType | undefined, Query extends z.ZodType | undefined> {
  path: string;
  summary: string;
  description?: string;
  params?: Params;
  query?: Query;
  handle: (call: FileCall & { params: Parsed<Params>; query: Parsed<Query> }) => Promise<ServedFile>;
}

/** A route that serves the bytes of a file, for a token or a signed link. */
export function fileEndpoint<
  Params extends z.ZodType | undefined = undefined,
  Query extends z.ZodType | undefined = undefined,
>({ handle, ...spec }: FileSpec<Params, Query>): Endpoint {
  return {
    method: 'get',
    access: 'link',
    limit: 'other',
    sendsFile: true,
    ...spec,
    returns: { 200: null, 206: null, 304: null, 416: null },
    handle: async (call: unknown) => ({ status: 200, body: await handle(call as Parameters<typeof handle>[0]) }),
  } as Endpoint;
}

/** 200 with a body. */
export function ok<Body>(body: Body): { status: 200; body: Body } {
  return { status: 200, body };
}

/** 201 for something new, 200 for something that existed already. */
export function made<Body>(body: Body, isNew: boolean): { status: 200; body: Body } | { status: 201; body: Body } {
  return isNew ? { status: 201, body } : { status: 200, body };
}

/** 204 without a body. */
export function nothing(): { status: 204; body: null } {
  return { status: 204, body: null };
}

/** 200 with a body, or 204 if there is nothing to show. */
export function okOrNothing<Body>(body: Body | null): { status: 200; body: Body } | { status: 204; body: null } {
  return body === null ? nothing() : ok(body);
}

/** 202 with a body: accepted, done a moment later. */
export function accepted<Body>(body: Body): { status: 202; body: Body } {
  return { status: 202, body };
}

/** 202 if the work is done later, 200 if the result is in the response. */
export function acceptedOrOk<Later, Now>(
  answer: { later: Later } | { now: Now },
): { status: 202; body: Later } | { status: 200; body: Now } {
  return 'later' in answer ? accepted(answer.later) : ok(answer.now);
}
