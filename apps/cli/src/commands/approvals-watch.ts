import { createInterface } from "node:readline";
import type { ApprovalDecision, PendingApproval } from "@saltgate/protocol";
import { CommandError, Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { type GatewaySession, openSession } from "../gateway-session.ts";
import { nodeNames } from "../node-desk.ts";
import { printable, printableJson, printableLines } from "../output/printable.ts";
import { noteOnAlways, questionText } from "../output/question.ts";

const ANSWERS: Readonly<Record<string, ApprovalDecision>> = {
  y: "allow-once",
  yes: "allow-once",
  a: "allow-always",
  always: "allow-always",
  n: "deny",
  no: "deny",
};

/**
 * Shows questions as they come, each once, and how each ended, whoever answered. On a terminal they are answered here;
 * with --json each line is one event, for programs. Ends with the input, or with Ctrl-C.
 */
export async function run(invocation: Invocation): Promise<Exit> {
  await using session = await openSession(invocation, undefined, { stays: true });
  const watch = new Watch(session, invocation.has("json"));
  session.on("exec.approval.requested", (approval) => watch.ask(approval));
  session.on("exec.approval.resolved", (ending) => watch.end(ending));
  const catchUp = async (): Promise<void> => {
    watch.names = await nodeNames(session);
    await watch.catchUp();
  };
  session.onReturn(() => {
    catchUp().catch((error: unknown) => watch.say(error instanceof Error ? error.message : String(error)));
  });
  watch.say("Watching for questions. Answer with y (once), a (from now on) or n. Ctrl-C ends this.");
  await catchUp();
  await watch.answers();
  return Exit.Ok;
}

/** How a question ended, as far as it is known. */
interface Ending {
  readonly id: string;
  readonly decision: string;
  readonly resolvedBy?: string | undefined;
  readonly reason?: string | undefined;
}

class Watch {
  readonly #session: GatewaySession;
  readonly #json: boolean;
  /** What nodes are called. */
  names: ReadonlyMap<string, string> = new Map();
  /** Questions that wait, the oldest first; the first one is the one that is being answered. */
  #waiting: PendingApproval[] = [];

  constructor(session: GatewaySession, json: boolean) {
    this.#session = session;
    this.#json = json;
  }

  say(text: string): void {
    if (!this.#json) process.stderr.write(`${printableLines(text)}\n`);
  }

  ask(approval: PendingApproval): void {
    if (this.#waiting.some(({ id }) => id === approval.id)) return;
    this.#waiting.push(approval);
    if (this.#json) this.#line({ event: "requested", ...approval });
    if (!this.#json && this.#waiting.length === 1) this.#show();
  }

  end(ending: Ending): void {
    const known = this.#waiting.find(({ id }) => id === ending.id);
    if (known === undefined) return;
    const wasFirst = this.#waiting[0]?.id === ending.id;
    this.#waiting = this.#waiting.filter(({ id }) => id !== ending.id);
    if (this.#json) return this.#line({ event: "resolved", ...ending });
    const by = ending.reason === "timeout" ? "nobody answered in time" : `by ${ending.resolvedBy ?? "somebody"}`;
    this.say(printable(`${ending.decision}: ${known.request.command} (${by})`));
    if (wasFirst) this.#show();
  }

  /** After a loss: asks what waits now, and how those ended that don't wait any more. */
  async catchUp(): Promise<void> {
    const before = this.#waiting.map(({ id }) => id);
    const waiting = await this.#session.request("exec.approval.list", {});
    const gone = before.filter((id) => !waiting.some((approval) => approval.id === id));
    for (const id of gone) this.end(await this.#endingOf(id));
    for (const approval of waiting) this.ask(approval);
  }

  async #endingOf(id: string): Promise<Ending> {
    try {
      const { decision } = await this.#session.request("exec.approval.waitDecision", { id });
      return { id, decision: decision ?? "deny", reason: decision == null ? "timeout" : "answered" };
    } catch {
      return { id, decision: "over" }; // the gateway doesn't remember it, or the way is cut again
    }
  }

  /** Takes answers until the input ends. */
  async answers(): Promise<void> {
    const lines = createInterface({ input: process.stdin });
    process.once("SIGINT", () => lines.close());
    process.once("SIGTERM", () => lines.close());
    for await (const line of lines) {
      const word = line.trim().toLowerCase();
      if (word === "") continue;
      const [first] = this.#waiting;
      const decision = Object.hasOwn(ANSWERS, word) ? ANSWERS[word] : undefined;
      if (first === undefined) this.say("No question waits.");
      else if (decision === undefined) this.say(`"${printable(word.slice(0, 20))}" is no answer: y, a or n.`);
      else await this.#answer(first, decision);
    }
  }

  async #answer(question: PendingApproval, decision: ApprovalDecision): Promise<void> {
    const { id } = question;
    try {
      await this.#session.request("exec.approval.resolve", { id, decision });
      const note = decision === "allow-always" ? noteOnAlways(question) : undefined;
      if (note !== undefined) this.say(note);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const { code, message } = error;
      if (this.#json) this.#line({ event: "refused", id, decision, code, message });
      else this.say(message);
    }
  }

  #show(): void {
    const [first, ...others] = this.#waiting;
    if (first === undefined) return;
    const more = others.length === 0 ? "" : `\n(${others.length} more)`;
    process.stdout.write(`\n${printableLines(questionText(first, Date.now(), this.names))}${more}\n[y/a/n] `);
  }

  #line(value: unknown): void {
    process.stdout.write(`${printableJson(value)}\n`);
  }
}
