// Writes docs/configuration.md. Run: node --conditions=@saltgate/source packages/config/scripts/write-reference.ts
import { writeFile } from "node:fs/promises";
import { configReference } from "../src/index.ts";

await writeFile(new URL("../../../docs/configuration.md", import.meta.url), configReference());
