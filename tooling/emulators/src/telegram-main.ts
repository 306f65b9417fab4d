import { createInterface } from "node:readline";
import { carryOutOrder, startTelegram } from "./telegram/control.ts";

// Telegram as a process of its own: prints {"url"}, then answers each order on standard input with one line, in their
// order of completion. The same orders are taken by POST on /control. It ends with its input.
const emulator = await startTelegram({ port: Number(process.argv[2] ?? 0) });
console.log(JSON.stringify({ url: emulator.url }));
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  if (line.trim() !== "") void carryOutOrder(emulator, line).then((answer) => console.log(JSON.stringify(answer)));
});
lines.on("close", () => void emulator[Symbol.asyncDispose]().then(() => process.exit(0)));
