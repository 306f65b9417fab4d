import type { DocumentShape } from "../../src/index.ts";

export interface Counter {
  readonly count: number;
  readonly note?: string;
}

export const counterShape: DocumentShape<Counter> = {
  parse(json) {
    if (typeof json === "object" && json !== null && "count" in json && typeof json.count === "number") {
      return json as Counter;
    }
    throw new Error("expected { count: number }");
  },
  empty: () => ({ count: 0 }),
  maxBytes: 1_000,
};
