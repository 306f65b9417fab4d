import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { answer } from "../output/answer.ts";
import { channelsText } from "../output/channel-table.ts";

/** How long a platform may take to answer, in milliseconds. */
const PROBE_MS = 10_000;

/** How the channels of the gateway are; with `--probe` each platform is asked. */
export async function run(invocation: Invocation): Promise<Exit> {
  const [channel] = invocation.positionals;
  const probe = invocation.has("probe");
  await using session = await openSession(invocation);
  const status = await session.request(
    "channels.status",
    { ...(channel !== undefined && { channel }), ...(probe && { probe, timeoutMs: PROBE_MS }) },
    { timeoutMs: session.target.timeoutMs + (probe ? PROBE_MS : 0) },
  );
  answer(invocation, status, () => channelsText(status, Date.now()));
  return Exit.Ok;
}
