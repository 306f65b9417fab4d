import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  agentTools,
  type ExecEnding,
  type ExecRequest,
  type MessagePort,
  type NodesPort,
  type SessionReach,
  type SessionsPort,
} from "../../src/index.ts";
import { boundedText } from "../../src/tools/bounded-text.ts";
import { argvOf } from "../../src/tools/exec-tool.ts";
import { contextOf, guest, named, textOf, Workspace } from "./world.ts";

const files = agentTools({});

test("[tools:arguments] every tool tells the shape of its arguments, and refuses what doesn't fit, doing nothing", async () => {
  const { tools, orders } = worldOfPorts();
  expect(tools.map(({ description }) => description.name)).toEqual([
    "read",
    "write",
    "edit",
    "exec",
    "nodes",
    "message",
    "sessions_list",
    "sessions_history",
    "sessions_send",
    "sessions_spawn",
    "session_status",
    "agents_list",
  ]);
  for (const tool of tools) {
    expect(tool.description.parameters, tool.description.name).toMatchObject({
      type: "object",
      additionalProperties: false,
    });
    for (const nonsense of ['{"path": "a.tx', null, [], 7, { nonsense: true }]) {
      const outcome = await tool.call(nonsense, contextOf());
      expect(outcome.isError, tool.description.name).toBe(true);
      expect(textOf(outcome)).toContain("nothing was done");
    }
  }
  expect(orders).toEqual([]);
});

test("[tools:arguments] what a model is told has types, names and words, and no bounds that a server could choke on", () => {
  const { description } = named(files, "read");
  expect(description.parameters).toEqual({
    type: "object",
    properties: {
      path: { type: "string", description: expect.stringContaining("workspace") },
      offset: { type: "integer", description: expect.any(String) },
      limit: { type: "integer", description: expect.any(String) },
    },
    required: ["path"],
    additionalProperties: false,
  });
});

test("[tools:owner-only] what changes things or reaches beyond the conversation is the owner's", () => {
  const { tools } = worldOfPorts();
  expect(tools.filter(({ ownerOnly }) => !ownerOnly).map(({ description }) => description.name)).toEqual([
    "message",
    "session_status",
  ]);
});

test("[tools:untrusted] output that others can shape is marked as such", () => {
  const { tools } = worldOfPorts();
  expect(tools.filter(({ untrustedOutput }) => untrustedOutput).map(({ description }) => description.name)).toEqual([
    "read",
    "exec",
    "nodes",
    "sessions_list",
    "sessions_history",
    "sessions_send",
    "session_status",
  ]);
});

test("[tools:files] read: lines from and to, images, folders, and what is no text", async () => {
  await using workspace = await Workspace.make();
  const context = contextOf({ workspace: workspace.path });
  const read = named(files, "read");
  await writeFile(join(workspace.path, "a.txt"), "one\ntwo\nthree\nfour");
  expect(textOf(await read.call({ path: "a.txt" }, context))).toBe("one\ntwo\nthree\nfour");
  expect(textOf(await read.call({ path: "a.txt", offset: 2, limit: 2 }, context))).toBe(
    "two\nthree\n[... 1 more lines: read on with offset 4 ...]",
  );
  expect(await read.call({ path: "a.txt", offset: 9 }, context)).toMatchObject({ isError: true });
  expect(textOf(await read.call({ path: "." }, context))).toBe("a.txt");
  await writeFile(join(workspace.path, "b.png"), Buffer.from("89504e470d0a1a0a0000", "hex"));
  expect((await read.call({ path: "b.png" }, context)).content[1]).toEqual({
    type: "image",
    data: "iVBORw0KGgoAAA==",
    mimeType: "image/png",
  });
  await writeFile(join(workspace.path, "c.bin"), Buffer.from([1, 0, 2]));
  expect(textOf(await read.call({ path: "c.bin" }, context))).toBe("c.bin isn't text.");
  await writeFile(join(workspace.path, "long.txt"), "0123456789\n".repeat(50_000));
  const long = textOf(await read.call({ path: "long.txt" }, context));
  expect(Buffer.byteLength(long)).toBeLessThan(66_000);
  expect(long).toContain("more lines: read on with offset 2001");
});

test("[tools:files] write and edit: what was said is there, and an edit that could mean two places changes nothing", async () => {
  await using workspace = await Workspace.make();
  const context = contextOf({ workspace: workspace.path });
  const [read, write, edit] = ["read", "write", "edit"].map((name) => named(files, name));
  expect(textOf(await write!.call({ path: "d/a.txt", content: "a b a" }, context))).toBe("Wrote 5 bytes to d/a.txt.");
  expect(await edit!.call({ path: "d/a.txt", oldText: "a", newText: "x" }, context)).toMatchObject({ isError: true });
  expect(await edit!.call({ path: "d/a.txt", oldText: "c", newText: "x" }, context)).toMatchObject({ isError: true });
  expect(textOf(await edit!.call({ path: "d/a.txt", oldText: "b", newText: "$& $1" }, context))).toBe(
    "Changed d/a.txt.",
  );
  expect(textOf(await read!.call({ path: "d/a.txt" }, context))).toBe("a $& $1 a");
});

