import { mkdir, readdir } from "node:fs/promises";
import { type AgentSettings, type WorkspaceFile, WorkspaceJail } from "@saltgate/agent";

/** The files of an agent's folder that its system prompt quotes, in this order. */
const PROMPT_FILES = ["AGENTS.md", "SOUL.md", "TOOLS.md", "IDENTITY.md", "USER.md", "MEMORY.md"] as const;
/** Read of one of them at most; of that, the prompt uses less. */
const maxPromptFileBytes = 262_144;
/** Largest file that an answer may attach. */
const maxAttachedBytes = 50 * 1024 * 1024;

/** The folders of agents. Made when they are first needed; nothing outside is ever read (rule R-59). */
export class AgentFolders {
  readonly #settings: AgentSettings;
  readonly #made = new Set<string>();

  constructor(settings: AgentSettings) {
    this.#settings = settings;
  }

  /** What the owner wrote for an agent. A file that isn't there, or can't be read, has no text. */
  async promptFiles(agentId: string): Promise<readonly WorkspaceFile[]> {
    const jail = await this.#open(agentId);
    // One look says which are there: each is asked for before every run, and most folders have few of them.
    const there = new Set(await readdir(this.#folderOf(agentId)).catch(() => []));
    return await Promise.all(
      PROMPT_FILES.map(async (name) => {
        try {
          if (!there.has(name)) return { name, text: undefined };
          return { name, text: (await jail.read(name, maxPromptFileBytes)).bytes.toString("utf8") };
        } catch {
          return { name, text: undefined };
        }
      }),
    );
  }

  /** A file that an answer attaches. @throws when it isn't a plain file inside the folder */
  async file(agentId: string, path: string): Promise<Uint8Array<ArrayBuffer>> {
    return (await (await this.#open(agentId)).read(path, maxAttachedBytes)).bytes;
  }

  async #open(agentId: string): Promise<WorkspaceJail> {
    const folder = this.#folderOf(agentId);
    if (!this.#made.has(folder)) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      this.#made.add(folder);
    }
    return await WorkspaceJail.open(folder);
  }

  #folderOf(agentId: string): string {
    const agent = this.#settings.agents.find(({ id }) => id === agentId);
    if (agent === undefined) throw new Error(`There is no agent "${agentId}".`);
    return agent.workspace;
  }
}
