import type { ReloadEffect } from "./annotate.ts";
import { generalPath, keyOf, keyTable } from "./key-table.ts";
import { differingPaths } from "./raw-shape.ts";

export interface ReloadPlan {
  /** What differs and what each difference does, by path. Lists count as a whole. */
  readonly changed: readonly { readonly path: string; readonly effect: ReloadEffect | "none" }[];
  /** The strongest of the effects. */
  readonly action: ReloadEffect | "none";
  /** Ids of the channels to restart when `action` is `channel`, e.g. `telegram`; `*` means all. */
  readonly channels: readonly string[];
}

const strength = { none: 0, live: 1, channel: 2, gateway: 3 } as const;

/** What has to happen so that `next` takes effect where `previous` does now. Pure. */
export function planReload(previous: unknown, next: unknown): ReloadPlan {
  const changed = differingPaths(previous, next)
    .sort()
    .map((path) => ({ path, effect: effectOf(path) }));
  let action: ReloadPlan["action"] = "none";
  const channels = new Set<string>();
  for (const { path, effect } of changed) {
    if (strength[effect] > strength[action]) action = effect;
    if (effect === "channel") channels.add(channelOf(path));
  }
  return { changed, action, channels: [...channels] };
}

function effectOf(path: string): ReloadEffect | "none" {
  const key = keyOf(path);
  if (key === undefined) return strongestBelow(generalPath(path));
  return key.silent ? "none" : key.reload;
}

/** A whole section or list: what the strongest of its keys does. Something unheard of: rather once too often. */
function strongestBelow(section: string): ReloadEffect {
  const effects = [...keyTable().keys.values()]
    .filter(({ path }) => path.startsWith(`${section}.`) || path.startsWith(`${section}[`))
    .map(({ reload }) => reload);
  return effects.length === 0 ? "gateway" : effects.reduce((a, b) => (strength[b] > strength[a] ? b : a));
}

function channelOf(path: string): string {
  const [top, id] = path.split(".");
  if (top === "web") return "whatsapp";
  return top === "channels" && id !== undefined && id !== "defaults" ? id : "*";
}
