import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Child } from "../../../tests/support/child.ts";
import { Sandbox } from "../../../tests/support/sandbox.ts";

function has(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** What bash would offer after these words; the last one is being typed. */
async function offered(sandbox: Sandbox, script: string, words: readonly string[]): Promise<string[]> {
  const quoted = ["saltgate", ...words].map((word) => `'${word}'`).join(" ");
  const program = `${script}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _saltgate; printf '%s\\n' "\${COMPREPLY[@]}"`;
  await using bash = new Child("bash", ["-s"], { env: sandbox.env, input: program });
  expect(await bash.ended()).toEqual({ code: 0, signal: null });
  expect(bash.stderr).toBe("");
  return bash.stdout.split("\n").filter((word) => word !== "");
}

describe("completion", () => {
  test.each(["bash", "zsh", "fish"])(
    "[cli:completion] completion: the script for %s is one that the shell can read",
    async (shell) => {
      await using sandbox = await Sandbox.create();
      const { exit, stdout, stderr } = await sandbox.run(["completion", shell]);
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
      for (const word of ["devices", "approve", "gateway", "--tls-fingerprint"]) expect(stdout).toContain(word);
      if (!has(shell)) return; // nobody here can read it
      // From a file: not every shell reads a script from what Node gives a child as its input.
      const file = join(sandbox.home, `completion.${shell}`);
      await writeFile(file, stdout);
      await using parser = new Child(shell, ["-n", file], { env: sandbox.env });
      expect(await parser.ended()).toEqual({ code: 0, signal: null });
    },
  );

  test("[cli:completion] completion: bash offers commands, then their options, past options and their values", async () => {
    await using sandbox = await Sandbox.create();
    const { stdout: script } = await sandbox.run(["completion", "bash"]);
    expect(await offered(sandbox, script, ["dev"])).toEqual(["devices"]);
    expect(await offered(sandbox, script, ["devices", "re"])).toEqual(
      ["reject", "remove", "rename", "rotate", "revoke"].filter((word) => word.startsWith("re")),
    );
    expect(await offered(sandbox, script, ["devices", "rotate", "--ro"])).toEqual(["--role"]);
    expect(await offered(sandbox, script, ["gateway", "--allow"])).toEqual(["--allow-unconfigured"]);
    expect(await offered(sandbox, script, ["gateway", "pr"])).toEqual(["probe"]);
    expect(await offered(sandbox, script, ["--profile", "work", "devices", "app"])).toEqual(["approve"]);
    expect(await offered(sandbox, script, ["--json", "he"])).toEqual(["health"]);
    expect(await offered(sandbox, script, ["completion", "f"])).toEqual(["fish"]);
  });
});
