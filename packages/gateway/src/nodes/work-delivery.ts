import { LIMITS } from "@saltgate/protocol";
import type { Logger } from "../logging/logger.ts";
import { type CommandRules, refuseCommand } from "./command-policy.ts";
import { groundOf, type NodeDirectory } from "./node-directory.ts";
import { sendInvocation } from "./node-invoker.ts";
import { isIdempotent } from "./node-session.ts";
import type { WorkDesk } from "./work-desk.ts";

/** What delivering needs. */
export interface WorkDeliveryOptions {
  readonly work: WorkDesk;
  readonly directory: NodeDirectory;
  readonly rules: () => CommandRules;
  readonly now: () => number;
  readonly logger: Logger;
}

/**
 * Gives a node that is here the work that waits for it. It is marked as given before it is sent, so that it is never
 * given twice, but to a node that promises to run nothing twice: that one also gets again what it never answered.
 */
export async function deliverWork(nodeId: string, options: WorkDeliveryOptions): Promise<void> {
  const { work, directory, rules, now, logger } = options;
  try {
    if (!(await work.hasWorkFor(nodeId))) return;
    const session = directory.current(nodeId);
    if (session === undefined) return;
    const again = isIdempotent(session);
    const outcome = await work.change({ type: "take", nodeId, max: LIMITS.maxPendingWorkPerNode, how: "push", again });
    if (outcome.type !== "taken") return;
    for (const { id, command, paramsJSON, idempotencyKey, expiresAtMs } of outcome.work) {
      const refusal = refuseCommand(command, groundOf(session), rules());
      if (refusal !== undefined) {
        const error = { code: "COMMAND_NOT_ALLOWED", message: `node command not allowed: ${refusal}` };
        await work.change({ type: "answer", id, nodeId, ok: false, error });
        continue;
      }
      sendInvocation(session, id, {
        command,
        params: paramsJSON === null ? undefined : (JSON.parse(paramsJSON) as unknown),
        timeoutMs: Math.max(LIMITS.nodeInvokeTimeoutMs, expiresAtMs - now()),
        idempotencyKey,
      });
    }
  } catch (error) {
    logger.error({ nodeId, err: error }, "work that waits for a node could not be given to it; it stays");
  }
}
