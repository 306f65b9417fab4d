/**
 * Whether a request target is written in the one way that gate and router both understand. Encoded slashes or
 * dots, empty or dot segments, backslashes and control characters are refused, so that no two spellings of a
 * path can reach different checks (rule R-23).
 */
export function isCanonicalTarget(target: string): boolean {
  if (!target.startsWith("/") || target.length > 2_048) return false;
  const path = target.split("?", 1)[0] ?? "";
  if (/[\\#\u0000-\u0020\u007f-\uffff]/.test(path) || path.includes("//")) return false;
  if (/%(?![0-9a-f]{2})/i.test(path) || /%(?:2[ef5]|5c|0\w|1\w|7f)/i.test(path)) return false;
  return !path.split("/").some((segment) => segment === "." || segment === "..");
}

/** Names under which people have put secrets into URLs. Such a URL is refused, because URLs end in logs (rule R-48). */
const SECRET_PARAMETERS = new Set([
  "token",
  "password",
  "secret",
  "auth",
  "access_token",
  "apikey",
  "api_key",
  "devicetoken",
]);

/** Whether a request target carries what looks like a secret in its query. */
export function hasSecretInQuery(target: string): boolean {
  const mark = target.indexOf("?");
  if (mark === -1) return false;
  for (const name of new URLSearchParams(target.slice(mark + 1)).keys()) {
    if (SECRET_PARAMETERS.has(name.toLowerCase().replaceAll("-", "_")) || SECRET_PARAMETERS.has(name.toLowerCase()))
      return true;
  }
  return false;
}
