import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Whether two secrets are the same, in a time that depends on neither. Any strings will do: digests are compared,
 * so lengths and characters don't matter and nothing throws (rule R-46).
 */
function secretsEqual(known: string, presented: string): boolean {
  return timingSafeEqual(digest(known), digest(presented));
}

function digest(secret: string): Buffer {
  return createHash("sha256").update(secret, "utf8").digest();
}

/** The secret that all programs of the owner share with the gateway. */
export type SharedSecret =
  | { readonly mode: "token"; readonly token: string | undefined }
  | { readonly mode: "password"; readonly password: string | undefined };

/** What comparing the presented credential with the shared secret came to. */
export type SecretVerdict =
  | { readonly ok: true; readonly method: "token" | "password" }
  | { readonly ok: false; readonly reason: SecretFailure; readonly presented: string | undefined };

/** Why the shared secret was not proven. */
export type SecretFailure =
  | "token_missing"
  | "token_mismatch"
  | "token_missing_config"
  | "password_missing"
  | "password_mismatch"
  | "password_missing_config";

/** Compares what a peer presents with the gateway's shared secret. Pure; an empty secret on our side admits nobody. */
export function checkSharedSecret(
  secret: SharedSecret,
  presented: { readonly token?: string | undefined; readonly password?: string | undefined },
): SecretVerdict {
  const [known, given] =
    secret.mode === "token" ? [secret.token, presented.token] : [secret.password, presented.password];
  if (known === undefined || known === "")
    return { ok: false, reason: `${secret.mode}_missing_config`, presented: given };
  if (given === undefined || given === "") return { ok: false, reason: `${secret.mode}_missing`, presented: undefined };
  if (!secretsEqual(known, given)) return { ok: false, reason: `${secret.mode}_mismatch`, presented: given };
  return { ok: true, method: secret.mode };
}
