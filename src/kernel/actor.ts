/** Who is asking: a signed-in person, on one device. Both doors make it with `authenticate` of middleware/auth.ts. */
export interface Actor {
  readonly userId: string;
  readonly sessionId: string;
  /** The socket that asks by an event; it gets an acknowledgement and not the news of its own change. */
  readonly socketId?: string;
}