test("[tools:bounded] texts are cut between whole characters, and say what is missing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 600 }), fc.integer({ min: 80, max: 300 }), (text, max) => {
      const cut = boundedText(text, max);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(max);
      // None but those that the text has itself.
      expect(cut.split("\ufffd").length).toBeLessThanOrEqual(text.split("\ufffd").length);
      if (Buffer.byteLength(text) <= max) expect(cut).toBe(text);
      else expect(cut).toContain("left out");
    }),
  );
});

test("[R-33] [tools:exec] exec: plain words are a program, anything else is a shell that stands there by name", () => {
  expect(argvOf("git status -s", "linux")).toEqual(["git", "status", "-s"]);
  expect(argvOf("echo 'two words'", "linux")).toEqual(["echo", "two words"]);
  for (const text of ["ls | wc", "echo $HOME", "ls *.txt", "a; b", "echo `id`", 'echo "$(id)"', "a\nb", "a > b"])
    expect(argvOf(text, "linux"), text).toEqual(["/bin/sh", "-c", text]);
  expect(argvOf(["ls", "*.txt", "$HOME"], "linux")).toEqual(["ls", "*.txt", "$HOME"]);
  expect(argvOf("dir & del x", "win32")).toEqual(["cmd.exe", "/d", "/s", "/c", "dir & del x"]);
});

test("[tools:exec] exec: the port is asked with a key of the call, and its ending is told", async () => {
  const { endings, orders, tools } = worldOfPorts();
  const exec = named(tools, "exec");
  const ended = {
    state: "ended" as const,
    exitCode: 3,
    signal: null,
    timedOut: false,
    stdout: "out",
    stderr: "err",
    truncated: true,
  };
  endings.push(ended, { state: "refused", message: "The owner said no." });
  const outcome = await exec.call({ command: "git status", workdir: "sub", timeout: 2 }, contextOf());
  expect(textOf(outcome)).toBe("out\n[stderr]\nerr\n[There was more output; it is gone.]\nExit code 3.");
  expect(outcome.isError).toBe(true);
  expect(orders[0]).toMatchObject({
    argv: ["git", "status"],
    cwd: "sub",
    timeoutMs: 2_000,
    agentId: "main",
    sessionKey: "agent:main:main",
    idempotencyKey: "run-1:call-1",
  });
  expect(await exec.call({ command: "rm -r x" }, contextOf())).toMatchObject({
    isError: true,
    content: [{ text: "It was not run. The owner said no." }],
  });
});

test("[R-32] [tools:nodes] nodes: lists, describes and invokes, and never says what only the gateway or the owner may", async () => {
  const { orders, tools } = worldOfPorts();
  const nodes = named(tools, "nodes");
  expect(textOf(await nodes.call({ action: "list" }, contextOf()))).toContain('"pi"');
  expect(await nodes.call({ action: "describe", node: "gone" }, contextOf())).toMatchObject({ isError: true });
  expect(
    await nodes.call(
      { action: "invoke", node: "pi", command: "camera.snap", params: { facing: "front" } },
      contextOf(),
    ),
  ).toMatchObject({ isError: false });
  expect(orders).toEqual([
    {
      node: "pi",
      command: "camera.snap",
      params: { facing: "front" },
      timeoutMs: undefined,
      idempotencyKey: "run-1:call-1",
    },
  ]);
  for (const field of ["approved", "approvalDecision", "systemRunPlan", "runId"])
    expect(
      await nodes.call(
        { action: "invoke", node: "pi", command: "system.run", params: { command: ["id"], [field]: true } },
        contextOf(),
      ),
    ).toMatchObject({ isError: true });
  expect(
    await nodes.call({ action: "invoke", node: "pi", command: "system.execApprovals.set", params: {} }, contextOf()),
  ).toMatchObject({ isError: true });
  expect(orders).toHaveLength(1);
});

const here = { channel: "telegram", accountId: "default", to: "42", isDirect: false, replyToId: "m9" };

