import { emptySenderPairing, normalizeSenderId, type SenderPairingState, senderPairing } from "@saltgate/pairing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type AccessDecision,
  type AccessInput,
  type AccountPolicy,
  decideAccess,
  type GroupPolicyRow,
  groupRows,
  type InboundEvent,
  type InboundSender,
} from "../src/index.ts";
import { message, policy } from "./worlds.ts";

const normalize = (id: string): string => normalizeSenderId("telegram", id);
const direct = { kind: "direct", id: "7" } as const;
const group = { kind: "group", id: "-100" } as const;
const kinds = ["message", "command", "edit", "delete", "reaction", "membership", "pin"] as const;
type Kind = (typeof kinds)[number];

interface Case {
  readonly kind?: Kind;
  readonly place?: InboundEvent["conversation"];
  readonly sender?: Partial<InboundSender>;
  readonly policy?: Partial<AccountPolicy>;
  readonly input?: Partial<AccessInput>;
  readonly event?: object;
}

function eventOf({ kind = "message", place = direct, sender, event }: Case): InboundEvent {
  const base = message(1, {
    conversation: place,
    sender: { id: "7", isSelf: false, isBot: false, ...sender },
    mentions: { canDetect: true, explicit: true, any: true, implicit: false },
    ...event,
  });
  return kind === "message" ? base : ({ ...base, kind, ...(kind === "command" && { source: "menu" }) } as InboundEvent);
}

function decide(one: Case): AccessDecision {
  return decideAccess({
    event: eventOf(one),
    policy: { ...policy, ...one.policy },
    approved: [],
    owners: [],
    normalize,
    isCommand: false,
    matchesPattern: false,
    useAccessGroups: true,
    ...one.input,
  });
}

const verdict = (one: Case): string => {
  const decision = decide(one);
  return decision.do === "drop" ? decision.reason : decision.do;
};

describe("access: direct", () => {
  const listings = {
    listed: { policy: { allowFrom: ["7"] } },
    prefixed: { policy: { allowFrom: [" tg:7 "] } },
    approved: { input: { approved: ["7"] } },
    wildcard: { policy: { allowFrom: ["*"] } },
    other: { policy: { allowFrom: ["8", "77", ""] }, input: { approved: ["8", "*"] } },
    empty: { policy: { allowFrom: ["*", ""] }, input: { approved: ["", "*"] }, sender: { id: "  " } },
  } as const;
  const expected: Record<AccountPolicy["dmPolicy"], Record<keyof typeof listings, string>> = {
    pairing: {
      listed: "admit",
      prefixed: "admit",
      approved: "admit",
      wildcard: "admit",
      other: "pair",
      empty: "no-sender",
    },
    allowlist: {
      listed: "admit",
      prefixed: "admit",
      approved: "admit",
      wildcard: "admit",
      other: "dm-not-allowed",
      empty: "no-sender",
    },
    open: {
      listed: "admit",
      prefixed: "admit",
      approved: "admit",
      wildcard: "admit",
      other: "dm-not-allowed",
      empty: "no-sender",
    },
    disabled: {
      listed: "dm-disabled",
      prefixed: "dm-disabled",
      approved: "dm-disabled",
      wildcard: "dm-disabled",
      other: "dm-disabled",
      empty: "no-sender",
    },
  };
  test("[channels:access] [R-45] [R-57] access: every policy, listing and kind of event in direct conversations", () => {
    for (const [dmPolicy, row] of Object.entries(expected)) {
      for (const [listing, want] of Object.entries(row)) {
        for (const kind of kinds) {
          const given = listings[listing as keyof typeof listings] as Case;
          const got = verdict({ ...given, kind, policy: { ...given.policy, dmPolicy: dmPolicy as "open" } });
          // Only who writes is told a code; whoever reacts, edits or joins is told nothing.
          const isAsking = kind === "message" || kind === "command";
          expect(got, `${dmPolicy} ${listing} ${kind}`).toBe(want === "pair" && !isAsking ? "dm-not-allowed" : want);
        }
      }
    }
  });

  test("[channels:access] access: what waited while nobody was there is never answered with a code", () => {
    expect(verdict({ event: { isBacklog: true } })).toBe("dm-backlog");
    expect(verdict({ event: { isBacklog: true }, input: { approved: ["7"] } })).toBe("admit");
  });

  test("[channels:access] access: our own messages and those of other bots are not for us", () => {
    for (const place of [direct, group]) {
      const allowed = { allowFrom: ["*"] };
      expect(verdict({ place, sender: { isSelf: true }, policy: allowed })).toBe("own-message");
      expect(verdict({ place, sender: { isBot: true }, policy: allowed })).toBe("bot");
      expect(verdict({ place, sender: { isBot: true }, policy: { ...allowed, allowBots: true } })).toBe("admit");
    }
  });

  test("[channels:access] access: another stable id of the same person counts, in whatever form a list has it", () => {
    expect(verdict({ sender: { id: "", alsoIds: ["9"] }, policy: { allowFrom: ["telegram:9"] } })).toBe("admit");
    expect(verdict({ input: { approved: ["telegram:7"] } })).toBe("admit");
  });
});

