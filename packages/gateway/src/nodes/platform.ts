/** A kind of machine, as far as it decides what a node may be asked for. */
export type Platform = "ios" | "android" | "macos" | "linux" | "windows" | "unknown";

const PLATFORM_PREFIXES: readonly (readonly [prefix: string, platform: Platform])[] = [
  ["ios", "ios"],
  ["android", "android"],
  ["mac", "macos"],
  ["darwin", "macos"],
  ["win", "windows"],
  ["linux", "linux"],
];
const FAMILIES: readonly (readonly [word: string, platform: Platform])[] = [
  ["iphone", "ios"],
  ["ipad", "ios"],
  ["ios", "ios"],
  ["android", "android"],
  ["mac", "macos"],
  ["windows", "windows"],
  ["linux", "linux"],
];

/**
 * The platform that a node names: by the beginning of its platform, else by what its device family contains, in
 * lower-case ASCII after NFKC. A name with any other letter, however alike it looks, is unknown (rule R-31).
 */
export function platformOf(platform: string | undefined, deviceFamily: string | undefined): Platform {
  const name = asciiOf(platform);
  const byName = PLATFORM_PREFIXES.find(([prefix]) => name?.startsWith(prefix))?.[1];
  if (byName !== undefined) return byName;
  const family = asciiOf(deviceFamily);
  return FAMILIES.find(([word]) => family?.includes(word))?.[1] ?? "unknown";
}

function asciiOf(text: string | undefined): string | undefined {
  const normal = text?.normalize("NFKC").trim().toLowerCase();
  return normal !== undefined && /^[\x20-\x7e]+$/.test(normal) ? normal : undefined;
}
