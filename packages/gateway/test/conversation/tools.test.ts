import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ALL, type ChatPlace, chatPlace } from "../support/chat-place.ts";
import { joinNode, joinOperator, planOf } from "../support/nodes.ts";
import { errorOf, newDevice, type Wire } from "../support/world.ts";

interface ChatPayload {
  readonly runId: string;
  readonly sessionKey: string;
  readonly state: string;
  readonly message?: { readonly content: readonly { readonly text?: string }[] };
}

let count = 0;

/** Says something, and waits for what is said in the end. */
async function say(wire: Wire, message: string, sessionKey = "main"): Promise<string> {
  return ending(wire, await begin(wire, message, sessionKey));
}

async function begin(wire: Wire, message: string, sessionKey = "main"): Promise<string> {
  count += 1;
  const runId = `say-${count}`;
  const answer = await wire.request("chat.send", { sessionKey, message, idempotencyKey: runId });
  expect(errorOf(answer).message).toBe("");
  return runId;
}

async function ending(wire: Wire, runId: string): Promise<string> {
  const { payload } = await wire.event("chat", (said: ChatPayload) => said.runId === runId && said.state !== "delta");
  return textOf(payload as ChatPayload);
}

const textOf = ({ message }: ChatPayload): string => (message?.content ?? []).map(({ text = "" }) => text).join("");
const call = (name: string, args: object): string => `call ${name} ${JSON.stringify(args)}`;
const offered = ({ models }: ChatPlace): readonly string[] => models.requests.at(-1)?.tools.toSorted() ?? [];

/** Has the gateway's host ask about what isn't on its list. */
async function askOnHost(admin: Wire): Promise<void> {
  const file = { version: 1, defaults: { security: "allowlist", ask: "on-miss" } };
  expect((await admin.request("exec.approvals.set", { file })).ok).toBe(true);
}

interface Question {
  readonly id: string;
  readonly request: { readonly command: string; readonly host: string | null; readonly sessionKey: string | null };
}

async function question(wire: Wire): Promise<Question> {
  return (await wire.event("exec.approval.requested")).payload as Question;
}

/** What a client hears of the tools of a run. */
const tools = (wire: Wire, runId: string): { phase: string; name: string }[] =>
  wire.frames.flatMap((frame) => {
    if (frame.type !== "event" || frame.event !== "agent") return [];
    const said = frame.payload as { runId: string; stream: string; data: { phase: string; name: string } };
    return said.runId === runId && said.stream === "tool" ? [said.data] : [];
  });

describe("who hears of tools", () => {
  test("[agent-tools:events] agent events: clients of revision 4 that ask for it hear of tools, and everybody whose session shows them", async () => {
    await using place = await chatPlace();
    await using world = await place.open();
    const scopes = ALL;
    const asking = world.dial();
    await asking.connect({ scopes, caps: ["tool-events"] });
    const old = world.dial();
    await old.connect({ version: 3, scopes, caps: ["tool-events"] });
    const plain = await world.operator(4, scopes);
    const started = { phase: "start", name: "agents_list", args: {} };
    const ended = { phase: "result", name: "agents_list", isError: false };

    const hidden = await begin(plain, call("agents_list", {}));
    await Promise.all([asking, old, plain].map((wire) => ending(wire, hidden)));
    expect(tools(asking, hidden)).toMatchObject([started, ended]);
    expect(tools(old, hidden)).toEqual([]);
    expect(tools(plain, hidden)).toEqual([]);

    const shows = await plain.request("sessions.patch", { key: "main", verboseLevel: "on" });
    expect(errorOf(shows).message).toBe("");
    const shown = await begin(plain, call("agents_list", {}));
    await Promise.all([asking, old, plain].map((wire) => ending(wire, shown)));
    for (const wire of [asking, old, plain]) expect(tools(wire, shown)).toMatchObject([started, ended]);
  });
});

