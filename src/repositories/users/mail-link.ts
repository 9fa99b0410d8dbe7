/** A link in a mail: its token is derived from the ids of the link and its account, and stored nowhere. */
export interface MailLink {
  id: string;
  madeAt: Date;
  expiresAt: Date;
  usedAt: Date | null;
  /** The address that the link proves; null in a link that resets a password. */
  email: string | null;
}
