import { expect, test } from "vitest";
import { movedGroupChanges } from "../src/index.ts";

test("[config:moved-group] moved group: what is written about a group goes along, in the section and in every account, and what is there already stays", () => {
  const row = { requireMention: false };
  const written = {
    channels: {
      telegram: {
        groups: { "-5": row, "-6": {} },
        accounts: { work: { groups: { "-5": {}, "-1005": row } }, home: {}, odd: 7 },
      },
    },
  };
  expect(movedGroupChanges(written, "telegram", "-5", "-1005")).toEqual([
    { path: ["channels", "telegram", "groups", "-1005"], value: row },
    { path: ["channels", "telegram", "groups", "-5"], remove: true },
    { path: ["channels", "telegram", "accounts", "work", "groups", "-5"], remove: true },
  ]);
  for (const other of [undefined, 7, {}, { channels: [] }, { channels: { telegram: { groups: null } } }])
    expect(movedGroupChanges(other, "telegram", "-5", "-1005")).toEqual([]);
});
