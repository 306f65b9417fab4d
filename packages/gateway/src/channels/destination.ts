import { chunkMarkdown, type OutboundTarget } from "@saltgate/channel";
import { RequestError } from "../dispatch/outcome.ts";
import type { ChannelDesk } from "./channel-desk.ts";

/** Where something is to be sent. */
export interface Destination {
  readonly channel: string;
  readonly accountId: string;
  readonly target: OutboundTarget;
  readonly textChunkChars: number;
  readonly maxCaptionChars: number;
  readonly maxLines: number | undefined;
  readonly chunkMode: "length" | "newline";
}

/** Where a request wants something sent. @throws {RequestError} for a channel, account or target that isn't one */
export function destinationOf(
  desk: ChannelDesk,
  params: {
    readonly channel?: string | undefined;
    readonly accountId?: string | undefined;
    readonly to: string;
    readonly threadId?: string | undefined;
  },
): Destination {
  const name = params.channel ?? onlyChannel(desk);
  const channel = desk.channel(name);
  if (channel === undefined) throw unknownChannel(name);
  const { id, limits } = channel.adapter.descriptor;
  const keeper = desk.account(channel, params.accountId);
  if (keeper === undefined)
    throw new RequestError("UNKNOWN_ACCOUNT", `unknown account of ${id}: ${params.accountId ?? "default"}`);
  const { account } = keeper;
  if (account.notConfigured !== undefined) {
    throw new RequestError("CHANNEL_UNAVAILABLE", `${id} ${account.id}: ${account.notConfigured}`);
  }
  if (!account.enabled)
    throw new RequestError("CHANNEL_UNAVAILABLE", `${id} ${account.id} is disabled in the configuration`);
  const parsed = channel.adapter.parseTarget(params.to);
  if (!parsed.ok) throw new RequestError("UNKNOWN_TARGET", `no target of ${id}: ${parsed.reason}`);
  return {
    channel: id,
    accountId: account.id,
    target: params.threadId === undefined ? parsed.target : { ...parsed.target, threadId: params.threadId },
    textChunkChars: Math.min(account.policy.textChunkChars ?? limits.textChunkChars, limits.maxTextChars),
    maxCaptionChars: limits.maxCaptionChars,
    maxLines: limits.maxLines,
    chunkMode: account.policy.chunkMode,
  };
}

/** Without a channel in the request there must be no doubt which one is meant. */
function onlyChannel(desk: ChannelDesk): string {
  const { installed } = desk;
  const [first] = installed;
  if (installed.length === 1 && first !== undefined) return first.adapter.descriptor.id;
  if (first === undefined)
    throw new RequestError("UNKNOWN_CHANNEL", "no channel is configured (saltgate channels add)");
  const names = installed.map(({ adapter }) => adapter.descriptor.id).join(", ");
  throw new RequestError("INVALID_PARAMS", `channel required: one of ${names}`);
}

/** A text in the parts in which it is sent there. */
export function textParts(
  text: string,
  { chunkMode: mode, maxLines, textChunkChars: maxChars }: Destination,
): readonly string[] {
  return chunkMarkdown(text, { maxChars, maxLines, mode });
}

/** The words for a channel that nobody knows. */
export function unknownChannel(name: string): RequestError {
  return new RequestError("UNKNOWN_CHANNEL", `unsupported channel: ${name.slice(0, 80)} (saltgate channels status)`);
}
