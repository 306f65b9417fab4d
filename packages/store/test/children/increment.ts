// Adds 1 to a document, many times: node increment.ts <directory> <times>
import { FileStore, updateDocument } from "../../src/index.ts";
import { counterShape } from "../suites/counter-shape.ts";

const [directory = "", times = ""] = process.argv.slice(2);
const document = new FileStore({ directory }).document("counter", counterShape);
for (let done = 0; done < Number(times); done++) {
  await updateDocument(document, ({ count }) => ({ next: { count: count + 1 }, result: undefined }));
}