describe("who has which tools", () => {
  test("[agent-tools:owner] tools: a guest's run is offered nothing of the owner's, and calling it all the same does nothing", async () => {
    await using place = await chatPlace();
    await using world = await place.open();
    const guest = await world.operator();
    const said = await say(guest, call("write", { path: "a.txt", content: "mine" }));
    expect(said).toContain("There is no tool");
    await expect(readFile(join(place.workspace, "a.txt"))).rejects.toThrow("ENOENT");
    expect(offered(place)).toEqual(["message", "session_status"]);
    const owner = await world.operator(4, ALL);
    expect(await say(owner, call("write", { path: "a.txt", content: "mine" }))).toContain("a.txt");
    expect(await readFile(join(place.workspace, "a.txt"), "utf8")).toBe("mine");
    expect(offered(place)).toEqual(
      "agents_list edit exec message nodes read session_status sessions_history sessions_list sessions_send sessions_spawn write".split(
        " ",
      ),
    );
  });

  test("[agent-tools:owner] answers: files of the agent's folder are attached for the owner alone", async () => {
    await using place = await chatPlace();
    await writeFile(join(place.workspace, "diary.txt"), "dear diary");
    await using world = await place.open({
      telegram: { dmPolicy: "open", allowFrom: ["*"] },
      owners: [`telegram:${place.ann.id}`],
    });
    const { people } = place.telegram;
    const ask = "say this:\nMEDIA:diary.txt";
    people.say({ from: place.bob.id, text: ask });
    const [told] = await place.telegram.untilSent(place.bob.id, 1);
    people.say({ from: place.ann.id, text: ask });
    const sent = await place.telegram.untilSent(place.ann.id, 2);
    expect(sent.map(({ media }) => media?.fileName)).toContain("diary.txt");
    const { payload } = await (await world.operator(4, ALL)).request("deliveries.list", {});
    expect(payload).toMatchObject({ outbox: { open: 0 } });
    expect(told?.text).toContain("echo: say this:");
    expect(place.telegram.fromBots(place.bob.id)).toHaveLength(1);
  });

  test("[agent-tools:owner] tools: what the owner names for others they have, and nothing that a pattern would add", async () => {
    await using place = await chatPlace();
    await using world = await place.open({ toolRules: { forNonOwners: ["read", "*"] } });
    await writeFile(join(place.workspace, "plan.md"), "sow in May");
    const guest = await world.operator();
    expect(await say(guest, call("read", { path: "plan.md" }))).toContain("sow in May");
    expect(offered(place)).toEqual(["message", "read", "session_status"]);
  });

  test("[agent-tools:policy] tools: a group takes away from a sender by his id, in each form in which lists take it", async () => {
    for (const prefix of ["", "telegram:", "TG:"]) {
      await using place = await chatPlace();
      const { ann, family } = place;
      const toolsBySender = { [`${prefix}${ann.id}`]: { deny: ["read", "exec"] }, "*": { deny: ["write"] } };
      await using _world = await place.open({
        telegram: { groupAllowFrom: [ann.id], groups: { [family.id]: { requireMention: false, toolsBySender } } },
        owners: [`telegram:${ann.id}`],
      });
      place.telegram.people.say({ from: ann.id, chat: family.id, text: "hello" });
      await place.models.received(1);
      expect(offered(place), prefix).toContain("write");
      expect(offered(place), prefix).not.toContain("read");
    }
  });

  test("[agent-tools:policy] tools: the configuration takes away, for all, for an agent, for a model and for agents that it started", async () => {
    await using place = await chatPlace();
    await using world = await place.open({
      toolRules: {
        global: { deny: ["exec"], byProvider: { emulated: { deny: ["nodes"] } } },
        agent: () => ({ profile: "coding" }),
        subagent: { deny: ["write", "edit"] },
      },
    });
    const owner = await world.operator(4, ALL);
    await say(owner, "hello");
    expect(offered(place)).toEqual(
      "edit read session_status sessions_history sessions_list sessions_send sessions_spawn write".split(" "),
    );
    await say(owner, call("sessions_spawn", { task: "look around" }));
    await place.models.received(4);
    const child = place.models.requests.find(({ lastUserText }) => lastUserText === "look around");
    expect(child?.tools.toSorted()).toEqual(["read"]);
  });
});

