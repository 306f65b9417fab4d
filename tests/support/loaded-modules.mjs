// Preloaded into a process whose appetite is under test: writes the address of every module that it loads, one on each
// line, into the file that SALTGATE_LOADED_MODULES names.
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";

const file = process.env.SALTGATE_LOADED_MODULES;
if (file !== undefined) {
  registerHooks({
    load(url, context, nextLoad) {
      if (!url.startsWith("node:")) appendFileSync(file, `${url}\n`);
      return nextLoad(url, context);
    },
  });
}