describe("access: groups", () => {
  test("[channels:access] access: every group policy, listing and sender", () => {
    for (const groupPolicy of ["allowlist", "open", "disabled"] as const) {
      for (const listing of ["none", "own", "all", "other"] as const) {
        for (const who of ["listed", "wildcard", "unknown"] as const) {
          const key = { none: undefined, own: "-100", all: "*", other: "-200" }[listing];
          const groups: Record<string, GroupPolicyRow> = key === undefined ? {} : { [key]: {} };
          const groupAllowFrom = { listed: ["7"], wildcard: ["*"], unknown: ["8"] }[who];
          const want =
            listing === "other"
              ? "group-not-listed"
              : groupPolicy === "disabled"
                ? "group-policy-disabled"
                : groupPolicy === "allowlist" && who === "unknown"
                  ? "group-sender-not-allowed"
                  : "admit";
          const got = verdict({ place: group, policy: { groupPolicy, groups, groupAllowFrom } });
          expect(got, `${groupPolicy} ${listing} ${who}`).toBe(want);
        }
      }
    }
  });

  test("[channels:access] [R-57] access: an empty list lets nobody in, in a group and in a topic", () => {
    expect(verdict({ place: group })).toBe("group-sender-not-allowed");
    expect(verdict({ place: group, policy: { allowFrom: ["7"], groupAllowFrom: [] } })).toBe(
      "group-sender-not-allowed",
    );
    const groups = { "-100": { allowFrom: [] } };
    expect(verdict({ place: group, policy: { allowFrom: ["7"], groups } })).toBe("group-sender-not-allowed");
  });

  test("[R-41] [channels:access] access: who was approved by code for direct messages isn't let into any group by it", () => {
    for (const groups of [{}, { "-100": {} }, { "*": {} }, { "-100": { topics: { "5": {} } } }]) {
      for (const kind of kinds) {
        const place = { ...group, threadId: "5" };
        const input = { approved: ["7"], matchesPattern: true };
        expect(verdict({ kind, place, policy: { groups }, input })).toBe("group-sender-not-allowed");
      }
    }
    expect(verdict({ input: { approved: ["7"] } })).toBe("admit");
  });

  test("[R-42] [channels:access] access: a name that somebody gave himself matches no list, unless its danger was chosen", () => {
    const sender = { id: "666", username: "Alice", name: "Bob" };
    for (const place of [direct, group]) {
      for (const entry of ["alice", "@Alice", "Bob", "bob "]) {
        const named = { allowFrom: [entry], dmPolicy: "allowlist" } as const;
        expect(verdict({ place, sender, policy: named })).toMatch(/not-allowed/);
        expect(verdict({ place, sender, policy: { ...named, dangerouslyMatchNames: true } })).toBe("admit");
      }
    }
    const dangerous = { dmPolicy: "allowlist", dangerouslyMatchNames: true } as const;
    for (const nameless of [{ username: "@" }, { username: "" }, { name: " " }]) {
      const policyOf = { ...dangerous, allowFrom: ["", "@", " "] };
      expect(verdict({ sender: { id: "666", ...nameless }, policy: policyOf })).toBe("dm-not-allowed");
    }
    const owner = decide({
      sender,
      policy: { ...dangerous, allowFrom: ["alice"] },
      input: { owners: ["alice", "Bob"] },
    });
    expect(owner).toMatchObject({ do: "admit", isOwner: false });
  });

  test("[channels:access] access: settings of a topic count before those of its group, and those before everybody's", () => {
    const place = { ...group, threadId: "5" };
    const groups = {
      "-100": { allowFrom: ["8"], topics: { "5": { allowFrom: ["7"], requireMention: false } } },
      "*": { allowFrom: ["9"], requireMention: true },
    };
    expect(groupRows({ groups }, "-100", "5")).toHaveLength(3);
    expect(verdict({ place, policy: { groups } })).toBe("admit");
    expect(verdict({ place: group, policy: { groups } })).toBe("group-sender-not-allowed");
    expect(verdict({ place: { kind: "group", id: "-300" }, sender: { id: "9" }, policy: { groups } })).toBe("admit");
    expect(groupRows({ groups }, "constructor", undefined)).toEqual([groups["*"]]);
    expect(groupRows({ groups: { "-1": {} } }, "__proto__", "toString")).toBeUndefined();
  });

  test("[channels:access] access: a group or a topic that is switched off is silent, and one's own switch counts first", () => {
    const allowed = { groupAllowFrom: ["7"] };
    const place = { ...group, threadId: "5" };
    const off = { enabled: false };
    for (const [groups, want] of [
      [{ "-100": off }, "group-disabled"],
      [{ "*": off }, "group-disabled"],
      [{ "*": off, "-100": {} }, "group-disabled"],
      [{ "*": off, "-100": { enabled: true } }, "admit"],
      [{ "-100": { topics: { "5": off } } }, "group-disabled"],
      [{ "-100": { topics: { "6": off } } }, "admit"],
      [{ "-100": { enabled: false, topics: { "5": { enabled: true } } } }, "group-disabled"],
    ] as const) {
      expect(verdict({ place, policy: { ...allowed, groups } }), JSON.stringify(groups)).toBe(want);
    }
  });

  test("[channels:mention] access: a command for another bot is context, whoever says it and whatever else it mentions", () => {
    const open = { groupPolicy: "open", groups: { "*": { requireMention: false } } } as const;
    for (const explicit of [false, true]) {
      const event = { mentions: { canDetect: true, explicit, any: explicit, implicit: explicit, isForAnother: true } };
      for (const allowFrom of [["7"], []]) {
        const input = { isCommand: true, activation: "always" } as const;
        expect(verdict({ place: group, policy: { ...open, allowFrom }, event, input })).toBe("context");
      }
    }
  });

  test("[channels:mention] access: without a mention a message is context, by whatever it could have been addressed", () => {
    const allowed = { groupAllowFrom: ["7"] };
    const silent = { canDetect: true, explicit: false, any: false, implicit: false };
    type Said = Partial<AccessInput> & { readonly isWord?: boolean };
    const rows: [Partial<typeof silent>, Said, Partial<GroupPolicyRow>, string][] = [
      [{}, {}, {}, "context"],
      [{ explicit: true, any: true }, {}, {}, "admit"],
      [{ implicit: true }, {}, {}, "admit"],
      [{}, { matchesPattern: true }, {}, "admit"],
      [{ any: true }, { matchesPattern: true }, {}, "context"], // somebody else was called
      [{ any: true, canDetect: false }, { matchesPattern: true }, {}, "admit"],
      [{}, {}, { requireMention: false }, "admit"],
      [{}, { activation: "mention" }, { requireMention: false }, "context"],
      [{}, { activation: "always" }, { requireMention: true }, "admit"],
      [{}, { isCommand: true }, {}, "admit"],
      [{}, { isCommand: true, isWord: true }, {}, "context"], // people say "wait" to one another
      [{ implicit: true }, { isCommand: true, isWord: true }, {}, "admit"],
      [{}, { isCommand: true, isWord: true }, { requireMention: false }, "admit"],
      [{ any: true }, { isCommand: true }, {}, "context"], // a command for another bot
    ];
    for (const [mentions, { isWord, ...input }, row, want] of rows) {
      const groups = { "-100": row };
      const event = { mentions: { ...silent, ...mentions }, text: isWord ? "wait" : "/status" };
      expect(
        verdict({ place: group, policy: { ...allowed, groups }, event, input }),
        JSON.stringify([mentions, input]),
      ).toBe(want);
    }
    const open = { groupPolicy: "open" } as const;
    expect(verdict({ place: group, policy: open, event: { mentions: silent } })).toBe("context");
    const unlisted = { place: group, policy: open, input: { isCommand: true } };
    expect(verdict({ ...unlisted, event: { mentions: silent, text: "wait" } })).toBe("context");
    expect(verdict({ ...unlisted, event: { mentions: silent, text: "/new" } })).toBe("command-not-authorized");
  });

  test("[channels:access] access: in an open group commands are for those who are listed", () => {
    const open = { groupPolicy: "open", groupAllowFrom: ["8"] } as const;
    expect(verdict({ place: group, policy: open, input: { isCommand: true } })).toBe("command-not-authorized");
    expect(verdict({ kind: "command", place: group, policy: open })).toBe("command-not-authorized");
    expect(decide({ place: group, policy: open })).toMatchObject({ do: "admit", commandAuthorized: false });
    expect(decide({ place: group, policy: open, sender: { id: "8" }, input: { isCommand: true } })).toMatchObject({
      do: "admit",
      commandAuthorized: true,
    });
    expect(verdict({ kind: "command", place: group, policy: open, input: { useAccessGroups: false } })).toBe("admit");
  });
});

