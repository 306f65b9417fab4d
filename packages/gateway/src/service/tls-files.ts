import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { Config, StatePaths } from "@saltgate/config";
import { writeFileAtomically } from "@saltgate/store";
import { type Certificate, certificateFingerprint, createSelfSignedCertificate } from "./certificate.ts";
import { StartError } from "./exit-codes.ts";

/** TLS material, checked, with the fingerprint that clients pin. */
export interface TlsMaterial extends Certificate {
  readonly ca?: string;
  readonly fingerprint: string;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new StartError(`the TLS file ${path} can't be read`, "Check who may read it.", 78, { cause: error });
  }
}

/**
 * Loads the gateway's certificate and key; makes them when both are missing and that is allowed.
 * @throws {StartError} when only one is there, or they don't fit: a gateway that was told to use TLS never goes without.
 */
export async function loadTls(
  config: Config["gateway"]["tls"],
  paths: Pick<StatePaths, "tlsCertFile" | "tlsKeyFile">,
  machine: { readonly hostName: string; readonly addresses: readonly string[] },
  nowMs: number,
): Promise<TlsMaterial> {
  const certPath = config.certPath ?? paths.tlsCertFile;
  const keyPath = config.keyPath ?? paths.tlsKeyFile;
  const [cert, key] = [await readIfThere(certPath), await readIfThere(keyPath)];
  const ca = config.caPath === undefined ? undefined : await readIfThere(config.caPath);
  if (cert !== undefined && key !== undefined) return checked({ cert, key }, certPath, ca);
  if (cert !== undefined || key !== undefined || !config.autoGenerate) {
    const missing = cert === undefined ? certPath : keyPath;
    throw new StartError(
      `TLS is on, but ${missing} is missing`,
      "Put it there, or remove its counterpart to have both made anew.",
    );
  }
  const dnsNames = [...new Set(["localhost", machine.hostName, `${machine.hostName}.local`])].filter((name) =>
    /^[A-Za-z0-9.-]+$/.test(name),
  );
  const made = createSelfSignedCertificate(
    {
      commonName: "saltgate-gateway",
      dnsNames,
      ipAddresses: ["127.0.0.1", "::1", ...machine.addresses.filter((address) => !address.includes("%"))],
    },
    nowMs,
  );
  // The key first: a certificate without its key would have to be removed by hand.
  await writeFileAtomically(keyPath, made.key);
  await writeFileAtomically(certPath, made.cert);
  return checked(made, certPath, ca);
}

function checked(pair: Certificate, certPath: string, ca: string | undefined): TlsMaterial {
  try {
    createSecureContext({ ...pair, minVersion: "TLSv1.2", ...(ca !== undefined && { ca }) });
    return { ...pair, ...(ca !== undefined && { ca }), fingerprint: certificateFingerprint(pair.cert) };
  } catch (cause) {
    throw new StartError(
      `the TLS certificate ${certPath} and its key can't be used together`,
      "Replace both, or remove both to have them made anew.",
      78,
      { cause },
    );
  }
}
