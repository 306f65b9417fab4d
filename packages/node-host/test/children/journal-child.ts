// Begins invocations in the journal named on the command line until it is killed, and says which have begun.
import { openFileJournal } from "../../src/index.ts";

const journal = await openFileJournal(process.argv[2] ?? "");
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const digest = "d".repeat(64);
for (let round = 0; ; round += 1) {
  const key = `${process.pid}-${round}`;
  await journal.begin({ key, digest, command: "test.run" });
  say(`begun ${key}`);
  if (round % 2 === 1) {
    await journal.end(key, { ok: true, payloadJSON: JSON.stringify({ round }) });
    say(`ended ${key}`);
  }
}
