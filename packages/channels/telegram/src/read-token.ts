import { open } from "node:fs/promises";
import { ChannelError } from "@saltgate/channel";
import { isBotToken, type TelegramSettings } from "./settings.ts";

/** Longest token file that is read, in bytes. */
const maxTokenFileBytes = 4_096;

/** The token of an account. @throws {ChannelError} `config` when there is none, or its file can't be read */
export async function readToken({ credential }: TelegramSettings): Promise<string> {
  if (credential === undefined) {
    throw new ChannelError("config", "No bot token is configured.", {
      fix: "Set channels.telegram.botToken to the one that @BotFather gave you.",
    });
  }
  if ("token" in credential) return requireToken(credential.token, "channels.telegram.botToken");
  let text: string;
  try {
    text = await readStart(credential.tokenFile);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new ChannelError("config", `The token file ${credential.tokenFile} can't be read (${code}).`, {
      fix: "Mend channels.telegram.tokenFile, or let the gateway read that file.",
    });
  }
  return requireToken(text.trim(), "channels.telegram.tokenFile");
}

async function readStart(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(maxTokenFileBytes));
    return buffer.subarray(0, bytesRead).toString("utf8");
  } finally {
    await file.close();
  }
}

function requireToken(text: string, key: string): string {
  if (isBotToken(text)) return text;
  throw new ChannelError("config", `What ${key} holds is no bot token.`, {
    fix: `Set ${key} to the token that @BotFather gave you: a number, a colon, and letters.`,
  });
}
