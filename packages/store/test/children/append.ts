// Appends so many entries: node append.ts <file> <times>
import { SqliteStore } from "../../src/index.ts";
import { auditShape } from "../suites/audit-shape.ts";

const [file = "", times = ""] = process.argv.slice(2);
const store = new SqliteStore({ file });
const log = store.log("audit", auditShape);
for (let done = 0; done < Number(times); done++) await log.append("entry");
await store.close();
