import { z } from "zod";
import type { Tool, ToolContext, ToolOutcome } from "../tool.ts";
import type { MessagePart } from "../transcript.ts";
import { boundedText } from "./bounded-text.ts";
import { ToolFailure } from "./tool-failure.ts";

/** What a tool found or did, before it is cut to what a model may be given. */
export interface ToolAnswer {
  readonly text: string;
  readonly images?: readonly Extract<MessagePart, { type: "image" }>[];
  /** It ran, and what it ran failed. */
  readonly isError?: boolean;
  readonly details?: unknown;
}

/** A tool, as the files here write one down. */
export interface ToolDefinition<Params extends z.ZodObject> extends Omit<Tool, "description" | "call"> {
  readonly name: string;
  readonly describe: string;
  readonly params: Params;
  /** @throws {ToolFailure} for what the model can do something about */
  readonly run: (args: z.output<Params>, context: ToolContext) => Promise<ToolAnswer>;
}

/** Most that is told about arguments that are off. */
const MAX_ISSUES = 8;

/** Makes a tool: its arguments are checked before it sees them, its output is cut, what it throws on purpose is an outcome. */
export function defineTool<Params extends z.ZodObject>(definition: ToolDefinition<Params>): Tool {
  const { name, describe, params, run, ...rest } = definition;
  let schema: Readonly<Record<string, unknown>> | undefined;
  return {
    ...rest,
    description: {
      name,
      description: describe,
      get parameters() {
        schema ??= jsonSchemaOf(params);
        return schema;
      },
    },
    async call(args, context) {
      const parsed = params.safeParse(args);
      if (!parsed.success) return failed(wordsFor(args, parsed.error));
      try {
        context.signal.throwIfAborted();
        return outcomeOf(await run(parsed.data, context));
      } catch (error) {
        if (error instanceof ToolFailure) return failed(error.message);
        throw error;
      }
    },
  };
}

// Servers that make a grammar of the schema choke on large bounds, and some refuse keywords that they don't know. The
// bounds are checked here in any case.
const BOUNDS: ReadonlySet<string> = new Set(
  "$schema minLength maxLength minItems maxItems minimum maximum propertyNames".split(" "),
);

function jsonSchemaOf(params: z.ZodObject): Readonly<Record<string, unknown>> {
  return plain(z.toJSONSchema(params, { io: "input" })) as Readonly<Record<string, unknown>>;
}

/** A schema without bounds. An argument may be called like one of them: below `properties` names are names. */
function plain(schema: unknown, areNames = false): unknown {
  if (Array.isArray(schema)) return schema.map((item) => plain(item));
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => areNames || !BOUNDS.has(key))
      .map(([key, value]) => [key, plain(value, !areNames && key === "properties")]),
  );
}

function outcomeOf({ text, images = [], isError = false, details }: ToolAnswer): ToolOutcome {
  return {
    content: [{ type: "text", text: boundedText(text) }, ...images],
    isError,
    ...(details !== undefined && { details }),
  };
}

function failed(text: string): ToolOutcome {
  return { content: [{ type: "text", text: boundedText(text) }], isError: true };
}

function wordsFor(args: unknown, error: z.ZodError): string {
  if (typeof args !== "object" || args === null || Array.isArray(args))
    return "The arguments aren't a JSON object, so nothing was done. Send them again.";
  const issues = error.issues.slice(0, MAX_ISSUES).map(({ message, path }) => {
    const at = path.length === 0 ? "" : `${path.join(".")}: `;
    return `- ${at}${message}`;
  });
  return ["The arguments don't fit, so nothing was done:", ...issues].join("\n");
}
