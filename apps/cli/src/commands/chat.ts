import { createInterface } from "node:readline";
import type { ChatView } from "../chat/chat-view.ts";
import { Conversation } from "../chat/conversation.ts";
import { linesView } from "../chat/lines-view.ts";
import { TerminalView } from "../chat/terminal-view.ts";
import { CommandError, Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { type GatewaySession, openSession } from "../gateway-session.ts";
import { givenOptions } from "../given-options.ts";

/** Old messages that are shown at the start. */
const SHOWN_MESSAGES = 6;

/** A talk with an agent: on a terminal as it comes; elsewhere lines in, answers out. */
export async function run(invocation: Invocation): Promise<Exit> {
  const asked = givenOptions(invocation, { session: "sessionKey", agent: "agentId" });
  await using session = await openSession(invocation, undefined, { stays: true });
  const talk = { session, name: { sessionKey: "main", ...asked } };
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true && !invocation.has("json");
  return await (isTerminal ? onTerminal(talk) : overLines(talk, linesView(invocation.has("json"))));
}

interface Talk {
  readonly session: GatewaySession;
  readonly name: { readonly sessionKey: string; readonly agentId?: string };
}

const newId = (): string => crypto.randomUUID();

/** Says when the connection is lost, once, and when it is there again. */
function watchConnection(session: GatewaySession, view: ChatView, ended: (error: CommandError) => void): void {
  let isLost = false;
  session.onLoss((loss) => {
    if (loss.ended) return ended(loss.error);
    if (!isLost) view.note(`The connection is gone: ${loss.error.message}. Trying again.`);
    isLost = true;
  });
  session.onReturn(() => {
    if (isLost) view.note("The connection is back.");
    isLost = false;
  });
}

async function onTerminal({ name, session }: Talk): Promise<Exit> {
  const over = Promise.withResolvers<void>();
  let isStopping = false;
  const view: TerminalView = new TerminalView(
    process.stdin,
    process.stdout,
    {
      line: (text) => take(text),
      interrupt: () => {
        if (!conversation.isBusy || isStopping) return over.resolve();
        isStopping = true;
        view.note("Stopping. Ctrl-C once more leaves.");
        conversation.stop().catch(told);
      },
      leave: () => over.resolve(),
    },
    (process.env["NO_COLOR"] ?? "") !== "",
  );
  const conversation = new Conversation(session, name, view, newId);
  const told = (error: unknown): void => {
    if (!(error instanceof CommandError)) return over.reject(error);
    view.note(error.mend === undefined ? error.message : `${error.message}\n${error.mend}`);
  };
  const take = (text: string): void => {
    const words = text.trim();
    if (words === "/quit" || words === "/exit") return over.resolve();
    if (words === "") {
      view.isWaiting = conversation.isBusy;
      return;
    }
    conversation
      .say(text)
      .catch(told)
      .finally(() => {
        isStopping &&= conversation.isBusy;
        view.isWaiting = conversation.isBusy;
      });
    view.isWaiting = true;
  };
  try {
    watchConnection(session, view, (error) => over.reject(error));
    await conversation.open(SHOWN_MESSAGES);
    view.note(`You are in ${conversation.key}. /help tells what you can say; Ctrl-C stops an answer, /quit leaves.`);
    view.isWaiting = false;
    await over.promise;
    if (conversation.isBusy) view.note(`The answer goes on without you: saltgate sessions show ${conversation.key}`);
    return Exit.Ok;
  } finally {
    view.close();
  }
}

async function overLines({ name, session }: Talk, view: ChatView): Promise<Exit> {
  const conversation = new Conversation(session, name, view, newId);
  const left = Promise.withResolvers<never>();
  left.promise.catch(() => undefined);
  let isStopping = false;
  const interrupt = (): void => {
    if (!conversation.isBusy || isStopping) return left.reject(new CommandError("LEFT", "left before the end"));
    isStopping = true;
    conversation.stop().catch((error: unknown) => left.reject(error));
  };
  process.on("SIGINT", interrupt);
  try {
    watchConnection(session, view, (error) => left.reject(error));
    await conversation.open(1);
    // Not before there is somebody to take the lines: those that came earlier would be lost.
    const lines = createInterface({ input: process.stdin });
    let exit: Exit = Exit.Ok;
    const answerAll = async (): Promise<void> => {
      for await (const line of lines) {
        if (line.trim() === "") continue;
        isStopping = false;
        const { state } = await conversation.say(line);
        if (state !== "final") exit = Exit.Failed;
      }
    };
    await Promise.race([answerAll(), left.promise]).finally(() => lines.close());
    return exit;
  } finally {
    process.off("SIGINT", interrupt);
  }
}
