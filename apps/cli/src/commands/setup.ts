import { existsSync } from "node:fs";
import type { ConfigInput } from "@saltgate/config";
import { CommandError, Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { statePathsOf } from "../local-state.ts";
import { answer } from "../output/answer.ts";

type Bind = NonNullable<NonNullable<ConfigInput["gateway"]>["bind"]>;

interface Choices {
  readonly port: number;
  readonly bind: Bind;
  readonly bindHost: string | undefined;
  readonly tls: boolean;
  readonly password: string | undefined;
}

/** Writes a configuration, asking what matters. */
export async function run(invocation: Invocation): Promise<Exit> {
  const paths = statePathsOf(invocation);
  const overwrite = invocation.has("overwrite");
  if (existsSync(paths.configFile) && !overwrite) {
    throw new CommandError("ALREADY_SET_UP", `there is a configuration already: ${paths.configFile}`, {
      mend: "Edit it, or write a new one over it: saltgate setup --overwrite",
    });
  }
  const given = choicesOf(invocation, paths.defaultPort);
  const isAsking = !invocation.has("yes") && process.stdin.isTTY === true;
  const choices = isAsking ? await ask(given) : given;
  const [{ writeConfig }, { newSharedSecret }] = await Promise.all([
    import("@saltgate/config"),
    import("../new-secret.ts"),
  ]);
  const auth =
    choices.password === undefined
      ? { mode: "token" as const, token: newSharedSecret() }
      : { mode: "password" as const, password: choices.password };
  const config: ConfigInput = {
    gateway: {
      mode: "local",
      port: choices.port,
      bind: choices.bind,
      ...(choices.bindHost !== undefined && { customBindHost: choices.bindHost }),
      ...(choices.tls && { tls: { enabled: true } }),
      auth,
    },
  };
  const written = await writeConfig(paths.configFile, config, {
    header: [
      "Written by saltgate setup. Every key and what it does: docs/configuration.md.",
      `gateway.auth.${auth.mode} opens this gateway. Keep it to yourself.`,
    ],
    overwrite,
  });
  if (!written)
    throw new CommandError("ALREADY_SET_UP", `${paths.configFile} appeared while you answered; it was left alone`);
  answer(
    invocation,
    { ok: true, path: paths.configFile, port: choices.port, bind: choices.bind, tls: choices.tls, authMode: auth.mode },
    () =>
      [
        `Wrote ${paths.configFile}.`,
        "Start the gateway: saltgate gateway",
        "Then, in another terminal: saltgate status",
      ].join("\n"),
  );
  return Exit.Ok;
}

function choicesOf(invocation: Invocation, defaultPort: number): Choices {
  return {
    port: portOf(invocation.value("port") ?? String(defaultPort)),
    bind: (invocation.value("bind") ?? "loopback") as Bind,
    bindHost: invocation.value("bind-host"),
    tls: invocation.has("tls"),
    password: invocation.value("password"),
  };
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new CommandError("USAGE", `a port is a whole number from 1 to 65535, not "${text.slice(0, 40)}"`, {
    exit: Exit.Usage,
  });
}

async function ask(given: Choices): Promise<Choices> {
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const question = async (text: string, fallback: string): Promise<string> =>
    (await terminal.question(`${text} [${fallback}] `)).trim() || fallback;
  try {
    const port = portOf(await question("Port", String(given.port)));
    const bind = await question("Who shall reach it: loopback (this machine), lan, tailnet, or an address", given.bind);
    const isMode = ["loopback", "lan", "tailnet", "auto"].includes(bind);
    const beyond = bind !== "loopback" && bind !== "auto";
    const tls = beyond
      ? (await question("Encrypt with a certificate of its own (yes, no)", "yes")).startsWith("y")
      : given.tls;
    return { ...given, port, bind: isMode ? (bind as Bind) : "custom", bindHost: isMode ? undefined : bind, tls };
  } finally {
    terminal.close();
  }
}