test("[R-45] [channels:access] access: no kind of event of somebody unauthorised has any effect", () => {
  for (const kind of kinds) {
    for (const place of [direct, group, { ...group, kind: "channel" as const }, { ...group, threadId: "5" }]) {
      const decision = decide({ kind, place, policy: { dmPolicy: "allowlist", allowFrom: ["8"] } });
      expect(decision, `${kind} ${place.kind}`).toMatchObject({ do: "drop" });
    }
  }
  const migration = { ...eventOf({ place: group }), kind: "migration", newId: "-1001" } as InboundEvent;
  const moved = (groups: AccountPolicy["groups"]) =>
    decide({ policy: { groups }, input: { event: migration, owners: ["7"] } });
  expect(moved({ "-200": {} })).toEqual({ do: "drop", reason: "group-not-listed" });
  expect(moved({ "-100": {} })).toMatchObject({ do: "admit", commandAuthorized: false, isOwner: false });
});

test("[R-45] [channels:access] access: a wildcard makes nobody an owner", () => {
  for (const owners of [["*"], ["*", ""], [" * "], ["tg:*"]]) {
    for (const id of ["7", "*", "tg:*"]) {
      const decision = decide({ sender: { id }, policy: { allowFrom: ["*"] }, input: { owners } });
      expect(decision).not.toMatchObject({ isOwner: true });
    }
  }
  expect(decide({ policy: { allowFrom: ["*"] }, input: { owners: ["tg:7"] } })).toMatchObject({ isOwner: true });
});

