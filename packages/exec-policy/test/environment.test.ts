import fc from "fast-check";
import { expect, test } from "vitest";
import { callerEnvironment, childEnvironment, envDigest, envNames } from "../src/index.ts";

const linux = { platform: "linux" } as const;
const windows = { platform: "win32" } as const;

/** Names by which something was once run, or read, that nobody had asked for. */
const corpus = [
  ..."LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT DYLD_INSERT_LIBRARIES DYLD_LIBRARY_PATH GCONV_PATH LOCPATH NLSPATH MALLOC_CONF".split(
    " ",
  ),
  ..."NODE_OPTIONS NODE_PATH PYTHONPATH PYTHONHOME PYTHONSTARTUP PERL5LIB PERL5OPT PERL5DB RUBYOPT RUBYLIB PHPRC".split(
    " ",
  ),
  ..."BASH_ENV ENV SHELLOPTS BASHOPTS PS0 PS1 PS2 PS4 PROMPT_COMMAND ZDOTDIR IFS CDPATH BASH_FUNC_ls%% GLIBC_TUNABLES".split(
    " ",
  ),
  ..."GIT_SSH_COMMAND GIT_SSH GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 GIT_EXTERNAL_DIFF GIT_PAGER GIT_EDITOR GIT_DIR".split(
    " ",
  ),
  ..."NPM_CONFIG_SCRIPT_SHELL npm_config_script_shell EDITOR VISUAL PAGER MANPAGER BROWSER LESSOPEN SSH_ASKPASS SUDO_ASKPASS".split(
    " ",
  ),
  ..."JAVA_TOOL_OPTIONS _JAVA_OPTIONS CLASSPATH GREP_OPTIONS TAR_OPTIONS MAKEFLAGS RUSTC_WRAPPER CARGO_HOME OPENSSL_CONF".split(
    " ",
  ),
  ..."HOME USERPROFILE PATH SHELL USER TMPDIR XDG_CONFIG_HOME COMSPEC PATHEXT PSModulePath DOTNET_STARTUP_HOOKS".split(
    " ",
  ),
  ..."TERMINFO TERMCAP POSIXLY_CORRECT KUBECONFIG FOO A=B LANG\n lc_all LC_ LANG2 1LANG".split(" "),
];

test("[R-37] environment: every name of the corpus refuses the call, and is named", () => {
  for (const name of corpus) {
    for (const rules of [linux, windows]) {
      if (rules === windows && name === "lc_all") continue;
      const outcome = callerEnvironment({ LANG: "C", [name]: "x" }, rules);
      expect(outcome, name).toEqual({ ok: false, refused: [name] });
    }
  }
});

test("[R-37] environment: nobody's list lets names through that inject code or move the user's home", () => {
  for (const name of corpus.filter((name) => !["FOO", "KUBECONFIG", "lc_all", "LC_", "LANG2"].includes(name))) {
    expect(callerEnvironment({ [name]: "x" }, { ...linux, envAllow: [name] }).ok, name).toBe(false);
  }
});

test("[R-37] environment: the usual names pass, and so do those of the host's owner", () => {
  const env = {
    LANG: "en_US.UTF-8",
    LC_ALL: "C",
    TERM: "xterm-256color",
    TZ: "Europe/Berlin",
    COLORTERM: "truecolor",
    NO_COLOR: "1",
    FORCE_COLOR: "3",
  };
  expect(callerEnvironment(env, linux)).toEqual({ ok: true, env });
  expect(callerEnvironment({ BUILD_ID: "7" }, { ...linux, envAllow: ["BUILD_ID"] })).toEqual({
    ok: true,
    env: { BUILD_ID: "7" },
  });
  expect(callerEnvironment({ build_id: "7" }, { ...linux, envAllow: ["BUILD_ID"] })).toEqual({
    ok: false,
    refused: ["build_id"],
  });
  for (const none of [null, undefined, {}]) expect(callerEnvironment(none, linux)).toEqual({ ok: true, env: {} });
});

