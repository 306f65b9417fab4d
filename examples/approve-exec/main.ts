// A program asks to run something on a node, its owner allows exactly that, once, and nothing else runs.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDeviceIdentity, GatewayClient } from "@saltgate/client";
import { systemRunPreparedSchema } from "@saltgate/protocol";
import { startGateway } from "../support/gateway.ts";
import { newMachine } from "../support/machine.ts";

await using gateway = await startGateway();
const { setupCode } = JSON.parse(await gateway.saltgate("nodes", "invite", "--json")) as { setupCode: string };

// The node's rules: what its list doesn't name, a person is asked about. Its list names nothing.
await using pi = await newMachine({ version: 1, defaults: { security: "allowlist", ask: "on-miss" } });
await pi.saltgate("node", "join", setupCode, "--display-name", "pi");
await pi.startNode();
const folder = await mkdtemp(join(tmpdir(), "saltgate-deploy-"));
await writeFile(join(folder, "deploy.sh"), "echo deployed $1\n");

async function connect(scopes: readonly string[]): Promise<GatewayClient> {
  const { url, token } = gateway;
  const client = new GatewayClient({ url, token, identity: await createDeviceIdentity(), scopes });
  await client.connect({ signal: AbortSignal.timeout(30_000) });
  return client;
}

// The owner's device, which shows questions. Whoever asks can't answer, so it is another one than the program's.
await using owner = await connect(["operator.approvals"]);
owner.on("exec.approval.requested", ({ payload: { id, request } }) => {
  console.log(`The owner is asked: ${request.command}, in ${request.cwd}`);
  const decision = request.commandArgv?.[2] === "staging" ? "allow-once" : "deny";
  void owner.request("exec.approval.resolve", { id, decision });
});

await using program = await connect(["operator.read", "operator.write", "operator.approvals"]);
const { nodes } = await program.request("node.list", {});
const nodeId = nodes.find(({ displayName }) => displayName === "pi")?.nodeId ?? "";
const invoke = async (command: string, params: object): Promise<unknown> =>
  (await program.request("node.invoke", { nodeId, command, params, idempotencyKey: crypto.randomUUID() })).payload;

/** Asks for a run: the node says what exactly would run, and the owner says yes or no to that. */
async function ask(command: string[]): Promise<{ runId: string; decision: string | null | undefined }> {
  const { plan, verdict } = systemRunPreparedSchema().parse(
    await invoke("system.run.prepare", { command, cwd: folder }),
  );
  assert.equal(verdict, "ask");
  const { id } = await program.request("exec.approval.request", {
    nodeId,
    host: "node",
    systemRunPlan: plan,
    twoPhase: true,
  });
  const { decision } = await program.request("exec.approval.waitDecision", { id });
  return { runId: id, decision };
}
const run = (command: string[], runId: string): Promise<unknown> =>
  invoke("system.run", { command, cwd: folder, runId, approved: true });

const staging = ["/bin/sh", "deploy.sh", "staging"];
const production = ["/bin/sh", "deploy.sh", "production"];

// Without a question, nothing. That it says so itself makes no difference.
await assert.rejects(invoke("system.run", { command: staging, cwd: folder, approved: true }), /SYSTEM_RUN_DENIED/);

const first = await ask(staging);
assert.equal(first.decision, "allow-once");
// Another command than the one that was allowed is refused, and the approval is still good for the right one.
await assert.rejects(run(production, first.runId), { detailCode: "APPROVAL_MISMATCH" });
assert.equal(((await run(staging, first.runId)) as { stdout: string }).stdout, "deployed staging\n");
console.log("It ran, as it was shown.");
// It was for one run.
await assert.rejects(run(staging, first.runId), { detailCode: "APPROVAL_USED" });

// Allowed, and then somebody changes the script: it isn't what the owner was shown any more.
const second = await ask(staging);
await writeFile(join(folder, "deploy.sh"), "echo something else\n");
await assert.rejects(run(staging, second.runId), { code: "UNAVAILABLE" });
console.log("The script was changed after that, so it didn't run.");

assert.equal((await ask(production)).decision, "deny");
console.log("And the owner said no to production.");
await rm(folder, { recursive: true });