describe("access: properties", () => {
  const id = fc.constantFrom("7", "8", "tg:7", "*", "", " ", "@alice", "alice", "-100");
  const list = fc.array(id, { maxLength: 4 });
  const row = fc.record({ enabled: fc.boolean(), requireMention: fc.boolean(), allowFrom: list }, { requiredKeys: [] });
  const anyCase = fc.record({
    kind: fc.constantFrom(...kinds),
    place: fc.constantFrom(direct, group, { ...group, threadId: "5" }),
    sender: fc.record({ id, username: fc.constantFrom("alice", "*", "@"), isSelf: fc.boolean(), isBot: fc.boolean() }),
    policy: fc.record({
      dmPolicy: fc.constantFrom("pairing" as const, "allowlist" as const, "open" as const, "disabled" as const),
      groupPolicy: fc.constantFrom("allowlist" as const, "open" as const, "disabled" as const),
      allowFrom: list,
      groupAllowFrom: fc.option(list, { nil: undefined }),
      groups: fc.dictionary(fc.constantFrom("-100", "*", "-200"), row, { maxKeys: 3 }),
      allowBots: fc.boolean(),
    }),
    input: fc.record({
      approved: list,
      owners: list,
      isCommand: fc.boolean(),
      matchesPattern: fc.boolean(),
      useAccessGroups: fc.boolean(),
    }),
  });

  test("[channels:access] access: who is on no list is never let in, unless everybody is", () => {
    fc.assert(
      fc.property(anyCase, (one) => {
        const lists = [
          one.policy.allowFrom,
          one.policy.groupAllowFrom ?? [],
          ...Object.values(one.policy.groups).map(({ allowFrom = [] }) => allowFrom),
        ];
        const isDirect = one.place.kind === "direct";
        const entries = [...lists.flat(), ...(isDirect ? one.input.approved : [])];
        const who = normalize(one.sender.id);
        const isOnOne = who !== "" && who !== "*" && entries.some((entry) => normalize(entry) === who);
        const isForAll =
          lists.flat().some((entry) => entry.trim() === "*") || (!isDirect && one.policy.groupPolicy === "open");
        if (!isOnOne && !isForAll) expect(decide(one).do).not.toBe("admit");
        if (who === "" || who === "*" || one.sender.isSelf) expect(decide(one).do).toBe("drop");
      }),
      { numRuns: 2_000 },
    );
  });

  test("[channels:access] access: with every list empty nobody is admitted, but in open groups", () => {
    fc.assert(
      fc.property(anyCase, (one) => {
        const groups = Object.fromEntries(
          Object.entries(one.policy.groups).map(([key, value]) => [key, { ...value, allowFrom: [] }]),
        );
        const closed = one.policy.groupPolicy === "open" ? "allowlist" : one.policy.groupPolicy;
        const bare = { ...one.policy, groupPolicy: closed, allowFrom: [], groupAllowFrom: [], groups };
        expect(decide({ ...one, policy: bare, input: { ...one.input, approved: [] } }).do).not.toBe("admit");
      }),
      { numRuns: 1_000 },
    );
  });

  test("[channels:access] access: every input has one decision, and the same one every time", () => {
    fc.assert(
      fc.property(anyCase, (one) => {
        expect(decide(one)).toEqual(decide(one));
      }),
      { numRuns: 300 },
    );
  });
});