describe("exec", () => {
  test("[agent-tools:exec] exec: runs what the owner allows from where he talks, exactly once, and says what it printed", async () => {
    await using place = await chatPlace();
    await using world = await place.open();
    const owner = await world.operator(4, ALL);
    await askOnHost(owner);
    const runId = await begin(owner, call("exec", { command: ["node", "-p", "6*7"] }));
    const asked = await question(owner);
    expect(asked.request).toMatchObject({ command: "node -p '6*7'", host: "gateway", sessionKey: "agent:main:main" });
    expect(place.models.count).toBe(1);
    expect((await owner.request("exec.approval.resolve", { id: asked.id, decision: "allow-once" })).ok).toBe(true);
    expect(await ending(owner, runId)).toMatch(/42[\s\S]*Exit code 0/);
    // It was allowed once: the next time is asked again.
    const again = await begin(owner, call("exec", { command: ["node", "-p", "6*7"] }));
    await owner.until(() => questions(owner).length === 2 || undefined);
    const second = questions(owner)[1];
    await owner.request("exec.approval.resolve", { id: second?.id, decision: "deny" });
    expect(await ending(owner, again)).toContain("The owner was asked, and said no.");
  });

  test("[agent-tools:exec] exec: what was allowed for always is remembered; what nobody answers doesn't run", async () => {
    await using place = await chatPlace();
    await using world = await place.open();
    const owner = await world.operator(4, ALL);
    await askOnHost(owner);
    const first = await begin(owner, call("exec", { command: ["uname", "-s"] }));
    await owner.request("exec.approval.resolve", { id: (await question(owner)).id, decision: "allow-always" });
    expect(await ending(owner, first)).toContain("Exit code 0");
    expect(await say(owner, call("exec", { command: ["uname", "-s"] }))).toContain("Exit code 0");
    expect(questions(owner)).toHaveLength(1);
    const unanswered = await begin(owner, call("exec", { command: ["node", "-p", "1"] }));
    await owner.until(() => questions(owner).length === 2 || undefined);
    for (let waited = 0; waited < 120_000; waited += 10_000) {
      place.clock.advance(10_000);
      await owner.request("health", {});
    }
    expect(await ending(owner, unanswered)).toContain("nobody answered in time");
  });

  test("[agent-tools:exec] exec: the configuration narrows the host's rules, and a stop ends the wait for an answer", async () => {
    await using place = await chatPlace();
    await using world = await place.open({ toolRules: { exec: { security: "deny", timeoutMs: 1_000 } } });
    const owner = await world.operator(4, ALL);
    await askOnHost(owner);
    expect(await say(owner, call("exec", { command: ["uname"] }))).toContain("It was not run");
    expect(questions(owner)).toEqual([]);
    await world.gateway.stop({ drainTimeoutMs: 0 });
    await using open = await place.open();
    const other = await open.operator(4, ALL);
    await askOnHost(other);
    const runId = await begin(other, call("exec", { command: ["uname"] }));
    await question(other);
    expect((await other.request("chat.abort", { sessionKey: "main", runId })).payload).toMatchObject({ aborted: true });
    await ending(other, runId);
  });

  test("[agent-tools:exec] exec: what a session is set to narrows the host's rules too, also for agents that it started", async () => {
    await using place = await chatPlace();
    await using world = await place.open();
    const owner = await world.operator(3, ALL);
    const file = { version: 1, defaults: { security: "full", ask: "off" } };
    expect((await owner.request("exec.approvals.set", { file })).ok).toBe(true);
    const uname = call("exec", { command: ["uname"] });
    expect(await say(owner, uname)).toContain("Exit code 0");
    const set = async (change: object): Promise<void> => {
      expect(errorOf(await owner.request("sessions.patch", { key: "main", ...change })).message).toBe("");
    };
    await set({ execSecurity: "deny" });
    expect(await say(owner, uname)).toContain("It was not run");
    await say(owner, call("sessions_spawn", { task: uname }));
    const back = await owner.event(
      "chat",
      (said: ChatPayload) => said.runId.startsWith("return-") && said.state !== "delta",
    );
    expect(textOf(back.payload as ChatPayload)).toContain("It was not run");
    await set({ execSecurity: null, execHost: "node" });
    expect(await say(owner, uname)).toContain("execHost: node");
    await set({ execHost: null, execAsk: "always" });
    const runId = await begin(owner, uname);
    const { id } = await question(owner);
    await owner.request("exec.approval.resolve", { id, decision: "deny" });
    expect(await ending(owner, runId)).toContain("said no");
  });

  test("[agent-tools:exec-asker] [R-40] exec: whoever isn't the owner can't answer what his own run asks", async () => {
    await using place = await chatPlace();
    await using world = await place.open({ toolRules: { forNonOwners: ["exec"] } });
    const admin = await world.operator(4, ALL);
    await askOnHost(admin);
    const device = await newDevice();
    const guest = await joinOperator(world, ["operator.read", "operator.write", "operator.approvals"], { device });
    const runId = await begin(guest, call("exec", { command: ["uname"] }));
    const { id } = await question(guest);
    const own = await guest.request("exec.approval.resolve", { id, decision: "allow-once" });
    expect(errorOf(own).detail).toBe("APPROVAL_OWN_REQUEST");
    await admin.request("exec.approval.resolve", { id, decision: "allow-once" });
    expect(await ending(guest, runId)).toContain("Exit code 0");
  });

  function questions(wire: Wire): Question[] {
    return wire.frames.flatMap((frame) =>
      frame.type === "event" && frame.event === "exec.approval.requested" ? [frame.payload as Question] : [],
    );
  }
});

