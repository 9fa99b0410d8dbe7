interface Link {
  id: string;
  expiresAt: Date;
  usedAt: Date | null;
}

/** Whether a link in a mail is valid at a time: it is the newest of its account, not used, and not expired. */
export function isValidLink(newest: Link | null, linkId: string, at: Date): boolean {
  return newest !== null && newest.id === linkId && newest.usedAt === null && newest.expiresAt > at;
}
