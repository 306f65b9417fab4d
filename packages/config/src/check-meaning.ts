import { checkReferences } from "./check-references.ts";
import { checkTelegram } from "./check-telegram.ts";
import type { Meaning } from "./meaning.ts";
import type { Config } from "./schema.ts";

/** Checks the keys against each other. Pure. */
export function checkMeaning(config: Config): Meaning {
  const problems: { path: string; message: string }[] = [];
  const warnings: { path: string; message: string }[] = [];
  const { gateway } = config;
  if (gateway.bind === "custom" && gateway.customBindHost === undefined) {
    problems.push({
      path: "gateway.bind",
      message: '"gateway.bind" is "custom", so "gateway.customBindHost" must name the address.',
    });
  }
  if (gateway.mode === "remote" && gateway.remote.url === undefined) {
    problems.push({
      path: "gateway.mode",
      message: '"gateway.mode" is "remote", so "gateway.remote.url" must say where that gateway is.',
    });
  }
  if (gateway.tls.certPath !== undefined && gateway.tls.keyPath === undefined) {
    problems.push({
      path: "gateway.tls.certPath",
      message: '"gateway.tls.certPath" needs "gateway.tls.keyPath" as well.',
    });
  }
  if (gateway.tls.keyPath !== undefined && gateway.tls.certPath === undefined) {
    problems.push({
      path: "gateway.tls.keyPath",
      message: '"gateway.tls.keyPath" needs "gateway.tls.certPath" as well.',
    });
  }
  const { token, password } = gateway.auth;
  for (const [path, secret] of Object.entries({ "gateway.auth.token": token, "gateway.auth.password": password })) {
    if (secret !== undefined && secret === hooksTokenOf(config)) {
      problems.push({ path: "hooks.token", message: reusedSecret("hooks.token", path) });
    }
  }
  if (token !== undefined && token === password) {
    warnings.push({
      path: "gateway.auth.password",
      message: '"gateway.auth.password" and "gateway.auth.token" are the same. Use a secret for one purpose only.',
    });
  }
  if (gateway.controlUi.allowedOrigins.includes("*")) {
    warnings.push({
      path: "gateway.controlUi.allowedOrigins",
      message:
        '"gateway.controlUi.allowedOrigins" contains "*": every web page that a browser shows may try to connect. List your own origins instead.',
    });
  }
  for (const network of gateway.trustedProxies) {
    if (!/\/0+$/.test(network)) continue;
    warnings.push({
      path: "gateway.trustedProxies",
      message: `"gateway.trustedProxies" contains ${network}: everybody may claim to be a proxy. List your own proxies instead.`,
    });
  }
  const telegram = checkTelegram(config);
  problems.push(...agentMistakes(config), ...toolMistakes(config), ...telegram.problems);
  warnings.push(...plainTextKeys(config), ...checkReferences(config), ...telegram.warnings);
  return { problems, warnings };
}

type Finding = Meaning["problems"][number];

function agentMistakes({ agents }: Config): readonly Finding[] {
  const ids = agents.list.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  const defaults = agents.list.filter((one) => one.default === true).length;
  return [
    ...(twice === undefined ? [] : [{ path: "agents.list", message: `"agents.list" has the agent "${twice}" twice.` }]),
    ...(defaults > 1
      ? [{ path: "agents.list", message: '"agents.list" has more than one agent with "default: true". Keep one.' }]
      : []),
  ];
}

interface Rules {
  readonly allow?: readonly string[] | undefined;
  readonly alsoAllow?: readonly string[] | undefined;
  readonly byProvider?: Readonly<Record<string, Rules>>;
}

function toolMistakes({ tools, agents }: Config): readonly Finding[] {
  const scopes: readonly (readonly [string, Rules])[] = [
    ["tools", tools],
    ...agents.list.map((one, index) => [`agents.list[${index}].tools`, one.tools] as const),
  ];
  return scopes
    .flatMap(([path, rules]) => [
      [path, rules] as const,
      ...Object.entries(rules.byProvider ?? {}).map(([id, one]) => [`${path}.byProvider.${id}`, one] as const),
    ])
    .filter(([, { allow, alsoAllow }]) => allow !== undefined && alsoAllow !== undefined)
    .map(([path]) => ({
      path: `${path}.alsoAllow`,
      message: `"${path}.alsoAllow" adds to a profile and "${path}.allow" replaces one: keep one of them.`,
    }));
}

function plainTextKeys({ models }: Config): readonly Finding[] {
  return Object.entries(models.providers)
    .filter(([, { baseUrl, apiKey, headers }]) => (apiKey ?? headers) !== undefined && isPlainBeyondHere(baseUrl))
    .map(([id]) => ({
      path: `models.providers.${id}.baseUrl`,
      message: `"models.providers.${id}.baseUrl" begins with http://: the key and every conversation can be read on the way. Use https://.`,
    }));
}

/** Without encryption, to a host that isn't this one, a private address, or a name of the local network. */
function isPlainBeyondHere(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  if (protocol !== "http:") return false;
  const isLocalName = !hostname.includes(".") || /\.(local|lan|internal|home\.arpa)$/.test(hostname);
  const isPrivate = /^(127|10)\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(
    hostname,
  );
  return hostname.startsWith("[") ? !/^\[(::1|f[cd]|fe80)/.test(hostname) : !isLocalName && !isPrivate;
}

/** The secret that webhooks prove, if one is configured. */
function hooksTokenOf(config: Config): string | undefined {
  const hooks: unknown = config.hooks;
  if (typeof hooks !== "object" || hooks === null || !("token" in hooks)) return undefined;
  return typeof hooks.token === "string" ? hooks.token : undefined;
}

function reusedSecret(path: string, other: string): string {
  return `"${path}" is the same secret as "${other}": whoever may send a webhook could control the gateway. Give it one of its own (rule R-47).`;
}

/**
 * The same rule for a gateway secret that doesn't come from the file: a message when webhooks use it too, else `undefined`.
 * `source` says where the gateway's secret comes from, e.g. `environment SALTGATE_GATEWAY_TOKEN`.
 */
export function findReusedSecret(config: Config, gatewaySecret: string, source: string): string | undefined {
  return gatewaySecret !== "" && gatewaySecret === hooksTokenOf(config)
    ? reusedSecret("hooks.token", source)
    : undefined;
}
