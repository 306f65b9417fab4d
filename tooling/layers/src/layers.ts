/** Which packages of ours a package may depend on, and why. A new arrow is one visible line here. */
export const MAY_USE: Readonly<Record<string, { readonly on: readonly string[]; readonly why: string }>> = {
  protocol: { on: [], why: "the wire is what every peer shares; it runs in a browser" },
  identity: { on: ["protocol"], why: "keys and proofs know the wire, and no sockets, channels or stores" },
  store: { on: [], why: "where state lives knows nothing of what it means" },
  bus: { on: [], why: "how messages travel knows nothing of what they say" },
  config: { on: ["protocol", "store"], why: "settings are read and written with the same care as state" },
  pairing: {
    on: ["protocol", "identity", "store"],
    why: "who may enter is decided over roles and scopes, keys and digests, and kept in documents",
  },
  "exec-policy": {
    on: ["protocol", "store"],
    why: "what a host lets run is decided over plans of the wire, and kept in a file of that host",
  },
  client: { on: ["protocol", "identity"], why: "a phone must not ship a server" },
  "node-host": {
    on: ["client", "identity", "protocol", "exec-policy", "store"],
    why: "a node is a client that runs what it is asked to; it ships no server",
  },
  channel: {
    on: ["protocol", "pairing", "store"],
    why: "what a channel is: who may write is decided over what owners approved, and what was accepted is kept",
  },
  agent: {
    on: ["protocol", "store", "exec-policy"],
    why: "sessions and tools know no sockets, no channels and no way of thinking",
  },
  "channels/telegram": { on: ["channel"], why: "an adapter translates; it decides nothing and keeps nothing" },
  "backends/models": { on: ["agent"], why: "a way of thinking knows nothing of where an answer goes" },
  gateway: {
    on: ["protocol", "identity", "pairing", "config", "exec-policy", "store", "bus", "channel", "agent"],
    why: "the core decides who may do what; it knows every channel and every agent by their contracts alone",
  },
};

/** Packages whose code must run where Node's own modules don't exist; only the named files may use them. */
export const BROWSER_SAFE: Readonly<Record<string, { readonly except: readonly string[] }>> = {
  protocol: { except: [] },
  identity: { except: ["src/node/"] },
  client: { except: ["src/node/"] },
};