test("[channels:access] [R-41] access: along every walk of asking and approving, exactly who was approved gets in, and in no group", () => {
  const events = ["7", "tg:7", "8"].flatMap((id) => [
    { type: "upsert", id: normalize(id), freshCode: `CODE000${normalize(id)}` } as const,
    { type: "approve", code: `CODE000${normalize(id)}` } as const,
    { type: "disallow", id: normalize(id) } as const,
  ]);
  const seen = new Set<string>();
  const visit = (state: SenderPairingState, approved: ReadonlySet<string>, asked: ReadonlySet<string>): void => {
    const key = JSON.stringify([state.requests.map(({ id }) => id).toSorted(), state.allowFrom.toSorted()]);
    if (seen.has(key)) return;
    seen.add(key);
    for (const who of ["7", "8", "9"]) {
      const one = { sender: { id: `telegram:${who}` }, input: { approved: state.allowFrom } };
      expect(verdict(one)).toBe(approved.has(who) ? "admit" : "pair");
      expect(verdict({ ...one, place: group })).toBe("group-sender-not-allowed");
    }
    for (const event of events) {
      const id = "id" in event ? event.id : event.code.slice(7);
      const next = senderPairing(state, event, 1_800_000_000_000).state;
      const nowApproved = new Set(approved);
      const nowAsked = new Set(asked);
      if (event.type === "upsert") nowAsked.add(id);
      if (event.type === "approve" && asked.has(id)) nowApproved.add(id);
      if (event.type === "approve") nowAsked.delete(id);
      if (event.type === "disallow") nowApproved.delete(id);
      if (event.type === "disallow" && !next.requests.some((request) => request.id === id)) nowAsked.delete(id);
      visit(next, nowApproved, nowAsked);
    }
  };
  visit(emptySenderPairing, new Set(), new Set());
  expect(seen.size).toBe(16);
});
