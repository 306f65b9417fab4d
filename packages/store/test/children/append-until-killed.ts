// Appends for ever and says which places were acknowledged: node append-until-killed.ts <file>
import { writeSync } from "node:fs";
import { SqliteStore } from "../../src/index.ts";
import { auditShape } from "../suites/audit-shape.ts";

const [file = ""] = process.argv.slice(2);
const log = new SqliteStore({ file }).log("audit", auditShape);
for (;;) writeSync(1, `${await log.append("entry")}\n`);
