/** The caller: a signed-in user on one device. Both transports create it with `authenticate` of middleware/auth.ts. */
export interface Actor {
  readonly userId: string;
  readonly sessionId: string;
  /** The socket that sent the request; it gets the acknowledgement and not the event about its own change. */
  readonly socketId?: string;
}
