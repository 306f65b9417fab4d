import { ConfigError, editConfig, forgetCredentialChanges } from "@saltgate/config";
import { TOKEN_VARIABLES } from "./optional-packages.ts";

/**
 * Takes the credentials of a channel's account out of the configuration file and leaves everything else in it as it is.
 * @returns whether they are gone now; why not, or what is left that the next start would use
 * @throws {StoreError} when the file can't be written
 */
export async function forgetCredentials(
  configFile: string,
  env: Readonly<Record<string, string | undefined>>,
  channel: string,
  accountId: string,
): Promise<{ readonly cleared: boolean; readonly note?: string }> {
  let cleared: boolean;
  try {
    const edited = await editConfig(configFile, (written) => forgetCredentialChanges(written, channel, accountId), {
      env,
    });
    cleared = edited.changed;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { cleared: false, note: error.message }; // it never repeats a secret, and whoever asks is the administrator
  }
  const variable = accountId === "default" ? TOKEN_VARIABLES[channel] : undefined;
  if (variable === undefined || (env[variable] ?? "") === "") return { cleared };
  return {
    cleared,
    note: `${variable} of the environment has a token still, and the next start uses it: unset it where the gateway is started`,
  };
}
