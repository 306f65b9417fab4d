/** One measured row: what the floor needs, what the gateway needs, and whether the budget is kept. */
export interface Measurement {
  readonly what: string;
  readonly budget: string;
  readonly floor: string;
  readonly gateway: string;
  /** Gateway by floor, where both are numbers of one kind. */
  readonly ratio: number | undefined;
  readonly met: boolean;
}

/** One benchmark: it may measure several rows. */
export interface Bench {
  readonly name: string;
  /** @param long whether it may take minutes where a short run says less */
  readonly run: (long: boolean) => Promise<readonly Measurement[]>;
}

/** How a number of a kind is written. */
export const format = {
  ms: (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`,
  us: (value: number): string => `${value.toFixed(0)} µs`,
  perSecond: (value: number): string => `${Math.round(value).toLocaleString("en")}/s`,
  megabytes: (value: number): string => `${(value / 1e6).toFixed(1)} MB`,
  kilobytes: (value: number): string => `${(value / 1e3).toFixed(1)} kB`,
} as const;

/** A row whose budget is a ratio to the floor. */
export function againstFloor(row: {
  readonly what: string;
  readonly floor: number;
  readonly gateway: number;
  readonly kind: keyof typeof format;
  /** The gateway may need at most so many times what the floor needs, or reach at least this share of it. */
  readonly limit: { readonly atMost: number } | { readonly atLeast: number };
}): Measurement {
  const ratio = row.gateway / row.floor;
  const budget = "atMost" in row.limit ? `at most ${row.limit.atMost} ×` : `at least ${row.limit.atLeast} ×`;
  const met = "atMost" in row.limit ? ratio <= row.limit.atMost : ratio >= row.limit.atLeast;
  return {
    what: row.what,
    budget,
    floor: format[row.kind](row.floor),
    gateway: format[row.kind](row.gateway),
    ratio,
    met,
  };
}
