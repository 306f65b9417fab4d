const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** A number of bytes as people say it: `512 MB`, `7.6 GB`. */
export function amount(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** A part with its share of the whole: `1.2 GB (30 %)`; nothing when either isn't known. */
export function share(part: number | undefined, whole: number | undefined): string {
  if (part === undefined || whole === undefined || whole === 0) return "";
  return `${amount(part)} (${Math.round((100 * part) / whole)} %)`;
}
