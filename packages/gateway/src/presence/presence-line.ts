/** What a line of presence text says: `Node: <host> (<ip>) · app <version> · last input <n>s ago · mode <mode> · reason <reason>`. */
export interface PresenceLine {
  readonly host?: string;
  readonly ip?: string;
  readonly version?: string;
  readonly lastInputSeconds?: number;
  readonly mode?: string;
  readonly reason?: string;
}

const MAX_PART_CHARS = 256;

/** Reads a presence line; `undefined` when the text is none. Parts in any order, unknown parts passed over. */
export function parsePresenceLine(text: string): PresenceLine | undefined {
  const head = /^\s*node:/i.exec(text);
  if (head === null) return undefined;
  const [first = "", ...rest] = text
    .slice(head[0].length)
    .split("·")
    .map((part) => part.trim().slice(0, MAX_PART_CHARS));
  const named = /^(.*?)\s*(?:\(([^()]*)\))?$/.exec(first);
  const line: { -readonly [K in keyof PresenceLine]: PresenceLine[K] } = {};
  if (named?.[1]) line.host = named[1];
  if (named?.[2]) line.ip = named[2];
  for (const part of rest) {
    const [, key, value] = /^(app|mode|reason)\s+(\S.*)$/i.exec(part) ?? [];
    const idle = /^last input\s+(\d{1,9})s ago$/i.exec(part)?.[1];
    if (idle !== undefined) line.lastInputSeconds = Number(idle);
    else if (value !== undefined && key?.toLowerCase() === "app") line.version = value;
    else if (value !== undefined && key?.toLowerCase() === "mode") line.mode = value;
    else if (value !== undefined && key?.toLowerCase() === "reason") line.reason = value;
  }
  return line;
}