describe("nodes", () => {
  test("[agent-tools:nodes] nodes: an agent lists, describes and invokes; what isn't allowed is said in words", async () => {
    await using place = await chatPlace();
    await using world = await place.open();
    const node = await joinNode(world, { displayName: "attic", commands: ["system.which", "canvas.eval"] });
    const owner = await world.operator(4, ALL);
    const listed = await say(owner, call("nodes", { action: "list" }));
    expect(listed).toContain(node.nodeId);
    expect(listed).toContain("attic");
    expect(await say(owner, call("nodes", { action: "describe", node: "Attic" }))).toContain("system.which");
    const invoke = { action: "invoke", node: "attic", command: "system.which", params: { bins: ["node"] } };
    const runId = await begin(owner, call("nodes", invoke));
    const asked = await node.asked();
    expect(asked).toMatchObject({ command: "system.which", paramsJSON: JSON.stringify({ bins: ["node"] }) });
    await node.answer(asked, { bins: { node: "/usr/bin/node" } });
    expect(await ending(owner, runId)).toContain("/usr/bin/node");
    const refused = await say(owner, call("nodes", { action: "invoke", node: "attic", command: "canvas.eval" }));
    expect(refused).toContain("COMMAND_NOT_ALLOWED");
    expect(await say(owner, call("nodes", { action: "invoke", node: "cellar", command: "x" }))).toContain(
      'There is no node "cellar"',
    );
  });

  test("[agent-tools:nodes] [R-34] nodes: a program runs when the owner allowed exactly what the node said would run", async () => {
    await using place = await chatPlace();
    await using world = await place.open();
    const node = await joinNode(world);
    const owner = await world.operator(4, ALL);
    const params = { command: ["uname", "-s"] };
    const runId = await begin(
      owner,
      call("nodes", { action: "invoke", node: node.nodeId, command: "system.run", params }),
    );
    const prepare = await node.asked();
    expect(prepare.command).toBe("system.run.prepare");
    const about = { agentId: "main", sessionKey: "agent:main:main" };
    const plan = planOf(params.command, about);
    const policy = {
      security: "allowlist",
      ask: "on-miss",
      autoAllowSkills: false,
      sources: { security: "x", ask: "x" },
    };
    await node.answer(prepare, { plan, verdict: "ask", reason: "not on the list", policy });
    const { id, request } = await question(owner);
    expect(request).toMatchObject({ command: "uname -s", host: "node", sessionKey: "agent:main:main" });
    await owner.request("exec.approval.resolve", { id, decision: "allow-once" });
    const run = await node.asked();
    expect(run.command).toBe("system.run");
    const sent = JSON.parse(run.paramsJSON ?? "") as Record<string, unknown>;
    expect(sent).toMatchObject({
      ...params,
      ...about,
      approved: true,
      approvalDecision: "allow-once",
      systemRunPlan: plan,
    });
    const result = { exitCode: 0, timedOut: false, success: true, stdout: "Linux\n", stderr: "", error: null };
    await node.answer(run, result);
    expect(await ending(owner, runId)).toContain("Linux");

    const other = await begin(owner, call("nodes", { action: "invoke", node: "attic", command: "system.run", params }));
    await node.answer(await node.asked(), { plan, verdict: "denied", reason: "the node runs nothing", policy });
    expect(await ending(owner, other)).toContain("the node runs nothing");
  });
});

