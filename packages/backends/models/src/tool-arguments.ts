/**
 * The arguments of a call as a model wrote them. What is no JSON object stays the text that it is, so that the tool can
 * refuse it and say why. Pure.
 */
export function argumentsFrom(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : text;
  } catch {
    return text;
  }
}

/** The same on its way back: providers take nothing but objects. Pure. */
export function argumentsToSend(args: unknown): Readonly<Record<string, unknown>> {
  return isObject(args) ? args : { unreadable: typeof args === "string" ? args : (JSON.stringify(args) ?? "") };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
