// Adds 1 to a document for ever and says which values were acknowledged: node write-until-killed.ts <directory>
import { writeSync } from "node:fs";
import { FileStore, updateDocument } from "../../src/index.ts";
import { counterShape } from "../suites/counter-shape.ts";

const [directory = ""] = process.argv.slice(2);
const document = new FileStore({ directory }).document("counter", counterShape);
for (;;) {
  const count = await updateDocument(document, (value) => {
    const next = { count: value.count + 1, note: "x".repeat(500) };
    return { next, result: next.count };
  });
  writeSync(1, `${count}\n`);
}
