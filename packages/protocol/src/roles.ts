/** What a connection is for: an operator gives orders, a node carries some out. */
export const ROLES = ["operator", "node"] as const;

/** A role that a connection may take; `connect` without one means `operator`. */
export type Role = (typeof ROLES)[number];

/** Whether `text` names a role. */
export function isRole(text: string): text is Role {
  return text === "operator" || text === "node";
}
