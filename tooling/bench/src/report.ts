import { arch, cpus, loadavg, release, totalmem } from "node:os";
import type { Measurement } from "./bench.ts";
import { REMARKS } from "./remarks.ts";

const HEAD = ["what", "budget", "floor", "gateway", "ratio", "met"] as const;

function cells({ what, budget, floor, gateway, ratio, met }: Measurement): string[] {
  return [what, budget, floor, gateway, ratio === undefined ? "" : ratio.toFixed(2), met ? "yes" : "no"];
}

/** The measurements for a terminal. */
export function asTable(measurements: readonly Measurement[]): string {
  const rows = [[...HEAD], ...measurements.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")).join("\n");
}

type Row = readonly string[];

/** The rows of an earlier page. */
function rowsOf(page: string): Row[] {
  return page
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| what ") && !line.startsWith("| ---"))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    )
    .filter((cells) => cells.length === HEAD.length + 1);
}

/**
 * The measurements as docs/performance.md.
 * @param before an earlier page, whose rows stay where they weren't measured again
 */
export function asPage(measurements: readonly Measurement[], before: string): string {
  const [cpu] = cpus();
  const today = new Date().toISOString().slice(0, 10);
  const rows = new Map(rowsOf(before).map((row) => [row[0] ?? "", row]));
  for (const measured of measurements) rows.set(measured.what, [...cells(measured), today]);
  const head = [...HEAD, "measured"];
  const table = [head, head.map(() => "---"), ...rows.values()].map((row) => `| ${row.join(" | ")} |`);
  const missed = [...rows.values()].filter((row) => row[HEAD.indexOf("met")] === "no");
  const remarks = missed.map(([what = ""]) => `- **${what}**: ${REMARKS[what] ?? "not explained yet."}`);
  return `# Performance

What the gateway needs, beside what bare Node with bare \`ws\` needs for the same work: the **floor**, a server in
\`tooling/bench/src/floor\` that reads the same requests and sends answers and events of the same size, and does nothing
else (no checks, no signatures, no scopes, no state). Both run in turn, several times, as fresh processes on the same
machine, loaded by the same clients in a process of their own; the figures are medians. What counts is the ratio: the
figures themselves are this machine's.

- Command: \`pnpm build && pnpm bench --write\`
- Date: each row has its own; \`pnpm bench --write turns\` measures some of them again
- Machine: ${cpus().length} × ${cpu?.model ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()} ${arch()}
- Load of the machine when the last of these rows were written, over its last 1, 5 and 15 minutes: ${loadavg()
    .map((load) => load.toFixed(1))
    .join(", ")} (this run alone makes about 1.5)
- Node ${process.version}; the gateway is the bundled command, its compile cache warm

${table.join("\n")}

## Budgets that are missed

${remarks.length > 0 ? remarks.join("\n") : "None in this run."}

## How to read it

- *spawn to first hello-ok* starts when the process is spawned and ends when a client that was told the port has its
  hello-ok.
- *idle resident memory* is read two seconds after that client has left.
- *small event* is a \`health\` event: each reader gets its own gap-free number and is asked for its scope; the floor
  serialises the whole frame once and sends the same bytes to everybody.
- *presence* counts, for every device and every change, the time until a list that holds the change has arrived. Changes
  that come within 50 ms of each other share one list; each list is the whole one.
- *known device's handshake* is TCP, upgrade, challenge, a signed connect with the device's own token, hello-ok. The
  floor checks no signature and knows no token; the client signs for both.
- *node.invoke* goes from an operator over the gateway to a node and back, JSON read and written on each hop; the floor is a
  relay that finds both by id, checks nothing, remembers nothing and logs nothing. Here, and with the nodes, server and clients are
  kept on cores of their own. Left to the scheduler they now and then share one, both sides are twice as fast one after
  another, and the ratio there was 0.55.
- *connected nodes* were introduced to an earlier process on the same state, as nodes are once in their lives; the memory is that
  of the one that they come back to. *node.list* gives the whole list each time.
- *node app* is installed from its tarball into an empty folder, and starts as a node that is known already; its floor is a bare
  \`ws\` client that says connect.
- *a turn* is a message of an operator, answered by an emulated model that streams 30 pieces as fast as it can; its floor is the
  same request made to the same model directly, in turn with it, over a connection that is kept. What is added is what the gateway
  does in between, two flushes of the disk among it: the message before it is acknowledged, and its end.
- *streams at once* come from a model that sends a piece every 100 ms into each; every piece says when it was sent. The floor reads them
  from the model directly. The gateway tells what is new of an answer at most every 150 ms, so that a piece may wait so long.
- *messages kept* and *chat.send acknowledged*: the floor is one row for each commit in a bare SQLite file of the same settings (WAL,
  every commit flushed) on the same disk. What comes at once shares a flush. Each \`chat.send\` here begins a session of its own, and its
  model never answers: the runs of the others wait.
- *heap* and *resident memory* are read after the heap was collected; the messages are answered by the built-in backend, in 2,000
  sessions. \`--long\` goes to 100,000 messages.
- *the troubles* compare the p99 of one well-behaved client's requests before and during the trouble; *hello* is the
  worst of twenty newcomers meanwhile.
`;
}
