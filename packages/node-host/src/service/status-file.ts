import { readFile } from "node:fs/promises";
import type { ClientState } from "@saltgate/client";
import { writeFileAtomically } from "@saltgate/store";
import type { InvocationCounts } from "../invoker.ts";
import { approveCommand, plain } from "./connection-words.ts";

/** What a running node leaves in its status file, for `status`. No secrets. */
export interface NodeStatus {
  readonly version: 1;
  readonly pid: number;
  readonly nodeId: string;
  readonly startedAtMs: number;
  readonly updatedAtMs: number;
  readonly gatewayUrl: string;
  readonly connection: ClientState["status"];
  /** When it came into this state. */
  readonly sinceMs: number;
  readonly requestId?: string;
  /** What the owner has to run. */
  readonly approve?: string;
  readonly error?: { readonly code: string; readonly message: string };
  readonly protocol?: number;
  readonly invocations: InvocationCounts;
}

/** What a state says, for the status file. */
export function statusOfState(
  state: ClientState,
): Pick<NodeStatus, "connection" | "requestId" | "approve" | "error" | "protocol"> {
  const { status } = state;
  const requestId = "requestId" in state ? state.requestId : undefined;
  const approve = approveCommand(requestId);
  const error = "error" in state ? state.error : undefined;
  return {
    connection: status,
    ...(approve !== undefined && requestId !== undefined && { requestId, approve }),
    ...(error !== undefined && {
      error: {
        code: plain(("detailCode" in error ? error.detailCode : undefined) ?? error.code),
        message: plain(error.message),
      },
    }),
    ...(status === "connected" && { protocol: state.hello.protocol }),
  };
}

/** Writes the status file, one after another; what changes while it is written is written next. */
export class StatusFile {
  readonly #file: string;
  readonly #onFailure: (error: unknown) => void;
  #next: NodeStatus | undefined;
  #writer: Promise<void> | undefined;

  constructor(file: string, onFailure: (error: unknown) => void) {
    this.#file = file;
    this.#onFailure = onFailure;
  }

  write(status: NodeStatus): void {
    this.#next = status;
    this.#writer ??= this.#drain();
  }

  async flush(): Promise<void> {
    await this.#writer;
  }

  async #drain(): Promise<void> {
    while (this.#next !== undefined) {
      const status = this.#next;
      this.#next = undefined;
      await writeFileAtomically(this.#file, `${JSON.stringify(status, null, 2)}\n`).catch(this.#onFailure);
    }
    this.#writer = undefined;
  }
}

/** What the node that runs, or ran last, left there; `undefined` when that can't be read. */
export async function readStatus(file: string): Promise<NodeStatus | undefined> {
  try {
    const row = JSON.parse(await readFile(file, "utf8")) as NodeStatus;
    return row.version === 1 && typeof row.gatewayUrl === "string" && typeof row.connection === "string"
      ? row
      : undefined;
  } catch {
    return undefined; // none yet, or of a version that we don't know: it is only a message
  }
}