describe("message", () => {
  test("[agent-tools:message] message: goes out once through the channel that is named; what can't be is said in words", async () => {
    await using place = await chatPlace();
    await using world = await place.open({ telegram: {} });
    const owner = await world.operator(4, ALL);
    await writeFile(join(place.workspace, "notes.txt"), "sow in May");
    place.telegram.people.say({ from: place.ann.id, text: "hi" });
    await place.telegram.untilSent(place.ann.id, 1);
    const to = String(place.ann.id);
    const send = { action: "send", channel: "telegram", to, text: "supper at **seven**", files: ["notes.txt"] };
    expect(await say(owner, call("message", send))).toContain("Done.");
    const sent = place.telegram.fromBots(place.ann.id);
    expect(sent.slice(1).map(({ text }) => text)).toContain("supper at seven");
    expect(sent).toHaveLength(3);
    const elsewhere = { action: "send", channel: "carrier-pigeon", to: "1", text: "x" };
    expect(await say(owner, call("message", elsewhere))).toContain("unsupported channel: carrier-pigeon");
    const nobody = { action: "send", channel: "telegram", to: "not a chat", text: "x" };
    expect(await say(owner, call("message", nobody))).toContain("no target of telegram");
    const guest = await world.operator();
    expect(await say(guest, call("message", send))).toContain("Only the owner");
    expect(place.telegram.fromBots(place.ann.id)).toHaveLength(3);
  });
});

