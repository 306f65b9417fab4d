import type { Hello } from "./codec.ts";

/** The parts of `hello-ok` that both revisions say alike. Absent values leave their keys out. */
export function helloCommon(hello: Hello): {
  features: { methods: string[]; events: string[] };
  snapshot: {
    presence: [...Hello["presence"]];
    health: Hello["health"];
    stateVersion: { presence: number; health: number };
    uptimeMs: number;
    configPath?: string;
    stateDir?: string;
    sessionDefaults?: { defaultAgentId: string; mainKey: string; mainSessionKey: string; scope?: string };
  };
  policy: { maxPayload: number; maxBufferedBytes: number; tickIntervalMs: number };
} {
  return {
    features: { methods: [...hello.methods], events: [...hello.events] },
    snapshot: {
      presence: [...hello.presence],
      health: hello.health,
      stateVersion: { ...hello.stateVersion },
      uptimeMs: hello.uptimeMs,
      ...(hello.paths && { configPath: hello.paths.configPath, stateDir: hello.paths.stateDir }),
      ...(hello.sessionDefaults && { sessionDefaults: { ...hello.sessionDefaults } }),
    },
    policy: { ...hello.policy },
  };
}
