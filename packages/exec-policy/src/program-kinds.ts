/**
 * What a program does with its arguments, as far as a permission for its path is concerned:
 * `shell`, `interpreter`: they run text or a script. `wrapper`: it runs the program that it is given, and nothing else
 * happens. `code`: it runs code, or another program with more rights or otherwise than as given. `runner`: some of its
 * arguments or settings run something else. `plain`: none of that is known of it.
 */
export type ProgramKind = "shell" | "interpreter" | "wrapper" | "code" | "runner" | "plain";

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== "");

/** Shells whose `-c` text can be read. */
const shells = words("sh bash dash ash zsh ksh mksh rbash fish cmd");
const interpreters = words("python pypy node nodejs perl ruby php lua luajit tclsh");
const wrappers = words("env nice nohup timeout stdbuf time ionice");

const code = words(`
  busybox toybox coreutils sudo doas su sg runuser pkexec run0 xargs parallel setsid chroot unshare nsenter setarch linux32
  linux64 taskset chrt flock script strace ltrace gdb lldb rr valgrind perf catchsegv faketime fakeroot proot bwrap firejail
  systemd-run capsh setpriv prlimit numactl cgexec dbus-run-session dbus-launch watch entr at batch crontab expect unbuffer rlwrap
  csh tcsh yash nu elvish xonsh rc es osh oil pwsh powershell wsl
  awk gawk mawk nawk sed gsed ed ex bc dc m4 deno bun tsx ts-node npx bunx uvx pipx
  r rscript julia octave osascript guile racket sbcl clisp scheme chibi-scheme ghc runghc runhaskell stack cabal erl escript elixir
  iex mix scala groovy kotlin clojure clj java jshell jrunscript swift go dotnet csi fsi mono wine wine64 gjs qjs d8 rhino
  wscript cscript mshta rundll32 regsvr32 msiexec forfiles conhost py pyw wish tkcon php-cgi php-fpm`);

const runners = words(`
  ssh scp sftp slogin mosh telnet ftp lftp rsync rclone git hg svn cvs gh tar bsdtar star cpio zip rar 7z
  make gmake bmake nmake ninja cmake ctest meson bazel scons just task rake ant mvn gradle sbt cargo rusrustup gcc g++ cc c++ clang
  npm pnpm yarn corepack pip pip3 uv poetry conda gem bundle bundler composer apt apt-get aptitude dpkg dnf yum rpm pacman
  brew port snap flatpak nix nix-shell nix-env guix docker podman buildah nerdctl ctr crictl runc lxc lxc-attach kubectl helm
  ansible ansible-playbook vagrant terraform salt puppet chef virsh qemu vim vi nvim view vimdiff rvim emacs emacsclient nano
  pico joe micro helix hx less more most man info pager lynx w3m links elinks mail mailx mutt tmux screen byobu dtach
  systemctl service launchctl initctl openrc rc-service ip tc nc ncat netcat socat openssl gpg gpg2 wget aria2c
  psql mysql mariadb sqlite sqlite3 mongo mongosh tcpdump tshark nmap ag ack pre-commit
  install start-stop-daemon daemon run-parts logrotate cron anacron xdg-open open gio editor visudo vipw crontab select-editor
  x-terminal-emulator xterm gnome-terminal konsole kitty alacritty wezterm xvfb-run update-alternatives ldd which debuild
  dpkg-buildpackage rpmbuild latex pdflatex xelatex lualatex tex gnuplot ghostscript gs convert magick mpv vlc
  explorer start schtasks bitsadmin certutil installutil regasm msbuild control hh`);

const kinds: ReadonlyMap<string, ProgramKind> = new Map<string, ProgramKind>([
  ...runners.map((name) => [name, "runner"] as const),
  ...code.map((name) => [name, "code"] as const),
  ...wrappers.map((name) => [name, "wrapper"] as const),
  ...interpreters.map((name) => [name, "interpreter"] as const),
  ...shells.map((name) => [name, "shell"] as const),
]);

/**
 * Arguments by which otherwise plain programs run others. Long options may be abbreviated, so the shortest form that is
 * one of them counts, with anything behind it.
 */
const runningArguments: Readonly<Record<string, RegExp>> = {
  find: /^-(?:exec|ok|delete|fprint|fls)/,
  fd: /^--e?x|^-[^-]*[xX]/,
  fdfind: /^--e?x|^-[^-]*[xX]/,
  rg: /^--(?:pre|hostname-bin|search-zip)|^-[^-]*z/,
  sort: /^--co/,
  split: /^--f/,
};

/** The last part of a path, on any system. */
export const baseName = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);

/** What distributions put behind a program's name. */
const variant =
  /(?:-static|\.(?:basic|tiny|small|nox|gtk3?|athena|motif|openbsd|traditional|nosuid|suid|distrib|real))$/;

/**
 * The names that a program may go by: lower case, without `.exe` and the like, without a login shell's dash, without a
 * version (`python3.11`, `gcc-12`) and without a variant (`vim.basic`).
 */
function namesOf(path: string): readonly string[] {
  const name = baseName(path)
    .toLowerCase()
    .replace(/^-/, "")
    .replace(/\.(?:exe|com)$/, "");
  const [, family = name] = /^(python|perl|ruby|lua|php|node|bash|zsh)[\d.]/.exec(name) ?? [];
  return [name, family, name.replace(variant, ""), name.replace(variant, "").replace(/[-_.]?v?\d[\d._]*[a-z]?$/, "")];
}

/**
 * The kind of a program, and the name that it has as one. Both the name that it was called by and its real one count,
 * because programs that are many in one go by the first; the less harmless kind wins.
 */
export function kindOf(calledAs: string, realPath: string): { readonly kind: ProgramKind; readonly name: string } {
  const names = [calledAs, realPath].flatMap(namesOf);
  // The loader of the system runs whatever it is given.
  if (names.some((name) => /^ld(?:[-.].*|64.*|\d.*)?$/.test(name))) return { kind: "code", name: "ld" };
  const found = names.flatMap((name) => {
    const kind = kinds.get(name);
    return kind === undefined ? [] : [{ kind, name }];
  });
  for (const kind of ["code", "runner", "shell", "interpreter", "wrapper"] as const) {
    const match = found.find((candidate) => candidate.kind === kind);
    if (match) return match;
  }
  return { kind: "plain", name: namesOf(calledAs)[0]! };
}

/** The argument by which a plain program would run something else, if one of them is. */
export function runningArgumentOf(
  calledAs: string,
  realPath: string,
  argumentsOnly: readonly string[],
): string | undefined {
  for (const name of [calledAs, realPath].flatMap(namesOf)) {
    const pattern = Object.hasOwn(runningArguments, name) ? runningArguments[name] : undefined;
    const found = pattern && argumentsOnly.find((argument) => pattern.test(argument));
    if (found !== undefined) return found;
  }
  return undefined;
}
