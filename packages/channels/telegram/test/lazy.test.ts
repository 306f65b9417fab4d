import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

// In a process of its own: here, other tests have loaded the library already.
const program = `
  import module from "node:module";
  const { adapter } = await import(process.argv[1]);
  const isLoaded = () => Object.keys(module._cache).some((file) => file.includes("telegraf"));
  const [account] = adapter.accounts({ botToken: "1:" + "a".repeat(30) }, {});
  adapter.parseTarget("tg:1");
  adapter.render("**x**");
  const before = isLoaded();
  await adapter.open({ account, clock: { now: Date.now } });
  console.log(JSON.stringify([before, isLoaded()]));
`;

test("[telegram:lazy] adapter: the library is loaded by opening an account, and by nothing else", async () => {
  const entry = join(import.meta.dirname, "../src/index.ts");
  const args = ["--conditions=@saltgate/source", "--input-type=module", "-e", program, entry];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(JSON.parse(stdout)).toEqual([false, true]);
});
