import { expect, test } from "vitest";
import { alwaysPattern, combinePolicies, planRun, policyOf } from "../src/index.ts";
import { fakeFiles, linuxHost } from "./fake-host.ts";
import { judge, listing, verdictOf } from "./judging.ts";

const words = (text: string): string[] => text.split(" ");
const everything = ["/**"];

test("[exec:policy] verdict: deny runs nothing, and says where that comes from", async () => {
  const policy = policyOf({ version: 1, defaults: { security: "deny", ask: "off" } }, "main");
  expect(await judge(["uptime"], policy)).toEqual({
    verdict: "denied",
    code: "security=deny",
    message: "SYSTEM_RUN_DISABLED: security=deny",
    reason: "this host runs no commands (security=deny from defaults)",
  });
});

test("[exec:policy] verdict: full runs everything as it was asked for, and asks only under always", async () => {
  const full = (ask: "off" | "on-miss" | "always") =>
    policyOf({ version: 1, defaults: { security: "full", ask } }, null);
  for (const ask of ["off", "on-miss"] as const) {
    expect(await judge(["sh", "-c", "ls | wc > x"], full(ask))).toMatchObject({
      verdict: "allowed",
      executable: "/usr/bin/dash",
      argv: ["sh", "-c", "ls | wc > x"],
    });
  }
  expect(await judge(["uptime"], full("always"))).toMatchObject({ verdict: "ask", canAllowAlways: false });
  expect(await judge(["nothing-here"], full("off"))).toMatchObject({ verdict: "allowed", executable: null });
});

test("[exec:policy] verdict: allowlist runs what is on it, and otherwise asks or refuses as the host says", async () => {
  expect(await judge(["uptime", "-p"], ["/opt/x", "/usr/bin/uptime"])).toEqual({
    verdict: "allowed",
    reason: "on the list: /usr/bin/uptime",
    entryId: "e1",
    executable: "/usr/bin/uptime",
    argv: ["uptime", "-p"],
  });
  expect(await judge(["uptime"], ["/opt/x"])).toEqual({
    verdict: "ask",
    reason: "not on the list: /usr/bin/uptime",
    canAllowAlways: true,
  });
  expect(await judge(["uptime"], listing(["/opt/x"], "off"))).toMatchObject({
    verdict: "denied",
    code: "allowlist-miss",
    message: "SYSTEM_RUN_DENIED: allowlist miss",
  });
  expect(await judge(["uptime"], listing(["/usr/bin/uptime"], "always"))).toMatchObject({
    verdict: "ask",
    canAllowAlways: false,
  });
});

test("[R-57] verdict: an empty list allows nothing that isn't a safe program", async () => {
  for (const command of [["uptime"], ["sh", "-c", "uptime"], ["/usr/bin/ls"]])
    expect(await verdictOf(command, [])).toBe("ask");
});

test("[exec:combine] policies: the lower security, the higher ask and the first one's list hold, and the sources say so", () => {
  const host = policyOf(
    {
      version: 1,
      defaults: { security: "full", ask: "on-miss", autoAllowSkills: true },
      agents: { "*": { allowlist: [{ pattern: "/a" }] } },
    },
    null,
  );
  const config = policyOf(
    { version: 1, agents: { "*": { security: "allowlist", ask: "off", allowlist: [{ pattern: "/b" }] } } },
    null,
  );
  expect(combinePolicies(host, config)).toEqual({
    security: "allowlist",
    ask: "on-miss",
    autoAllowSkills: false,
    allowlist: [{ id: "", pattern: "/a", agentId: "*" }],
    view: {
      security: "allowlist",
      ask: "on-miss",
      autoAllowSkills: false,
      sources: { security: "agents.*", ask: "defaults", autoAllowSkills: "built in" },
    },
  });
  const levels = ["deny", "allowlist", "full"] as const;
  const asks = ["off", "on-miss", "always"] as const;
  for (const [i, one] of levels.entries())
    for (const [j, two] of levels.entries())
      for (const [k, ask] of asks.entries())
        for (const [l, other] of asks.entries()) {
          const both = combinePolicies(
            policyOf({ version: 1, defaults: { security: one, ask } }, null),
            policyOf({ version: 1, defaults: { security: two, ask: other } }, null),
          );
          expect([both.security, both.ask]).toEqual([levels[Math.min(i, j)], asks[Math.max(k, l)]]);
        }
});

