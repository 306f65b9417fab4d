// The models emulator as a process of its own: prints one line of JSON with its address, and takes orders as lines of
// JSON on stdin. It ends when stdin does.
import { createInterface } from "node:readline";
import type { ModelRule } from "./models/model-script.ts";
import { ModelsEmulator } from "./models/models-emulator.ts";

/** What may be ordered. `count` is answered with one line of JSON. */
type Order =
  | { readonly do: "script"; readonly rules: readonly ModelRule[] }
  | { readonly do: "clear" }
  | { readonly do: "release"; readonly events: number }
  | { readonly do: "count" };

const emulator = await ModelsEmulator.start();
process.stdout.write(`${JSON.stringify({ url: emulator.url })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === "") continue;
  const order = JSON.parse(line) as Order;
  switch (order.do) {
    case "script":
      emulator.script(...order.rules);
      break;
    case "clear":
      emulator.clear();
      break;
    case "release":
      emulator.release(order.events);
      break;
    case "count":
      process.stdout.write(`${JSON.stringify({ received: emulator.count })}\n`);
      break;
    default:
      order satisfies never;
  }
}
await emulator[Symbol.asyncDispose]();
