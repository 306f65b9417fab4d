// Names of variables, by what they do. All are compared in upper case, so that no spelling slips through.

/** What a caller may set without anybody's leave (rule R-37), and what each may hold. */
export const callerNames: readonly (readonly [name: RegExp, value: RegExp])[] = [
  // A slash in a locale or in TERM names a file to load.
  [/^(?:LANG|LC_[A-Z]+)$/, /^[A-Za-z0-9_.@-]{0,64}$/],
  [/^TERM$/, /^[A-Za-z0-9_.+-]{0,64}$/],
  // A zone may have slashes, but neither an absolute path, nor one that climbs, nor the `:` that makes it a file name.
  [/^TZ$/, /^(?![:/])(?!.*\.\.)[A-Za-z0-9_+/:,.<>-]{0,128}$/],
  [/^(?:COLORTERM|NO_COLOR|FORCE_COLOR)$/, /^[ -~]{0,64}$/],
];

/**
 * Names that make a program load code, run another program, or read its settings from somewhere else. Nobody passes
 * them on: not a caller, not an owner's list, not our own environment.
 */
export const injectingNames: readonly RegExp[] = [
  // loaders and the C library
  /^(?:LD|DYLD|_RLD|MALLOC|GCONV|LOCPATH|NLSPATH|GLIBC)(?:_|$)/,
  /^(?:LIBPATH|SHLIB_PATH|HOSTALIASES|LOCALDOMAIN|RES_OPTIONS|TERMINFO|TERMINFO_DIRS|TERMCAP|TZDIR|POSIXLY_CORRECT)$/,
  // shells
  /^(?:BASH_ENV|ENV|SHELLOPTS|BASHOPTS|PS[0-4]|PROMPT_COMMAND|ZDOTDIR|IFS|CDPATH|FPATH|GLOBIGNORE|EXECIGNORE|BASH_FUNC_.*)$/,
  // interpreters
  /^(?:NODE_OPTIONS|NODE_PATH|NODE_REPL_EXTERNAL_MODULE|NODE_CHANNEL_FD|NODE_UNIQUE_ID|NODE_V8_COVERAGE|NODE_DEBUG.*)$/,
  /^(?:PYTHON|PERL5|PERL_|PERLLIB|PERLDB|RUBY|GEM_|BUNDLE_|LUA_|PHPRC|PHP_INI|R_PROFILE|R_ENVIRON|TCLLIBPATH|AWKPATH|AWKLIBPATH)/,
  /^(?:JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|DOTNET_STARTUP_HOOKS|COMPLUS_.*|CORECLR_.*|COR_PROFILER.*)$/,
  // programs that others start, and programs that take whole command lines from a variable
  /^(?:VISUAL|LESS|LESSOPEN|LESSCLOSE|.*(?:EDITOR|PAGER|ASKPASS|BROWSER)|.*_(?:SSH|RSH))$/,
  /^(?:GREP_OPTIONS|TAR_OPTIONS|GZIP|BZIP2?|XZ_OPT|XZ_DEFAULTS|UNZIP|ZIPOPT|RSYNC_.*|MAKEFLAGS|GNUMAKEFLAGS|MAKEFILES|CMAKE_.*)$/,
  /^(?:GIT_|SVN_|HG|NPM_CONFIG_|NPM_|YARN_|PNPM_|BUN_|DENO_|CARGO_|RUSTC|RUSTFLAGS|GOFLAGS|PIP_|UV_)/,
  /^(?:OPENSSL_CONF|OPENSSL_MODULES|OPENSSL_ENGINES|SSLKEYLOGFILE|CURL_HOME|WGETRC|SYSTEM_WGETRC|RIPGREP_CONFIG_PATH|INPUTRC|EXINIT|VIMINIT|MYVIMRC)$/,
  // Windows: what cmd.exe and the loader start or search
  /^(?:COMSPEC|PATHEXT|PROMPT|__COMPAT_LAYER|__PSLOCKDOWNPOLICY|PSMODULEPATH)$/,
];

/** Names that a caller may never set, although our own environment may pass them to a program. */
export const hostNames: readonly RegExp[] = [
  /^(?:PATH|HOME|USERPROFILE|HOMEDRIVE|HOMEPATH|SHELL|USER|LOGNAME|PWD|OLDPWD|TMPDIR|TEMP|TMP|SYSTEMROOT|WINDIR)$/,
  /^(?:XDG_|APPDATA|LOCALAPPDATA|PROGRAMDATA|PROGRAMFILES)/,
];

/**
 * Names that hold, or lead to, a secret. A program gets none of them from our own environment, unless the owner of the
 * host names one.
 */
export const secretNames: readonly RegExp[] = [
  /^(?:SALTGATE|OPENCLAW|MOLTBOT|CLAWDBOT|CLAWDIS)(?:_|$)/,
  /TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|COOKIE/,
  /(?:^|_)(?:(?:API|PRIVATE|ACCESS|SIGNING|ENCRYPTION|MASTER|SSH|SERVICE|ACCOUNT|LICENSE)_?KEY|KEY|PAT|AUTH|DSN|PWD_?FILE|PASS)(?:_|$)/,
  /^(?:DATABASE_URL|REDIS_URL|MONGO(?:DB)?_UR[IL]|AMQP_URL|PGPASSFILE|NETRC|KUBECONFIG|SSH_AUTH_SOCK|SSH_AGENT_PID)$/,
];

/** A URL with a password in it, whatever the variable is called. */
export const secretValue: RegExp = /:\/\/[^/\s@:]*:[^/\s@]+@/;
