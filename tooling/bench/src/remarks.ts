/** Why a budget is missed, by the row's name, where we know. */
export const REMARKS: Readonly<Record<string, string>> = {};
