import type { MessagePart } from "@saltgate/agent";
import type { ProviderApi } from "./models-options.ts";
import { SDK_PROVIDER, type SdkMessage, type SdkPart } from "./sdk-model.ts";

type Reasoning = Extract<Extract<SdkMessage, { role: "assistant" }>["content"][number], { type: "reasoning" }>;

/** Begins the signature of thinking that came encrypted: the rest of it is the thinking itself. */
const REDACTED = "redacted:";

/** The signature that a part of a stream carries, in the one text that a transcript keeps; `undefined` when there is none. */
export function signatureIn(part: SdkPart): string | undefined {
  if (part.type !== "reasoning-start" && part.type !== "reasoning-delta" && part.type !== "reasoning-end")
    return undefined;
  const { signature, redactedData } = part.providerMetadata?.["anthropic"] ?? {};
  if (typeof redactedData === "string") return `${REDACTED}${redactedData}`;
  return typeof signature === "string" && signature !== "" ? signature : undefined;
}

/** What comes with a call of a tool and has to go back with it: Gemini refuses its own calls without it. Pure. */
export function callSignatureIn({ providerMetadata }: Extract<SdkPart, { type: "tool-call" }>): string | undefined {
  const { thoughtSignature } = providerMetadata?.[SDK_PROVIDER] ?? {};
  return typeof thoughtSignature === "string" && thoughtSignature !== "" ? thoughtSignature : undefined;
}

/** Thinking on its way back to the model that thought it. Anthropic takes nothing that it hasn't signed. Pure. */
export function thinkingToSend(
  { thinking, thinkingSignature: signature }: Extract<MessagePart, { type: "thinking" }>,
  api: ProviderApi,
): Reasoning[] {
  if (api === "openai-completions") return thinking === "" ? [] : [{ type: "reasoning", text: thinking }];
  if (signature === undefined) return [];
  const anthropic = signature.startsWith(REDACTED) ? { redactedData: signature.slice(REDACTED.length) } : { signature };
  return [{ type: "reasoning", text: thinking, providerOptions: { anthropic } }];
}
