import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { answer } from "../output/answer.ts";

/** Prints the line that lets one new node in. It is a secret for ten minutes: it goes to standard output alone. */
export async function run(invocation: Invocation): Promise<Exit> {
  await using session = await openSession(invocation);
  const publicUrl = invocation.value("public-url");
  const code = await session.request("device.pair.setupCode", {
    bootstrapProfile: "node",
    ...(publicUrl !== undefined && { publicUrl }),
  });
  const line = `saltgate node join ${code.setupCode}`;
  answer(invocation, { ...code, line }, () =>
    [
      "Paste this on the new node within ten minutes. It lets one node in, once:",
      "",
      line,
      "",
      "Where only the small saltgate-node is installed: saltgate-node join, and all of this line behind it.",
      `It leads to ${code.gatewayUrl}${code.tlsFingerprint === undefined ? "" : ", and to the certificate of this gateway alone"}.`,
      code.urlSource === "this machine only" &&
        "This gateway listens on this machine only, so that line works here only. Let others reach it (gateway.bind in its configuration), or name the way in: --public-url wss://...",
    ]
      .filter((text) => typeof text === "string")
      .join("\n"),
  );
  return Exit.Ok;
}
