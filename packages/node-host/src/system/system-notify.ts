import { execFile } from "node:child_process";
import { findProgram, type HostView } from "@saltgate/exec-policy";
import { systemNotifyParamsSchema } from "@saltgate/protocol";
import { defineCommand, type NodeCommand } from "../node-command.ts";
import { NodeCommandError } from "../node-command-error.ts";

/** What to show. */
export interface Notification {
  readonly title?: string | undefined;
  readonly body?: string | undefined;
  readonly priority?: "passive" | "active" | "timeSensitive" | undefined;
  readonly sound?: string | undefined;
}

/** Runs a program to its end; rejects when it fails. */
export type RunProgram = (file: string, args: readonly string[], env: HostView["env"]) => Promise<void>;

const URGENCY = { passive: "low", active: "normal", timeSensitive: "critical" } as const;
/** How long a notifier may take, in milliseconds. */
const NOTIFY_MS = 10_000;

const runProgram: RunProgram = (file, args, env) =>
  new Promise((resolve, reject) => {
    execFile(file, [...args], { timeout: NOTIFY_MS, env: { ...env }, windowsHide: true }, (error) =>
      error === null ? resolve() : reject(error),
    );
  });

/** The words that show a notification with a desktop's own program. No shell reads them. Pure. */
function notifierWords(notifier: "notify-send" | "osascript", wanted: Notification): string[] {
  const title = wanted.title ?? "Saltgate";
  const body = wanted.body ?? "";
  if (notifier === "osascript") {
    // The texts are arguments of the script, not part of it.
    const script = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run";
    return ["-e", script, title, body];
  }
  // The body is markup to some desktops: what looks like some must not be it.
  const plain = body.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return [`--urgency=${URGENCY[wanted.priority ?? "active"]}`, "--app-name=Saltgate", "--", title, plain];
}

/** `system.notify`: shows a notification on the node's desktop. */
export function systemNotify(view: HostView, run: RunProgram = runProgram): NodeCommand<Notification> {
  return defineCommand<Notification>({
    name: "system.notify",
    cap: "system",
    describe: "Shows a notification.",
    effect: "declared",
    concurrency: 1,
    params: systemNotifyParamsSchema,
    async run(wanted, context) {
      if ((wanted.title ?? "") === "" && (wanted.body ?? "") === "")
        throw new NodeCommandError("INVALID_REQUEST", "system.notify: title or body is required");
      const notifier = view.platform === "darwin" ? "osascript" : "notify-send";
      const file = await findProgram(notifier, view);
      if (file === undefined)
        throw new NodeCommandError(
          "UNAVAILABLE",
          notifier === "osascript"
            ? "NOTIFY_UNAVAILABLE: osascript is not on this node's PATH"
            : "NOTIFY_UNAVAILABLE: notify-send is not installed on this node (Debian, Raspberry Pi OS: sudo apt install libnotify-bin)",
        );
      await context.begin();
      try {
        await run(file.path, notifierWords(notifier, wanted), view.env);
      } catch (cause) {
        throw new NodeCommandError(
          "UNAVAILABLE",
          `NOTIFY_FAILED: ${notifier} could not show it; is somebody logged in to this node's desktop?`,
          { cause },
        );
      }
      return { ok: true };
    },
  });
}
