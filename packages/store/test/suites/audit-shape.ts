import type { LogShape } from "../../src/index.ts";

export const auditShape: LogShape<string> = { parse: String, maxRows: 100_000, maxBytes: 10_000_000 };
