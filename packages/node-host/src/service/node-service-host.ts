/** A gateway, and what to know of it. */
export interface KnownGateway {
  readonly url: string;
  readonly tlsFingerprint?: string | undefined;
  /** What named it, e.g. `flag --url`. */
  readonly source: string;
}

/** What a node presents besides its own token. Holds secrets: never print it. */
export interface NodeCredentials {
  readonly token?: string | undefined;
  readonly password?: string | undefined;
  readonly tlsFingerprint?: string | undefined;
}

/** What the program around the node finds out: by the environment, and by a configuration where there is one. */
export interface NodeSurroundings {
  readonly stateDir: string;
  /** What decided the state folder. */
  readonly stateDirSource: string;
  /** The gateway that this machine belongs to, when neither a flag nor the node's own settings name one. */
  readonly gateway: KnownGateway;
  /** What may be shown to the gateway at `url`, and to no other one (rule R-01). */
  credentialsFor(url: string): NodeCredentials | Promise<NodeCredentials>;
}

/** The process that a node's command runs in, as far as the command needs it. */
export interface NodeServiceHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homedir: string;
  /** What the machine is called. */
  readonly hostname: string;
  /** Answers and, with `--json`, log lines. */
  readonly stdout: (text: string) => void;
  /** Words for the person who started it. */
  readonly stderr: (text: string) => void;
  /** Everything that standard input holds. */
  readonly stdin: () => Promise<string>;
  /** Calls back when the process is told to stop. */
  readonly onStop: (listener: () => void) => void;
  readonly version: string;
  /** What people type to get here: `saltgate node` or `saltgate-node`. */
  readonly command: string;
  readonly surroundings: (choice: {
    readonly profile: string | undefined;
    readonly dev: boolean;
  }) => Promise<NodeSurroundings>;
}