test("[R-37] environment: a value that names a file to load refuses the call", () => {
  const values: Record<string, string>[] = [
    { LANG: "../../tmp/x" },
    { LC_ALL: "/tmp/x" },
    { TERM: "../x" },
    { TZ: ":/etc/shadow" },
    { TZ: "/etc/shadow" },
    { TZ: "a/../../b" },
    { NO_COLOR: "a\nb" },
    { LANG: "a\0b" },
  ];
  for (const env of values) expect(callerEnvironment(env, linux)).toEqual({ ok: false, refused: Object.keys(env) });
});

test("[R-37] environment: on Windows case doesn't matter, and two spellings of one name are refused", () => {
  expect(callerEnvironment({ Lang: "C", lc_all: "C" }, windows)).toEqual({ ok: true, env: { LANG: "C", LC_ALL: "C" } });
  expect(callerEnvironment({ Path: "x" }, windows)).toEqual({ ok: false, refused: ["Path"] });
  expect(callerEnvironment({ LANG: "C", lang: "D" }, windows)).toEqual({ ok: false, refused: ["lang"] });
});

test("[R-37] environment: no code injection and no secret of the host reaches a program", () => {
  const own = {
    PATH: "/usr/bin::.:bin:/bin",
    HOME: "/home/me",
    LANG: "C",
    USER: "me",
    UNSET: undefined,
    SALTGATE_GATEWAY_TOKEN: "s",
    OPENCLAW_STATE_DIR: "s",
    CLAWDBOT_GATEWAY_PASSWORD: "s",
    MOLTBOT_X: "s",
    GITHUB_TOKEN: "s",
    AWS_SECRET_ACCESS_KEY: "s",
    AWS_ACCESS_KEY_ID: "s",
    OPENAI_API_KEY: "s",
    MY_PASSWORD: "s",
    DB_PASS: "s",
    TELEGRAM_BOT_TOKEN: "s",
    BASIC_AUTH: "s",
    SESSION_COOKIE: "s",
    SSH_AUTH_SOCK: "s",
    GH_PAT: "s",
    SENTRY_DSN: "s",
    http_proxy: "http://me:s@proxy:8080",
    https_proxy: "http://proxy:8080",
    LD_PRELOAD: "s",
    NODE_OPTIONS: "s",
    BASH_ENV: "s",
    GIT_SSH_COMMAND: "s",
    npm_config_registry: "s",
    EDITOR: "s",
    PS4: "s",
  };
  expect(childEnvironment(own, { TERM: "dumb", LANG: "de" }, linux)).toEqual({
    PATH: "/usr/bin:/bin",
    HOME: "/home/me",
    LANG: "de",
    USER: "me",
    TERM: "dumb",
    https_proxy: "http://proxy:8080",
  });
  expect(
    childEnvironment(
      { SSH_AUTH_SOCK: "/s", LD_PRELOAD: "s" },
      {},
      { ...linux, envAllow: ["SSH_AUTH_SOCK", "LD_PRELOAD"] },
    ),
  ).toEqual({
    SSH_AUTH_SOCK: "/s",
  });
});

test("[R-37] environment: on Windows a program gets one spelling of a name, and the host's own COMSPEC", () => {
  const own = {
    Path: "C:\\Windows;.;tools;\\\\share\\x",
    Lang: "C",
    ComSpec: "C:\\Windows\\system32\\cmd.exe",
    PATHEXT: ".EXE",
    Node_Options: "s",
  };
  expect(childEnvironment(own, { LANG: "D" }, windows)).toEqual({
    Path: "C:\\Windows;\\\\share\\x",
    ComSpec: "C:\\Windows\\system32\\cmd.exe",
    PATHEXT: ".EXE",
    LANG: "D",
  });
});

const variables = fc.dictionary(fc.string({ maxLength: 6 }), fc.string({ maxLength: 6 }), { maxKeys: 5 });

test("[R-34] environment: the digest is the same in any order, and another one for anything else", () => {
  expect(envDigest(null)).toBe(envDigest({}));
  expect(envDigest(undefined)).toBe(envDigest({}));
  fc.assert(
    fc.property(variables, variables, (one, two) => {
      const turned = Object.fromEntries(Object.entries(one).reverse());
      expect(envDigest(turned)).toBe(envDigest(one));
      expect(envNames(turned)).toEqual(Object.keys(one).sort());
      const same = JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(two).sort());
      expect(envDigest(one) === envDigest(two)).toBe(same);
    }),
  );
});
