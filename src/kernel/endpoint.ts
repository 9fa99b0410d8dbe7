import type { z } from 'zod';
import type { Actor } from './actor.js';
import type { IncomingForm } from './incoming-form.js';
import type { ServedFile } from './served-file.js';
import type { Locale } from '@causerie/contract/problem-codes';
import type { LimitClass } from '@causerie/contract/limits';

/** What every handler is given: parsed input, apart from the raw request. */
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

/** What the handler of a route for signed-in users is given. */
export interface UserCall<Params, Query, Body> extends Call<Params, Query, Body> {
  actor: Actor;
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
}

/** A route that needs a Bearer token (the default), or is public: the handler of a public route is given no actor. */
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

/** Who a route lets in, and so what its handler is given; `link`: a Bearer token, or the signature of a link. */
type Access =
  | { access: 'user'; handle: Handle<{ actor: Actor } & FormCall> }
  | { access: 'public'; handle: Handle<unknown> }
  | { access: 'link'; handle: Handle<FileCall> };

/** A route with its types folded away, as the table of `app.ts` and the documents need it. */
export type Endpoint = Access & {
  method: SpecBase<undefined, undefined, undefined, Answers>['method'];
  path: string;
  summary: string;
  description?: string;
  /** The fields of a form with a file, which its handler reads itself. */
  form?: z.ZodType;
  /** It answers with the bytes of a file. */
  givesFile?: true;
  limit: LimitClass;
  limitOf?: (body: unknown) => LimitClass | null;
  bodyLimit?: number;
  params?: z.ZodType;
  query?: z.ZodType;
  body?: z.ZodType;
  returns: Answers;
};

/** What the handler of a form is given beside the rest. */
interface FormCall {
  form: IncomingForm<unknown>;
}

/** What a handler that answers with a file is given beside the rest. */
interface FileCall {
  /** The signed-in user who asks; null for the holder of a signed link. */
  viewerId: string | null;
  /** Which of these types the client takes, the one it likes best first. */
  accepts: (types: string[]) => string | false;
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

/** A route that takes a file in a form. */
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

/** A route that answers with the bytes of a file, for a token or a signed link. */
export function fileEndpoint<
  Params extends z.ZodType | undefined = undefined,
  Query extends z.ZodType | undefined = undefined,
>({ handle, ...spec }: FileSpec<Params, Query>): Endpoint {
  return {
    method: 'get',
    access: 'link',
    limit: 'other',
    givesFile: true,
    ...spec,
    returns: { 200: null, 206: null, 304: null, 416: null },
    handle: async (call: unknown) => ({ status: 200, body: await handle(call as Parameters<typeof handle>[0]) }),
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
