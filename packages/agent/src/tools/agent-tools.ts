import type { Tool } from "../tool.ts";
import { type ExecToolOptions, execTool } from "./exec-tool.ts";
import { fileTools } from "./file-tools.ts";
import { type MessagePort, messageTool } from "./message-tool.ts";
import { type NodesPort, nodesTool } from "./nodes-tool.ts";
import { type SessionReach, type SessionsPort, sessionTools } from "./session-tools.ts";

/** What tools reach over. A tool whose port is absent isn't there. */
export interface AgentToolPorts {
  readonly exec?: ExecToolOptions;
  readonly nodes?: NodesPort;
  readonly message?: MessagePort;
  readonly sessions?: { readonly port: SessionsPort; readonly reach: () => SessionReach };
}

/** Every tool that a gateway has, whoever asks; `toolsFor` says which of them a run has. */
export function agentTools({ exec, message, nodes, sessions }: AgentToolPorts): readonly Tool[] {
  return [
    ...fileTools(),
    ...(exec === undefined ? [] : [execTool(exec)]),
    ...(nodes === undefined ? [] : [nodesTool(nodes)]),
    ...(message === undefined ? [] : [messageTool(message)]),
    ...(sessions === undefined ? [] : sessionTools(sessions.port, sessions.reach)),
  ];
}