test("[R-38] verdict: what counts is the real path, behind every link and ..", async () => {
  const list = ["/opt/ok/**"];
  const allowed = [
    "/opt/ok/tool",
    "/opt/ok/sub/../tool",
    "/opt/ok/sub/deep/tool",
    "/opt/ok/a+b(c).x",
    "/home/../opt/ok/tool",
  ];
  for (const program of allowed) expect(await verdictOf([program], list), program).toBe("allowed");
  const missed = [
    "/opt/ok/../../bin/sh",
    "/opt/ok/../okay/evil",
    "/opt/ok/shell",
    "/opt/ok/env",
    "/opt/ok/out",
    "/opt/okay/evil",
    "/opt/ok/nothing",
    "/opt/ok",
  ];
  for (const program of missed) expect(await verdictOf([program], list), program).toBe("ask");
  expect(await verdictOf(["../../opt/ok/tool"], list, { cwd: "/home/me" })).toBe("allowed");
  expect(await verdictOf(["tool"], list, { cwd: "/opt/ok" })).toBe("ask");
});

test("[R-36] verdict: a bare name on the list allows nothing", async () => {
  expect(await verdictOf(["uptime"], ["uptime", "*", "**", "bin/uptime"])).toBe("ask");
});

const expansions = [
  "ls $HOME",
  'ls "$HOME"',
  "ls $(id)",
  'ls "$(id)"',
  "ls `id`",
  'ls "`id`"',
  "ls <(id)",
  "ls \\\n-l",
  "ls\nid",
  "ls *",
  "ls ?",
  "ls [a]",
  "ls ~",
  "ls {a,b}",
  "ls > x",
  "ls < x",
  "ls 2>&1",
  "ls & id",
  "ls && id",
  "ls || id",
  "ls; id",
  "ls | wc",
  "ls |& wc",
  "A=b ls",
  "(ls)",
  "! ls",
  "ls #",
  "eval ls",
  "exec ls",
  "cd x",
];

test("[R-33] verdict: shell text that isn't one literal command is a miss, whatever is on the list", async () => {
  for (const text of expansions) {
    for (const shell of [
      ["sh", "-c"],
      ["/bin/bash", "-lc"],
      ["zsh", "-c"],
      ["fish", "-c"],
      ["nice", "sh", "-c"],
    ]) {
      expect(await judge([...shell, text], everything), `${shell.join(" ")} ${text}`).toMatchObject({
        verdict: "ask",
        canAllowAlways: false,
      });
    }
  }
});

test("[R-33] verdict: literal shell text that is on the list runs as its words, without the shell", async () => {
  for (const command of [
    ["sh", "-c", "ls '$HOME' \"a b\""],
    ["/bin/bash", "-lc", "'ls' \\$HOME a\\ b"],
  ]) {
    expect(await judge(command, ["/usr/bin/ls"])).toMatchObject({
      verdict: "allowed",
      executable: "/usr/bin/ls",
      argv: ["ls", "$HOME", "a b"],
    });
  }
  expect(await verdictOf(["sh", "-c", "ls"], ["/usr/bin/dash", "/usr/bin/sh", "/bin/sh"])).toBe("ask");
});

const wrapped = [
  "env",
  "env -S ls",
  "env -i ls",
  "env -u PATH ls",
  "env -C / ls",
  "env --split-string=ls",
  "env PATH=. ls",
  "env LD_PRELOAD=x ls",
  "env FOO=x ls",
  "env A=b",
  "nice",
  "nice sh",
  "nice -n ls",
  "nice --adjustment=1",
  "nice -x ls",
  "nohup",
  "nohup sh",
  "timeout 5",
  "timeout ls",
  "timeout -s",
  "timeout -k 5 ls",
  "timeout --bogus 5 ls",
  "stdbuf -o",
  "stdbuf -oL sh",
  "time -o x ls",
  "time -f x ls",
  "ionice -p 1",
  "ionice -c9 ls",
  "xargs ls",
  "sudo ls",
  "doas ls",
  "setsid ls",
  "chroot / ls",
  "busybox ls",
  "busybox sh -c ls",
  "ash -c ls",
  "sh",
  "sh -s",
  "sh -",
  "bash -i",
  "bash --norc",
  "bash -c",
  "bash -x -c ls",
  "bash -c ls x",
  "bash -cx ls",
  "sh -cls",
  "bash --rcfile x -c ls",
  "python3",
  "python3 -c print",
  "python3 -m http.server",
  "python3 -",
  "python3 -i x.py",
  "python3 -uc print",
  "python3 nothing.py",
  "node -e 1",
  "node -p 1",
  "node --eval=1",
  "node -r ./x.js x.js",
  "node --import ./x.js x.js",
  "node",
  "node inspect x.js",
  "node -",
  "perl -e 1",
  "perl -pe 1 x",
  "perl -i x",
  "ruby -e 1",
  "ruby -rx x",
  "awk 1",
  "mawk 1",
  "sed p",
  "find . -exec ls ;",
  "find . -execdir ls ;",
  "find . -ok ls ;",
  "find . -delete",
  "find . -fprint x",
  "ssh host ls",
  "make",
  "git status",
  "sort --compress-program=sh x",
  "sort --co=sh x",
  "/opt/ok/shell -s",
  "/opt/ok/env sh",
  "/home/me/bin/nice ls",
  "env /opt/ok/a=b",
  "env -- ls",
  "nice nice nice nice nice ls",
  "/lib64/ld-linux-x86-64.so.2 /bin/ls",
];

