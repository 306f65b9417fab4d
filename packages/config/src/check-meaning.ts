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
  return { problems: [...problems, ...telegram.problems], warnings: [...warnings, ...telegram.warnings] };
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