test("[tools:message] message: acts where the run is unless said otherwise, with a key of the call", async () => {
  const { orders, tools } = worldOfPorts();
  const message = named(tools, "message");
  const context = contextOf({ reply: here });
  await message.call({ action: "send", text: "hi" }, context);
  await message.call({ action: "reply", text: "hi" }, context);
  await message.call({ action: "send", channel: "signal", to: "+1555", text: "hi" }, context);
  await message.call({ action: "react", messageId: "m1", emoji: "👍" }, context);
  await message.call({ action: "poll", question: "?", options: ["a", "b"], maxSelections: 9 }, context);
  expect(orders).toMatchObject([
    {
      target: { channel: "telegram", accountId: "default", to: "42" },
      action: { type: "send", replyToId: undefined },
      idempotencyKey: "run-1:call-1",
    },
    { action: { type: "send", replyToId: "m9" } },
    { target: { channel: "signal", accountId: undefined, to: "+1555" } },
    { action: { type: "react", messageId: "m1", emoji: "👍", remove: false } },
    { action: { type: "poll", maxSelections: 2 } },
  ]);
  expect(await message.call({ action: "send", text: "hi" }, contextOf())).toMatchObject({ isError: true });
  expect(await message.call({ action: "send", channel: "signal", text: "hi" }, context)).toMatchObject({
    isError: true,
  });
  expect(await message.call({ action: "edit", text: "hi" }, context)).toMatchObject({ isError: true });
});

test("[tools:message] message: others than the owner act in their own conversation, and send no files", async () => {
  await using workspace = await Workspace.make();
  await writeFile(join(workspace.path, "a.txt"), "file");
  const { orders, tools } = worldOfPorts();
  const message = named(tools, "message");
  const context = contextOf({ reply: here, principal: guest, workspace: workspace.path });
  await message.call({ action: "send", text: "hi" }, context);
  for (const elsewhere of [{ to: "43" }, { channel: "signal", to: "42" }, { accountId: "other" }, { threadId: "5" }])
    expect(
      await message.call({ action: "send", text: "hi", ...elsewhere }, context),
      JSON.stringify(elsewhere),
    ).toMatchObject({ isError: true });
  expect(await message.call({ action: "send", text: "hi", files: ["a.txt"] }, context)).toMatchObject({
    isError: true,
  });
  expect(orders).toHaveLength(1);
});

test("[tools:message] message: in a group others than the owner have no message changed or taken back, whoever wrote it", async () => {
  const { orders, tools } = worldOfPorts();
  const message = named(tools, "message");
  const wanted = [
    { action: "unsend", messageId: "7" },
    { action: "edit", messageId: "7", text: "something else" },
  ];
  for (const asked of wanted)
    expect(await message.call(asked, contextOf({ reply: here, principal: guest }))).toMatchObject({ isError: true });
  expect(orders).toEqual([]);
  for (const asked of wanted) {
    await message.call(asked, contextOf({ reply: here }));
    await message.call(asked, contextOf({ reply: { ...here, isDirect: true }, principal: guest }));
  }
  expect(orders).toHaveLength(4);
});

test("[tools:message] message: files come from the workspace and from nowhere else, as bytes", async () => {
  await using workspace = await Workspace.make();
  await writeFile(join(workspace.path, "a.txt"), "file");
  await writeFile(join(workspace.outside, "secret"), "s-secret");
  const { orders, tools } = worldOfPorts();
  const message = named(tools, "message");
  const context = contextOf({ reply: here, workspace: workspace.path });
  await message.call({ action: "send", files: ["a.txt"] }, context);
  expect(orders).toMatchObject([{ action: { files: [{ fileName: "a.txt", bytes: Buffer.from("file") }] } }]);
  for (const path of ["../secret", "/etc/passwd", join(workspace.outside, "secret"), "a.txt\0"])
    expect(await message.call({ action: "send", files: [path] }, context), path).toMatchObject({ isError: true });
  expect(orders).toHaveLength(1);
});

test("[tools:sessions] sessions: those of other agents are out of reach until the owner opens both ways", async () => {
  const { orders, reach, tools } = worldOfPorts();
  const context = contextOf();
  const list = async (): Promise<string[]> =>
    (JSON.parse(textOf(await named(tools, "sessions_list").call({}, context))) as { key: string }[]).map(
      ({ key }) => key,
    );
  expect(await list()).toEqual(["agent:main:main", "agent:main:telegram:group:1"]);
  const foreign = { sessionKey: "agent:work:main" };
  expect(await named(tools, "sessions_history").call(foreign, context)).toMatchObject({ isError: true });
  expect(await named(tools, "sessions_send").call({ ...foreign, message: "x" }, context)).toMatchObject({
    isError: true,
  });
  expect(await named(tools, "session_status").call(foreign, context)).toMatchObject({ isError: true });
  expect(orders).toEqual([]);
  reach.current = { ...reach.current, agentToAgent: { enabled: true, allow: ["work"] } };
  expect(await list()).not.toContain("agent:work:main");
  reach.current = { ...reach.current, agentToAgent: { enabled: true, allow: ["work", "main"] } };
  expect(await list()).toContain("agent:work:main");
  expect(await list()).not.toContain("global");
  expect(
    await named(tools, "sessions_send").call({ ...foreign, message: "x", timeoutSeconds: 0 }, context),
  ).toMatchObject({ isError: false });
  expect(orders).toEqual([
    { sessionKey: "agent:work:main", message: "x", timeoutMs: 0, idempotencyKey: "run-1:call-1" },
  ]);
});

