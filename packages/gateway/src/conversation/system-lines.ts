/** Lines that wait for one session at most. */
const maxLines = 20;
/** Sessions that lines wait for at most. */
const maxSessions = 1_000;
/** Longest line, in characters. */
const maxLineChars = 2_000;
/** Longest line as an agent is told it, in characters. */
const maxToldChars = 500;

/** Lines on their way to an agent. */
export interface ToldLines {
  /** As the agent is told them: each on one line, as output of programs may be among it. */
  readonly texts: readonly string[];
  /** The agent has been told these; what came meanwhile still waits. */
  readonly heard: () => void;
}

interface Line {
  readonly atMs: number;
  readonly text: string;
}

const toldOf = ({ atMs, text }: Line): string =>
  `System: [${new Date(atMs).toISOString()}] ${text.replace(/\s+/g, " ").slice(0, maxToldChars)}`;

/** What happened and is told to an agent with the next message of its session. In memory: lost with the gateway. */
export class SystemLines {
  readonly #lines = new Map<string, readonly Line[]>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Adds a line. The same line twice in a row is one. */
  add(sessionKey: string, text: string): void {
    const lines = this.#lines.get(sessionKey) ?? [];
    const line = text.trim().slice(0, maxLineChars);
    if (line === "" || lines.at(-1)?.text === line) return;
    this.#lines.delete(sessionKey);
    this.#lines.set(sessionKey, [...lines, { atMs: this.#now(), text: line }].slice(-maxLines));
    if (this.#lines.size <= maxSessions) return;
    const [oldest] = this.#lines.keys();
    if (oldest !== undefined) this.#lines.delete(oldest);
  }

  /** What waits for a session, as it was said. */
  texts(sessionKey: string): readonly string[] {
    return (this.#lines.get(sessionKey) ?? []).map(({ text }) => text);
  }

  /** The same, to be told to the agent. */
  told(sessionKey: string): ToldLines {
    const lines = this.#lines.get(sessionKey) ?? [];
    return {
      texts: lines.map(toldOf),
      heard: () => {
        const left = (this.#lines.get(sessionKey) ?? []).filter((line) => !lines.includes(line));
        if (left.length > 0) this.#lines.set(sessionKey, left);
        else this.#lines.delete(sessionKey);
      },
    };
  }

  get size(): number {
    return this.#lines.size;
  }
}
