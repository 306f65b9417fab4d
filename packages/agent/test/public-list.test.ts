import { expect, test } from "vitest";
import * as agent from "../src/index.ts";

test("agent: the public list is exactly this", () => {
  expect(Object.keys(agent).toSorted()).toEqual(["AgentError","AgentRuntime","BackendError","BuiltInBackend","SessionStore","agentIdOf","agentOf","agentSchema","builtInModel","changeSettings","chatCommands","defaultAgentSettings","defaultRetention","directSessionKey","isAgentId","isBackendError","isMainSessionKey","isStopText","keyPart","mainAgentId","mainSessionKey","maxSessionKeyChars","maySend","modelName","parseChatCommand","parseModelRef","parseSessionKey","queueModeOf","resolveModel","resolveSessionKey","roomSessionKey","routeTo","sessionEntry","sessionKindOf","sessionRow","sessionTitle","sessionTypeOf","shapeReply","sweep","systemPrompt","thinkingLevelOf","thinkingLevels","threadSessionKey","untrusted","visibleSoFar"]);
});
