import { z } from "zod";
import { keyed, laterKey, optionalKey, requiredKey, section } from "./annotate.ts";
import { httpAddress, nonEmpty, secret, wholeNumber } from "./values.ts";

const apis = ["openai-completions", "anthropic-messages"] as const;

const price = (what: string) =>
  optionalKey(z.number().min(0).max(1_000_000), {
    description: `US dollars for a million tokens ${what}.`,
    expects: "a number from 0 to 1000000",
    defaultText: "`0`",
    reload: "live",
  });

const modelEntry = () =>
  z.strictObject({
    id: requiredKey(z.string().trim().min(1).max(200), {
      description: "The model, as its provider calls it.",
      expects: "a name of at most 200 characters",
      reload: "live",
    }),
    name: optionalKey(nonEmpty, {
      description: "What people call it.",
      expects: "a text",
      defaultText: "its id",
      reload: "live",
    }),
    contextWindow: optionalKey(wholeNumber(1_000, 100_000_000), {
      description: "How much it reads at once, in tokens. Long conversations are shortened to fit.",
      expects: "a whole number from 1000 to 100000000",
      defaultText: "`200000`",
      reload: "live",
    }),
    reasoning: optionalKey(z.boolean(), {
      description: "Whether it can be told how much to think.",
      expects: "true or false",
      defaultText: "`false`",
      reload: "live",
    }),
    input: optionalKey(z.array(z.enum(["text", "image"])).max(2), {
      description: "What it takes.",
      expects: 'a list of "text" and "image"',
      defaultText: '`["text"]`',
      reload: "live",
    }),
    maxTokens: optionalKey(wholeNumber(1, 10_000_000), {
      description: "Longest answer, in tokens.",
      expects: "a whole number from 1 to 10000000",
      defaultText: "what the provider allows",
      reload: "live",
    }),
    cost: section({
      input: price("that are read"),
      output: price("that are written"),
      cacheRead: price("that come from the provider's cache"),
      cacheWrite: price("that go into it"),
    }),
    api: laterKey("Another API than the provider's.", "live"),
    headers: laterKey("Headers besides the provider's.", "live"),
    compat: laterKey("What its server does differently.", "live"),
  });

const providerEntry = () =>
  z.strictObject({
    baseUrl: requiredKey(httpAddress, {
      description: "Address of the API, up to and with its version, e.g. `http://127.0.0.1:11434/v1`.",
      expects: "an address that begins with http:// or https://, without a user name, ? and #",
      reload: "live",
    }),
    api: keyed(z.enum(apis), "openai-completions", {
      description: "How it is spoken to.",
      expects: apis.map((api) => `"${api}"`).join(" or "),
      reload: "live",
    }),
    apiKey: optionalKey(secret, {
      description:
        "The key; better the name of the environment variable that holds it, as described above. Goes to `baseUrl` and nowhere else.",
      expects: "a secret: a text that isn't empty and isn't a placeholder",
      sensitive: true,
      reload: "live",
    }),
    headers: optionalKey(z.record(z.string().regex(/^[A-Za-z0-9-]{1,100}$/), z.string().max(4_096)), {
      description: "Headers of every request. Their values are kept like the key.",
      expects: "an object of texts",
      sensitive: true,
      reload: "live",
    }),
    models: z.array(modelEntry()).max(1_000).prefault([]),
    authHeader: laterKey("Send the key as a bearer token.", "live"),
  });

/** Everything under `models`. */
export const modelsSection = () =>
  section({
    mode: keyed(z.enum(["merge", "replace"]), "merge", {
      description:
        "Whether well-known services whose key is in the environment can be used besides the providers named here.",
      expects: '"merge" or "replace"',
      reload: "live",
    }),
    providers: z.record(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/), providerEntry()).prefault({}),
    firstByteTimeoutMs: keyed(wholeNumber(1_000, 290_000), 120_000, {
      description: "How long a model may be silent before its answer begins, in milliseconds.",
      expects: "a whole number from 1000 to 290000",
      reload: "live",
    }),
    idleTimeoutMs: keyed(wholeNumber(1_000, 290_000), 120_000, {
      description: "How long it may be silent in the middle of an answer, in milliseconds.",
      expects: "a whole number from 1000 to 290000",
      reload: "live",
    }),
    bedrockDiscovery: laterKey("Ask Amazon Bedrock which models there are.", "live"),
  });