test("[R-35] verdict: wrappers, shells, code in arguments and programs that run others are never allowed by their path", async () => {
  const host = linuxHost({ "/lib64/ld-linux-x86-64.so.2": "elf" });
  for (const text of wrapped) {
    expect(await judge(words(text), everything, { host }), text).toMatchObject({
      verdict: "ask",
      canAllowAlways: false,
    });
  }
});

test("[R-35] verdict: allowing env, a shell or both allows nothing that they run", async () => {
  const list = ["/usr/bin/env", "/usr/bin/dash", "/usr/bin/sh", "/bin/sh"];
  for (const command of [
    ["env", "sh", "-c", "id"],
    ["env", "sh"],
    ["env", "id"],
    ["sh", "-c", "id"],
    ["env", "sh", "-c", "id; id"],
  ]) {
    expect(await verdictOf(command, list), command.join(" ")).toBe("ask");
  }
});

test("[R-35] verdict: a harmless wrapper of the system is looked through, and told exactly what to run", async () => {
  const table: [string, string][] = [
    ["env ls -l", "env /usr/bin/ls -l"],
    ["env LANG=C TZ=UTC ls", "env LANG=C TZ=UTC /usr/bin/ls"],
    ["nice ls", "nice /usr/bin/ls"],
    ["nice -n 5 ls", "nice -n 5 /usr/bin/ls"],
    ["nice -n5 ls", "nice -n5 /usr/bin/ls"],
    ["nice -5 ls -5", "nice -5 /usr/bin/ls -5"],
    ["nohup -- ls", "nohup -- /usr/bin/ls"],
    ["timeout 5 ls", "timeout 5 /usr/bin/ls"],
    ["timeout -k 1s -s KILL 5m ls", "timeout -k 1s -s KILL 5m /usr/bin/ls"],
    ["timeout --signal=TERM 0.5 ls", "timeout --signal=TERM 0.5 /usr/bin/ls"],
    ["stdbuf -oL -e 0 ls", "stdbuf -oL -e 0 /usr/bin/ls"],
    ["time -p ls", "time -p /usr/bin/ls"],
    ["ionice -c 3 ls", "ionice -c 3 /usr/bin/ls"],
    ["nice timeout 5 env LANG=C ls", "nice /usr/bin/timeout 5 /usr/bin/env LANG=C /usr/bin/ls"],
    ["./../../opt/ok/../../usr/bin/nice /opt/ok/../../usr/bin/ls", "./../../opt/ok/../../usr/bin/nice /usr/bin/ls"],
  ];
  for (const [text, argv] of table) {
    expect(await judge(words(text), ["/usr/bin/ls"]), text).toMatchObject({
      verdict: "allowed",
      argv: words(argv),
      executable: expect.stringMatching(/^\/usr\/bin\/(?:env|nice|nohup|timeout|stdbuf|time|ionice)$/),
    });
    expect(await verdictOf(words(text), ["/usr/bin/nice", "/usr/bin/env", "/usr/bin/timeout"]), text).toBe("ask");
  }
  expect(await judge(["nice", "sh", "-c", "ls 'a b'"], ["/usr/bin/ls"])).toMatchObject({
    argv: ["nice", "/usr/bin/ls", "a b"],
  });
});

test("[R-35] verdict: a program that env would take for a variable, and an option that a file is named like, are asked about", async () => {
  const host = linuxHost({
    "/opt/a=b/tool": "elf",
    "/opt/link": "->/opt/a=b",
    "/home/me/-c": "!data",
    "/home/me/--eval": "!data",
  });
  expect(await verdictOf(["/opt/link/tool"], everything, { host })).toBe("allowed");
  for (const text of ["env /opt/link/tool", "python3 -c", "bash --eval", "node --eval", "fish -c"]) {
    expect(await verdictOf(words(text), everything, { host }), text).toBe("ask");
  }
});

