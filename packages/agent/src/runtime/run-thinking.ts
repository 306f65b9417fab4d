import { BackendError, isBackendError, type ModelInfo } from "../backend.ts";
import { modelContext } from "../prompt/model-context.ts";
import { thinkingLevelOf } from "../session/session-settings.ts";
import { type AgentSettings, type ModelChain, usualThinking } from "../settings.ts";
import type { Tool } from "../tool.ts";
import type { MessagePart } from "../transcript.ts";
import {
  afterFailure,
  afterSuccess,
  chooseModel,
  mayFailOver,
  modelName,
  parseModelRef,
  resolveModel,
} from "./model-choice.ts";
import type { RunPort } from "./ports.ts";
import type { Begun } from "./run-begin.ts";
import type { RunTally } from "./run-tally.ts";
import type { RunVoice } from "./run-voice.ts";
import { type Thought, ThoughtCollector, thinkStep } from "./thought-step.ts";

/** What one step of a run is thought over. */
export interface StepWorld {
  readonly begun: Begun;
  readonly voice: RunVoice;
  readonly tally: RunTally;
  readonly signal: AbortSignal;
  readonly tools: readonly Tool[];
  readonly system: string;
  readonly chain: ModelChain;
  /** What was said, also when the step doesn't come to its end. */
  readonly collect: { parts: readonly MessagePart[] };
}

/** For models that don't say how much they can remember. */
const defaultContextTokens = 128_000;

/** Which models may answer, the chosen one first. */
export function modelChainOf({ agent, request, session, settings }: Begun, models: readonly ModelInfo[]): ModelChain {
  const standard = agent.model ?? settings.model;
  const chosen = request.options?.model ?? session.settings.model;
  if (chosen === undefined) return standard;
  const primary = resolveModel(chosen, models, settings.modelAliases) ?? chosen;
  return { primary, fallbacks: standard.fallbacks.filter((name) => name !== primary) };
}

/** One step, by the first model that can. Another one answers only as long as nothing was shown. */
export async function thinkWithFailover(port: RunPort, step: StepWorld): Promise<Thought> {
  const { begun, signal, tally, voice } = step;
  const { clock, cooldowns } = port;
  const tried = new Set<string>();
  let last: unknown;
  let contextShare = 0.75;
  // A model that answered goes on answering in this run.
  const chain =
    tally.model === undefined
      ? step.chain
      : { primary: tally.model, fallbacks: [step.chain.primary, ...step.chain.fallbacks] };
  for (;;) {
    const name = chooseModel(chain, tried, cooldowns.value, clock.now());
    if (name === undefined) throw last ?? new BackendError("unavailable", "No model is configured.");
    try {
      const thought = await thinkWith(name, port, step, contextShare);
      cooldowns.value = afterSuccess(cooldowns.value, name);
      tally.model = thought.model === undefined ? name : modelName(thought.model);
      return thought;
    } catch (error) {
      signal.throwIfAborted();
      if (!isBackendError(error)) {
        port.log.error(
          { runId: begun.turn.runId, model: name, error: String(error) },
          "a backend failed without saying why",
        );
        throw new BackendError(
          "unknown",
          `The backend of ${name} failed. What it said is in the log (\`logs\` in the state folder).`,
          {
            cause: error,
          },
        );
      }
      last = error;
      if (voice.spokeInStep) throw error;
      if (error.kind === "context_length" && contextShare > 0.15) {
        voice.compaction("start");
        contextShare /= 2;
        voice.compaction("end");
        continue;
      }
      if (!mayFailOver(error.kind)) throw error;
      cooldowns.value = afterFailure(cooldowns.value, name, error, clock.now());
      tried.add(name);
      port.log.warn(
        { runId: begun.turn.runId, model: name, kind: error.kind },
        "a model can't answer; trying the next one",
      );
    }
  }
}

async function thinkWith(name: string, port: RunPort, step: StepWorld, contextShare: number): Promise<Thought> {
  const { begun, voice } = step;
  const { backends, clock, newId } = port;
  const model = parseModelRef(name);
  if (model === undefined) throw new BackendError("unavailable", `"${name}" names no model: it reads provider/model.`);
  const backend = await backends.for(model);
  const info = backend.models().find((one) => one.provider === model.provider && one.model === model.model);
  const { request, session, settings, turn } = begun;
  const wanted = thinkingLevelOf(request.options?.thinking ?? session.settings.thinkingLevel ?? "");
  const thinking = wanted ?? usualThinking(settings, turn.agentId, info);
  step.tally.thinking = thinking;
  const collector = new ThoughtCollector(
    { text: (soFar) => voice.text(soFar) },
    () => `call_${newId()}`,
    begun.callIds,
  );
  try {
    return await thinkStep({
      backend,
      clock,
      collector,
      signal: step.signal,
      silenceMs: settings.silenceMs,
      request: {
        runId: begun.turn.runId,
        sessionKey: turn.sessionKey,
        agentId: turn.agentId,
        model,
        system: step.system,
        messages: modelContext(begun.messages, Math.floor(contextOf(info, settings) * contextShare)),
        tools: step.tools.map(({ description }) => description),
        thinking,
      },
    });
  } finally {
    step.collect.parts = collector.parts;
  }
}

/** How many tokens a conversation may fill. */
function contextOf(info: ModelInfo | undefined, { contextTokens }: Pick<AgentSettings, "contextTokens">): number {
  const window = info?.contextWindow ?? defaultContextTokens;
  return contextTokens === undefined ? window : Math.min(window, contextTokens);
}