describe("sessions", () => {
  test("[agent-tools:sessions] sessions: an agent finds another conversation, reads it, and writes into it", async () => {
    await using place = await chatPlace();
    await using world = await place.open();
    const owner = await world.operator(4, ALL);
    await say(owner, "the key is under the mat", "agent:main:garden");
    expect(await say(owner, call("sessions_list", {}))).toContain("agent:main:garden");
    const history = await say(owner, call("sessions_history", { sessionKey: "agent:main:garden" }));
    expect(history).toContain("under the mat");
    const answer = await say(
      owner,
      call("sessions_send", { sessionKey: "agent:main:garden", message: "still there?" }),
    );
    expect(answer).toContain("still there?");
    expect(answer).toContain('"status": "ok"');
    const { payload } = await owner.request("chat.history", { sessionKey: "agent:main:garden" });
    expect((payload as { messages: unknown[] }).messages).toHaveLength(4);
    const foreign = await say(owner, call("sessions_history", { sessionKey: "agent:other:main" }));
    expect(foreign).toContain("There is no session agent:other:main that you may reach");
    expect(await say(owner, call("session_status", { model: "n" }))).toContain("emulated/n");
    await say(owner, "now");
    expect(place.models.requests.at(-1)?.model).toBe("n");
    expect(await say(owner, call("session_status", { model: "gpt-0" }))).toContain("unknown model: gpt-0");
  });

  test("[agent-tools:sessions] sessions_list: sessions of other agents take no place among those that are told", async () => {
    await using place = await chatPlace();
    const other = { id: "other", workspace: place.workspace };
    await using world = await place.open({ settings: (usual) => ({ ...usual, agents: [...usual.agents, other] }) });
    const owner = await world.operator(4, ALL);
    for (const key of ["agent:main:garden", "agent:other:a", "agent:other:b"]) await say(owner, "hello", key);
    const listed = await say(owner, call("sessions_list", { limit: 2 }));
    expect(listed).toContain("agent:main:garden");
    expect(listed).not.toContain("agent:other");
  });

  test("[agent-tools:spawn] sessions_spawn: a task is done beside, and its answer comes back once, to the session and to the person", async () => {
    await using place = await chatPlace();
    await using world = await place.open({
      telegram: { dmPolicy: "open", allowFrom: ["*"] },
      owners: [`telegram:${place.ann.id}`],
    });
    const owner = await world.operator(4, ALL);
    const spawn = call("sessions_spawn", { task: "count the beds", label: "beds", cleanup: "delete" });
    place.telegram.people.say({ from: place.ann.id, text: spawn });
    const back = await owner.event(
      "chat",
      (said: ChatPayload) => said.runId.startsWith("return-") && said.state !== "delta",
    );
    expect(textOf(back.payload as ChatPayload)).toContain("echo: count the beds");
    await expect.poll(() => place.telegram.fromBots(place.ann.id).map(({ text }) => text)).toHaveLength(2);
    expect(place.telegram.fromBots(place.ann.id)[1]?.text).toContain("echo: count the beds");
    const asked = place.models.requests.filter(({ lastUserText }) => lastUserText.includes("echo: count the beds"));
    expect(asked).toHaveLength(1);
    expect(asked[0]?.lastUserText).toContain('"beds" is done');
    await expect
      .poll(async () => {
        const { payload } = await owner.request("sessions.list", {});
        return (payload as { sessions: { key: string }[] }).sessions.map(({ key }) => key);
      })
      .toEqual(["agent:main:main"]);
  });

  test("[agent-tools:spawn] sessions_spawn: what one person had done is told to that person, also when another one wrote into the session meanwhile", async () => {
    await using place = await chatPlace();
    await using world = await place.open({
      telegram: { dmPolicy: "open", allowFrom: ["*"] },
      owners: [`telegram:${place.ann.id}`],
    });
    const owner = await world.operator(4, ALL);
    place.models.script({ when: { model: "n" }, answer: { text: "seven" }, pace: "manual" });
    const spawn = call("sessions_spawn", { task: "count the keys", model: "n" });
    place.telegram.people.say({ from: place.ann.id, text: spawn });
    await place.telegram.untilSent(place.ann.id, 1);
    place.telegram.people.say({ from: place.bob.id, text: "hello" });
    await place.telegram.untilSent(place.bob.id, 1);
    place.models.release(100);
    await owner.event("chat", (said: ChatPayload) => said.runId.startsWith("return-") && said.state !== "delta");
    await expect.poll(() => place.telegram.fromBots(place.ann.id).map(({ text }) => text)).toHaveLength(2);
    expect(place.telegram.fromBots(place.ann.id)[1]?.text).toContain("seven");
    expect(place.telegram.fromBots(place.bob.id).map(({ text }) => text)).toEqual(["echo: hello"]);
  });

  test("[agent-tools:spawn] sessions_spawn: a stop ends what the session had started too, and nothing of it comes back", async () => {
    await using place = await chatPlace();
    await using world = await place.open();
    const owner = await world.operator(4, ALL);
    place.models.script({ when: { model: "n" }, answer: { text: "seven" }, pace: "manual" });
    const spawn = call("sessions_spawn", { task: "count the keys", model: "n" });
    const asked = (count: number) =>
      expect.poll(() => place.models.requests.filter(({ model }) => model === "n")).toHaveLength(count);
    expect(await say(owner, spawn)).toContain("accepted");
    await asked(1);
    const stop = await owner.request("chat.send", { sessionKey: "main", message: "/stop", idempotencyKey: "stop-1" });
    expect(stop.payload).toMatchObject({ aborted: true, runIds: [expect.stringMatching(/^spawn-/)] });
    await place.models.abandoned(1);
    expect(await say(owner, spawn)).toContain("accepted");
    await asked(2);
    expect((await owner.request("sessions.reset", { key: "main" })).ok).toBe(true);
    await place.models.abandoned(2);
    expect(await say(owner, "and now?")).toContain("echo: and now?");
    const returned = owner.frames.filter(
      (frame) => frame.type === "event" && (frame.payload as ChatPayload).runId?.startsWith("return-"),
    );
    expect(returned).toEqual([]);
  });
});