test("[R-35] verdict: a script is allowed by its own path, if what runs it is the system's or on the list too", async () => {
  const list = ["/home/me/x.py"];
  expect(await judge(["python3", "-u", "x.py", "-c", "y"], list)).toMatchObject({
    verdict: "allowed",
    entryId: "e0",
    executable: "/usr/bin/python3.11",
    argv: ["python3", "-u", "/home/me/x.py", "-c", "y"],
  });
  expect(await verdictOf(["python3", "evil.py"], list)).toBe("ask");
  expect(await verdictOf(["python3", "x.py"], ["/usr/bin/python3.11", "/usr/bin/*"])).toBe("ask");
  expect(await verdictOf(["/home/me/bin/python3", "x.py"], list)).toBe("ask");
  expect(await verdictOf(["/home/me/bin/python3", "x.py"], [...list, "/home/me/bin/python3"])).toBe("allowed");
  expect(await verdictOf(["bash", "run.sh"], ["/home/me/run.sh"])).toBe("allowed");
  expect(await verdictOf(["sh", "-c", "python3 x.py"], list)).toBe("allowed");
  expect(await verdictOf(["/home/me/run.sh"], ["/home/me/run.sh"])).toBe("allowed");
  const host = linuxHost({}, { maxScriptBytes: 4 });
  expect(await judge(["python3", "x.py"], list, { host })).toMatchObject({ verdict: "ask", canAllowAlways: false });
  expect(await verdictOf(["/home/me/run.sh"], ["/home/me/run.sh"], { host })).toBe("ask");
});

const harmless = [
  "jq .",
  "jq -r .a",
  "jq -rc .a[0]",
  "jq --arg a b $a",
  "jq --indent 2 .",
  "grep x",
  "grep -in x",
  "grep -e x",
  "grep -A 3 x",
  "grep -A3 x",
  "grep -- -x",
  "grep *",
  "grep /etc/passwd",
  "grep --ignore-case x",
  "cut -d: -f1",
  "cut -d : -f 1",
  "cut --delimiter=: --fields=1",
  "sort",
  "sort -rn",
  "sort -k 2,2",
  "sort -t, -k1",
  "uniq -c",
  "head",
  "head -5",
  "head -n 5",
  "head -c5",
  "tail -20",
  "tail -n +3",
  "tr a b",
  "tr -d x",
  "tr -cd [:alpha:]",
  "wc -l",
  "wc --lines",
];
const harmful = [
  "jq",
  "jq . x",
  "jq -f x",
  "jq --from-file x .",
  "jq -L . .",
  "jq --slurpfile a x .",
  "jq --rawfile a x .",
  "jq --arg a",
  "jq . -n",
  "jq -- .",
  "jq env",
  "jq $ENV.HOME",
  'jq import"a"as$a;.',
  'jq include"a";.',
  "jq --sl .",
  "grep",
  "grep x y",
  "grep x *",
  "grep -r x",
  "grep -R x",
  "grep -f x y",
  "grep -fx",
  "grep --file=x",
  "grep --fi=x",
  "grep -e x y",
  "grep --ignore x",
  "grep --include=x y",
  "grep x -r",
  "grep -d recurse x",
  "grep -inr x",
  "grep --regexp",
  "cut -f1 x",
  "cut --output-delim=x",
  "sort x",
  "sort -o x",
  "sort -ox",
  "sort --output=x",
  "sort --compress-program=x",
  "sort --compress-prog=x",
  "sort --co=x",
  "sort --files0-from=x",
  "sort -T x",
  "sort -S 1",
  "sort --random-source=x",
  "sort --parallel=2",
  "sort -",
  "uniq x",
  "uniq x y",
  "uniq -",
  "head x",
  "head -n 5 x",
  "head -z",
  "tail -f",
  "tail -F",
  "tail -nf x",
  "tail --follow",
  "tail --pid=1",
  "tail +5",
  "tr",
  "tr a b c",
  "tr a -d",
  "wc x",
  "wc --files0-from=x",
  "wc -",
  "wc --l",
  "cat",
  "ls",
  "./jq .",
  "/home/me/bin/jq .",
];

