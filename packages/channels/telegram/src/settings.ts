import type { TableStyle } from "./markdown/telegram-html.ts";

/** Where a token comes from. */
export type TokenSource = "env" | "tokenFile" | "config" | "none";

/** What an account needs to run. Holds secrets. */
export interface TelegramSettings {
  /** The token, or the file that holds it and nothing else; undefined when neither is configured. */
  readonly credential: { readonly token: string } | { readonly tokenFile: string } | undefined;
  readonly apiRoot: string;
  /** Absent: updates are polled. */
  readonly webhook: { readonly url: string; readonly secret: string | undefined } | undefined;
  readonly linkPreview: boolean;
  /** Longest time for a call that sends, in milliseconds. */
  readonly callDeadlineMs: number;
  readonly tables: TableStyle;
  readonly customCommands: readonly { readonly command: string; readonly description: string }[];
}

/** Whether a text has the form of a bot token: the bot's number, a colon, and at least 20 letters, digits, `_` or `-`. */
export function isBotToken(text: string): boolean {
  return /^\d{1,20}:[\w-]{20,}$/.test(text);
}
