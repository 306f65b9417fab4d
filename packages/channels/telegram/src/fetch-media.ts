import { ChannelError } from "@saltgate/channel";
import { type BotApi, type CallOptions, tooLarge } from "./bot-api.ts";
import { CallError, channelErrorOf, isAnswer } from "./call-failure.ts";
import { fieldsIn, integerIn, textIn } from "./reading.ts";

/** Largest file that Telegram gives to bots, in bytes. Source: core.telegram.org/bots/api#getfile. */
const maxApiBytes = 20 * 1024 * 1024;

/** Fetches a file. @throws {ChannelError} `refused` when it is too large; never with the address, which holds the token */
export async function fetchMedia(
  api: BotApi,
  ref: unknown,
  maxBytes: number,
  options: CallOptions,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly mimeType: string | undefined }> {
  const fileId = textIn(fieldsIn(ref)?.["fileId"]);
  if (fileId === undefined) throw new ChannelError("refused", "What names this file isn't Telegram's.");
  const file = await pathOf(api, fileId, Math.min(maxBytes, maxApiBytes), options);
  const size = integerIn(file?.["file_size"]);
  if (size !== undefined && size > maxBytes) throw tooLarge(maxBytes);
  const path = textIn(file?.["file_path"]);
  if (path === undefined) throw new ChannelError("gone", "Telegram doesn't have this file any more.");
  // A Bot API server in its local mode names a file on its own disk; nothing is read from there.
  if (path.startsWith("/") || /(^|\/)\.\.(\/|$)|[:\\?#]/.test(path))
    throw new ChannelError("config", "The Bot API server answers with a path on its own disk.", {
      fix: "Run the server of channels.telegram.apiRoot without --local.",
    });
  return { bytes: await api.download(path, maxBytes, options), mimeType: undefined };
}

async function pathOf(api: BotApi, fileId: string, maxBytes: number, options: CallOptions) {
  try {
    return fieldsIn(await api.call("getFile", { file_id: fileId }, options));
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (isAnswer(error.failure, /file is too big/i)) throw tooLarge(maxBytes);
    throw channelErrorOf("getFile", error.failure, false);
  }
}