test("[R-36] safe programs: arguments that only work on their input pass, every other is a miss", async () => {
  for (const text of harmless) expect(await verdictOf(words(text), []), text).toBe("allowed");
  for (const text of harmful) expect(await verdictOf(words(text), [], { cwd: "/home/me/bin" }), text).toBe("ask");
  expect(await verdictOf(["sh", "-c", "grep 'a b'"], [])).toBe("allowed");
  expect(await verdictOf(["sh", "-c", "grep $x"], [])).toBe("ask");
  expect(await verdictOf(["nice", "sort", "-r"], [])).toBe("allowed");
});

test("[R-36] safe programs: only the system's own, behind their own name, and only those that the host chose", async () => {
  const hosts: [string, ReturnType<typeof linuxHost>][] = [
    ["somebody may write it", linuxHost({ "/usr/bin/jq": "!elf" })],
    ["another program has the name", linuxHost({ "/usr/bin/jq": "->ls" })],
    ["it is a name of many programs", linuxHost({ "/usr/bin/jq": "->busybox" })],
    ["it lies elsewhere", linuxHost({ "/usr/bin/jq": "->/opt/jq", "/opt/jq": "elf" })],
    ["the user's comes first", linuxHost({}, { env: { PATH: "/home/me/bin:/usr/bin" } })],
  ];
  for (const [why, host] of hosts) expect(await verdictOf(["jq", "."], [], { host }), why).toBe("ask");
  const files = fakeFiles({ "/usr/bin/jq": "elf" });
  const stat: typeof files.stat = async (path) => {
    const found = await files.stat(path);
    return found && path === "/usr" ? { ...found, mode: 0o775 } : found;
  };
  const host = linuxHost(
    {},
    { files: { ...files, stat, realpath: async (path) => (path === "/home/me" ? path : files.realpath(path)) } },
  );
  const view = { ...host, defaultCwd: "/usr" };
  expect(await verdictOf(["jq", "."], [], { host: view })).toBe("ask");
  expect(await verdictOf(["jq", "."], [], { facts: { safeBins: ["grep"] } })).toBe("ask");
  expect(await verdictOf(["ls"], [], { facts: { safeBins: ["ls"] } })).toBe("ask");
});

test("[R-36] skills: a skill's program passes where the host allows skills, if it is the system's own", async () => {
  const skills = (on: boolean) =>
    policyOf({ version: 1, defaults: { security: "allowlist", autoAllowSkills: on } }, null);
  const facts = { skillBins: ["weather", "sh", "python3", "tool", "uptime"] };
  expect(await verdictOf(["weather", "today"], skills(true), { facts })).toBe("allowed");
  expect(await verdictOf(["weather"], skills(false), { facts })).toBe("ask");
  expect(await verdictOf(["weather"], skills(true))).toBe("ask");
  for (const command of [
    ["/home/me/bin/tool"],
    ["/opt/ok/tool"],
    ["/tmp/uptime"],
    ["sh", "-c", "id"],
    ["python3", "x.py"],
    ["sh"],
  ]) {
    expect(await verdictOf(command, skills(true), { facts }), command.join(" ")).toBe("ask");
  }
});

const patternFor = async (command: readonly string[], host = linuxHost()): Promise<string | undefined> => {
  const planned = await planRun({ command: [...command] }, host);
  if (!planned.ok) throw new Error(planned.message);
  return alwaysPattern(planned.plan, planned.run);
};

test("[R-35] allow always: it stores the inner program's real path, or nothing", async () => {
  const stored: [string[], string][] = [
    [["uptime"], "/usr/bin/uptime"],
    [["/opt/ok/out"], "/opt/okay/evil"],
    [["env", "LANG=C", "nice", "uptime"], "/usr/bin/uptime"],
    [["sh", "-c", "uptime -p"], "/usr/bin/uptime"],
    [["python3", "x.py"], "/home/me/x.py"],
    [["~/run.sh"], "/home/me/run.sh"],
  ];
  for (const [command, pattern] of stored) {
    expect(await patternFor(command), command.join(" ")).toBe(pattern);
    expect(await verdictOf(command, [pattern])).toBe("allowed");
  }
  for (const text of [...wrapped, "nothing-here", "/home/me/bin/python3 x.py"])
    expect(await patternFor(words(text)), text).toBeUndefined();
  for (const text of expansions) expect(await patternFor(["sh", "-c", text]), text).toBeUndefined();
  for (const odd of ["/opt/a*", "/opt/a?", "/opt/a\u202eb", "/opt/a\nb"]) {
    expect(await patternFor([odd], linuxHost({ [odd]: "elf" })), odd).toBeUndefined();
  }
});
