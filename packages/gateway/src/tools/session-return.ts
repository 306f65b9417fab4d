import { type AgentRuntime, type ReplyRoute, type RunReply, type TurnRequest, untrusted } from "@saltgate/agent";
import type { SqlTransaction } from "@saltgate/store";

/** Stands where the name of a channel does: such an answer goes to a session. */
const channel = "session";

/**
 * Where the answer of an agent that an agent started goes: to the session that started it.
 * @param asker where the answer of the run that started it goes. Several people may share a session: what one of them asked
 * for never goes to another, who merely wrote later.
 */
export function returnRoute(sessionKey: string, cleanup: "delete" | "keep", asker: ReplyRoute | undefined): ReplyRoute {
  const onward = asker === undefined || isReturn(asker) ? {} : { onward: asker };
  return { channel, accountId: cleanup, to: sessionKey, isDirect: true, ...onward };
}

/** Whether an answer goes to a session. */
export function isReturn({ channel: name }: Pick<ReplyRoute, "channel">): boolean {
  return name === channel;
}

/** Whether a session is to be put away once its answer was handed over. */
export function isToBeDeleted(route: ReplyRoute): boolean {
  return isReturn(route) && route.accountId === "delete";
}

/**
 * Hands the answer of an agent to the session that started it, as a turn of that session, in the transaction that ends the
 * run: it is told once, whatever happens to the process. What it says is marked as coming from outside.
 * @throws when it isn't taken, e.g. because the gateway is ending: the run has not ended then, and is taken up again
 */
export function returnAnswer(
  sql: SqlTransaction,
  reply: RunReply,
  runtime: Pick<AgentRuntime, "accept" | "sessions">,
): void {
  const { ending, principal, route, runId, sessionKey, text } = reply;
  const parent = runtime.sessions.get(sql, route.to);
  if (parent === undefined) return;
  // Whoever stopped it knows: an agent that was told to stop isn't set going again by it.
  if (ending === "aborted" && text === "") return;
  const label = runtime.sessions.get(sql, sessionKey)?.label;
  const name = label === undefined ? "The agent that you started" : `The agent that you started as "${label}"`;
  const how = ending === "final" ? "is done" : "was ended before it was done";
  const said = text.trim() === "" ? "It said nothing." : untrusted(`agent ${sessionKey}`, text);
  const turn: TurnRequest = {
    runId: `return-${runId}`,
    sessionKey: route.to,
    agentId: parent.agentId,
    content: [
      {
        type: "text",
        text: `${name} ${how} (session ${sessionKey}).\n\n${said}\n\nTell the person what matters of it.`,
      },
    ],
    plainText: `${name} ${how}.`,
    // No command may come this way, and nothing but what the one who asked may do.
    principal: { ...principal, channel: "system" },
    ...(route.onward !== undefined && { reply: route.onward }),
    options: { queueMode: "followup" },
  };
  const acceptance = runtime.accept(sql, turn, { commandAuthorized: false });
  if (acceptance.status === "refused") throw new Error(acceptance.reason);
}
