/** The agent that answers when none is configured. */
export const mainAgentId = "main";

const wellFormed = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** Whether a text is an agent's id: 1 to 64 of `a-z 0-9 _ -`, the first one a letter or a digit. */
export function isAgentId(text: string): boolean {
  return wellFormed.test(text);
}

/** The id that a text stands for: lower case, other characters become `-`. A text of which nothing is left is `main`. */
export function agentIdOf(text: string): string {
  const id = text
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^[-_]+/, "")
    .slice(0, 64);
  return isAgentId(id) ? id : mainAgentId;
}
