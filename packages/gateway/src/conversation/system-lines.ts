/** Lines that wait for one session at most. */
const maxLines = 20;
/** Sessions that lines wait for at most. */
const maxSessions = 1_000;
const maxLineChars = 500;

/** What happened and is told to an agent with the next message of its session. In memory: lost with the gateway. */
export class SystemLines {
  readonly #lines = new Map<string, string[]>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Adds a line. The same line twice in a row is one. */
  add(sessionKey: string, text: string): void {
    const lines = this.#lines.get(sessionKey) ?? [];
    const line = text.replace(/\s+/g, " ").trim().slice(0, maxLineChars);
    if (line === "" || lines.at(-1)?.endsWith(`] ${line}`)) return;
    lines.push(`[${new Date(this.#now()).toISOString()}] ${line}`);
    this.#lines.delete(sessionKey);
    this.#lines.set(sessionKey, lines.slice(-maxLines));
    if (this.#lines.size <= maxSessions) return;
    const [oldest] = this.#lines.keys();
    if (oldest !== undefined) this.#lines.delete(oldest);
  }

  /** What waits for a session, and doesn't wait any longer. */
  take(sessionKey: string): readonly string[] {
    const lines = this.#lines.get(sessionKey) ?? [];
    this.#lines.delete(sessionKey);
    return lines;
  }

  /** What waits for a session. */
  peek(sessionKey: string): readonly string[] {
    return this.#lines.get(sessionKey) ?? [];
  }

  get size(): number {
    return this.#lines.size;
  }
}
