/** What the runtime refuses. */
export type AgentErrorCode =
  /** What was asked makes no sense; asking again doesn't help. */
  | "invalid"
  /** Too much waits; later it may go. */
  | "busy";

/** The runtime refused something; nothing of it was kept. `message` is for people and holds no secret. */
export class AgentError extends Error {
  override readonly name = "AgentError";
  readonly code: AgentErrorCode;

  constructor(code: AgentErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
