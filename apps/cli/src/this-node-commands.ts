import type { Commands, OptionSpec } from "./command-line.ts";

const name: Record<string, OptionSpec> = {
  "display-name": { argument: "<name>", help: "What the owner sees (the machine's name)" },
};
const here: Commands[string]["load"] = () => import("./commands/node.ts");

/** Commands about the node that this machine is. What they are told, the node's own program reads. */
export const THIS_NODE_COMMANDS: Commands = {
  "node run": {
    summary: "Run this machine as a node of a gateway, until it is stopped",
    options: {
      host: { argument: "<name>", help: "The gateway's machine, instead of --url (127.0.0.1)" },
      port: { argument: "<port>", help: "Its port (18789)" },
      tls: { help: "Connect with wss" },
      ...name,
      "node-id": { argument: "<id>", help: "Name of this installation; the node's id is its key's" },
    },
    load: here,
  },
  "node join": {
    summary: "Have this machine join the gateway that printed an invitation (saltgate nodes invite)",
    positionals: ["<invitation...>"],
    options: { ...name, run: { help: "After joining, go on as the node" } },
    load: here,
  },
  "node status": {
    summary: "Whether a node runs here, how it stands with its gateway, and what it would run",
    load: here,
  },
};
