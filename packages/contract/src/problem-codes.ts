/** The closed list of error codes, each with its HTTP status. */
export const problemCodes = {
  invalid_input: 400,
  weak_password: 400,
  unauthenticated: 401,
  token_expired: 401,
  session_revoked: 401,
  invalid_credentials: 401,
  refresh_token_invalid: 401,
  refresh_token_reused: 401,
  forbidden: 403,
  not_contactable: 403,
  wrong_password: 403,
  edit_window_expired: 403,
  delete_window_expired: 403,
  not_found: 404,
  method_not_allowed: 405,
  not_acceptable: 406,
  request_timeout: 408,
  email_taken: 409,
  username_taken: 409,
  client_id_reused: 409,
  stale_revision: 409,
  conflict: 409,
  too_large: 413,
  unsupported_media_type: 415,
  unprocessable_media: 422,
  rate_limited: 429,
  headers_too_large: 431,
  internal: 500,
  unavailable: 503,
  insufficient_storage: 507,
} as const;

export type ProblemCode = keyof typeof problemCodes;

export type Locale = 'en' | 'fr';

/** A text for people, in every language of the server. */
export type Sentence = Readonly<Record<Locale, string>>;