test("[tools:sessions] sessions: nobody writes to himself, and others than the owner see and change nothing but their own status", async () => {
  const { orders, tools } = worldOfPorts();
  expect(
    await named(tools, "sessions_send").call({ sessionKey: "AGENT:main:main", message: "x" }, contextOf()),
  ).toMatchObject({ isError: true });
  const status = named(tools, "session_status");
  const context = contextOf({ principal: guest });
  expect(await status.call({}, context)).toMatchObject({ isError: false });
  expect(await status.call({ model: "x/y" }, context)).toMatchObject({ isError: true });
  expect(await status.call({ sessionKey: "agent:main:telegram:group:1" }, context)).toMatchObject({ isError: true });
  expect(orders).toEqual([]);
});

test("[tools:sessions] sessions: an agent starts itself, and others that the owner says", async () => {
  const { orders, reach, tools } = worldOfPorts();
  const spawn = named(tools, "sessions_spawn");
  expect(await spawn.call({ task: "t", agentId: "work" }, contextOf())).toMatchObject({ isError: true });
  expect(JSON.parse(textOf(await spawn.call({ task: "t", label: "l" }, contextOf())))).toEqual({
    status: "accepted",
    runId: "r2",
    childSessionKey: "agent:main:subagent:1",
  });
  expect(textOf(await named(tools, "agents_list").call({}, contextOf()))).not.toContain("work");
  reach.current = { ...reach.current, allowAgents: () => ["work"] };
  expect(textOf(await named(tools, "agents_list").call({}, contextOf()))).toContain("work");
  expect(await spawn.call({ task: "t", agentId: "Work" }, contextOf())).toMatchObject({ isError: false });
  expect(orders).toMatchObject([
    { task: "t", label: "l", agentId: "main", idempotencyKey: "run-1:call-1" },
    { agentId: "work" },
  ]);
});

test("[tools:arguments] a run that was stopped does nothing more", async () => {
  const { orders, tools } = worldOfPorts();
  const stopped = contextOf({ signal: AbortSignal.abort(new Error("stop")), reply: here });
  await expect(named(tools, "message").call({ action: "send", text: "x" }, stopped)).rejects.toThrow("stop");
  expect(orders).toEqual([]);
});

/** Ports that note what they are asked to do, and tools over them. */
function worldOfPorts() {
  const orders: unknown[] = [];
  const endings: ExecEnding[] = [];
  const reach: { current: SessionReach } = {
    current: {
      agentToAgent: { enabled: false, allow: [] },
      allowAgents: () => [],
      agents: [{ id: "main" }, { id: "work", name: "Work" }],
    },
  };
  const nodes: NodesPort = {
    list: async () => [{ id: "pi", name: undefined, isConnected: true, platform: "linux", commands: ["camera.snap"] }],
    describe: async (node) => (node === "pi" ? { id: "pi" } : undefined),
    async invoke(order) {
      orders.push(order);
      return { ok: true, payload: { done: true } };
    },
  };
  const message: MessagePort = {
    async act(order) {
      orders.push(order);
      return { ok: true, state: "sent", messageId: "m1" };
    },
  };
  const keys = ["agent:main:main", "agent:main:telegram:group:1", "agent:work:main", "global"];
  const port: SessionsPort = {
    list: async () => keys.map((key) => ({ key })),
    history: async ({ sessionKey }) => (keys.includes(sessionKey) ? [] : undefined),
    find: async () => undefined,
    async send(order) {
      orders.push(order);
      return { status: "accepted", runId: "r3" };
    },
    async spawn(order) {
      orders.push(order);
      return { runId: "r2", childSessionKey: "agent:main:subagent:1" };
    },
    status: async ({ sessionKey }) => ({ sessionKey }),
  };
  const tools = agentTools({
    exec: {
      platform: "linux",
      port: {
        async run(request: ExecRequest) {
          orders.push(request);
          return endings.shift() ?? { state: "refused", message: "nothing is scripted" };
        },
      },
    },
    nodes,
    message,
    sessions: { port, reach: () => reach.current },
  });
  return { endings, orders, reach, tools };
}
