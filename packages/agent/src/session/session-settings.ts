/** How a session is set up, where it differs from its agent. What is absent isn't set. */
export interface SessionSettings {
  readonly thinkingLevel?: string;
  readonly verboseLevel?: string;
  readonly reasoningLevel?: string;
  readonly responseUsage?: string;
  readonly elevatedLevel?: string;
  readonly fastMode?: string;
  readonly traceLevel?: string;
  readonly execHost?: string;
  readonly execSecurity?: string;
  readonly execAsk?: string;
  readonly execNode?: string;
  /** As `provider/model`. */
  readonly model?: string;
  readonly sendPolicy?: "allow" | "deny";
  readonly groupActivation?: "mention" | "always";
  readonly queueMode?: string;
  /** In milliseconds. */
  readonly queueDebounceMs?: number;
  readonly queueCap?: number;
  readonly queueDrop?: string;
  readonly icon?: string;
  readonly color?: string;
  readonly category?: string;
}

/** Levels of thinking, from none to most. */
export const thinkingLevels = ["off", "minimal", "low", "medium", "high", "xhigh"] as const;
/** A level of thinking. */
export type ThinkingLevel = (typeof thinkingLevels)[number];

const levelNames: Readonly<Record<string, ThinkingLevel>> = {
  on: "low",
  think: "minimal",
  hard: "low",
  "think-hard": "low",
  harder: "medium",
  "think-harder": "medium",
  ultrathink: "high",
  ultra: "high",
  max: "high",
  highest: "high",
  mid: "medium",
  none: "off",
};

/** The level that a word means; `undefined` when it means none. */
export function thinkingLevelOf(word: string): ThinkingLevel | undefined {
  const text = word.trim().toLowerCase();
  return (
    thinkingLevels.find((level) => level === text) ?? (Object.hasOwn(levelNames, text) ? levelNames[text] : undefined)
  );
}

/** A change of settings: `null` takes a setting back. */
export type SettingsChange = {
  readonly [Name in keyof SessionSettings]?:
    | Exclude<SessionSettings[Name], undefined>
    | string
    | number
    | boolean
    | null
    | undefined;
};

const choices: Readonly<Partial<Record<keyof SessionSettings, readonly string[]>>> = {
  verboseLevel: ["on", "off", "full"],
  reasoningLevel: ["on", "off", "stream"],
  responseUsage: ["on", "off", "tokens", "full"],
  elevatedLevel: ["on", "off", "ask", "full"],
  execHost: ["auto", "sandbox", "gateway", "node"],
  execSecurity: ["deny", "allowlist", "full"],
  execAsk: ["off", "on-miss", "always"],
  sendPolicy: ["allow", "deny"],
  groupActivation: ["mention", "always"],
  queueMode: ["steer", "followup", "collect", "interrupt"],
  queueDrop: ["old", "new", "summarize"],
};
const numbers: Readonly<Partial<Record<keyof SessionSettings, readonly [number, number]>>> = {
  queueDebounceMs: [0, 600_000],
  queueCap: [1, 200],
};
const texts: ReadonlySet<string> = new Set([
  "execNode",
  "model",
  "icon",
  "color",
  "category",
  "fastMode",
  "traceLevel",
]);
/** Levels whose `off` is the same as nothing set. That of thinking isn't: what is usual may be more. */
const offIsUnset: ReadonlySet<string> = new Set(["verboseLevel", "reasoningLevel", "responseUsage"]);

/** The settings after a change, or what is wrong with it. */
export function changeSettings(
  settings: SessionSettings,
  change: SettingsChange,
): { readonly ok: true; readonly settings: SessionSettings } | { readonly ok: false; readonly reason: string } {
  const next: Record<string, unknown> = { ...settings };
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) continue;
    const checked = value === null ? { ok: true as const, value: undefined } : checkSetting(name, value);
    if (!checked.ok) return checked;
    if (checked.value === undefined || (checked.value === "off" && offIsUnset.has(name))) delete next[name];
    else next[name] = checked.value;
  }
  return { ok: true, settings: next as SessionSettings };
}

type Checked = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

function checkSetting(name: string, value: unknown): Checked {
  const range = Object.hasOwn(numbers, name) ? numbers[name as keyof SessionSettings] : undefined;
  if (range !== undefined) {
    const [min, max] = range;
    return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
      ? { ok: true, value }
      : { ok: false, reason: `${name} must be a whole number from ${min} to ${max}` };
  }
  const text = String(value).trim();
  if (text === "") return { ok: false, reason: `${name} must not be empty; null takes it back` };
  if (name === "thinkingLevel") {
    const level = thinkingLevelOf(text);
    return level === undefined
      ? { ok: false, reason: `thinkingLevel must be one of ${thinkingLevels.join(", ")}` }
      : { ok: true, value: level };
  }
  const words = Object.hasOwn(choices, name) ? choices[name as keyof SessionSettings] : undefined;
  if (words !== undefined) {
    const word = text.toLowerCase();
    return words.includes(word)
      ? { ok: true, value: word }
      : { ok: false, reason: `${name} must be one of ${words.join(", ")}` };
  }
  if (!texts.has(name)) return { ok: false, reason: `there is no setting ${JSON.stringify(name.slice(0, 64))}` };
  if (text.length > 256) return { ok: false, reason: `${name} must have at most 256 characters` };
  return { ok: true, value: text };
}
