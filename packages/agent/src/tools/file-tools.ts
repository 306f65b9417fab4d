import { z } from "zod";
import type { Tool } from "../tool.ts";
import { maxToolTextBytes } from "./bounded-text.ts";
import { defineTool, type ToolAnswer } from "./define-tool.ts";
import { imageKind } from "./image-kind.ts";
import { ToolFailure } from "./tool-failure.ts";
import { type JailedFile, WorkspaceJail } from "./workspace-jail.ts";

/** Largest file that is read or edited, in bytes. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** Largest image that is shown to a model, in bytes. */
const MAX_IMAGE_BYTES = 5 * 1024 * 1024;
/** Most lines of one answer, and the names of one folder. */
const MAX_LINES = 2_000;
const MAX_NAMES = 500;

const path = z
  .string()
  .min(1)
  .max(4_096)
  .describe("A path in the workspace, e.g. notes/today.md. It is taken as it stands.");

/** `read`, `write` and `edit`: files of the workspace, and no others. */
export function fileTools(): readonly Tool[] {
  return [readTool(), writeTool(), editTool()];
}

const SHARED = { groups: ["group:fs"], ownerOnly: true };

function readTool(): Tool {
  return defineTool({
    ...SHARED,
    name: "read",
    describe: "Reads a file of the workspace: text with its lines, or an image. Of a folder it tells the names in it.",
    untrustedOutput: true,
    params: z.strictObject({
      path,
      offset: z.int().min(1).optional().describe("The line to begin with, from 1."),
      limit: z.int().min(1).max(MAX_LINES).optional().describe(`Most lines, at most ${MAX_LINES}.`),
    }),
    async run({ path: asked, offset = 1, limit = MAX_LINES }, { workspace }) {
      const jail = await WorkspaceJail.open(workspace);
      let file: JailedFile;
      try {
        file = await jail.read(asked, MAX_FILE_BYTES);
      } catch (error) {
        if (!(error instanceof ToolFailure) || !error.message.endsWith(" is a folder.")) throw error;
        return { text: (await jail.list(asked, MAX_NAMES)).join("\n") || "(empty folder)" };
      }
      const image = imageKind(file.bytes);
      return image === undefined ? linesOf(file, offset, limit) : imageOf(file, image);
    },
  });
}

function imageOf({ bytes, path: shown }: JailedFile, mimeType: string): ToolAnswer {
  if (bytes.length > MAX_IMAGE_BYTES)
    throw new ToolFailure(`${shown} is an image of ${bytes.length} bytes: too large.`);
  return { text: `${shown} (${mimeType})`, images: [{ type: "image", data: bytes.toString("base64"), mimeType }] };
}

function linesOf({ bytes, path: shown }: JailedFile, offset: number, limit: number): ToolAnswer {
  if (bytes.includes(0)) throw new ToolFailure(`${shown} isn't text.`);
  const lines = bytes.toString("utf8").split("\n");
  const first = offset - 1;
  if (first > 0 && first >= lines.length) throw new ToolFailure(`${shown} has only ${lines.length} lines.`);
  const kept: string[] = [];
  let length = 0;
  for (const line of lines.slice(first, first + limit)) {
    length += Buffer.byteLength(line) + 1;
    // One line that is too long is cut with everything else that is.
    if (length > maxToolTextBytes - 200 && kept.length > 0) break;
    kept.push(line);
  }
  const left = lines.length - first - kept.length;
  const more = left > 0 ? `\n[... ${left} more lines: read on with offset ${offset + kept.length} ...]` : "";
  return { text: `${kept.join("\n")}${more}` };
}

function writeTool(): Tool {
  return defineTool({
    ...SHARED,
    name: "write",
    describe: "Writes a file of the workspace as a whole, in place of what was there. Folders on the way are made.",
    untrustedOutput: false,
    isSequential: true,
    params: z.strictObject({ path, content: z.string().max(MAX_FILE_BYTES) }),
    async run({ path: asked, content }, { workspace }) {
      const bytes = Buffer.from(content);
      if (bytes.length > MAX_FILE_BYTES) throw new ToolFailure(`The content is larger than ${MAX_FILE_BYTES} bytes.`);
      const written = await (await WorkspaceJail.open(workspace)).write(asked, bytes);
      return { text: `Wrote ${bytes.length} bytes to ${written}.` };
    },
  });
}

function editTool(): Tool {
  return defineTool({
    ...SHARED,
    name: "edit",
    describe: "Replaces a text that stands exactly once in a file of the workspace.",
    untrustedOutput: false,
    isSequential: true,
    params: z.strictObject({
      path,
      oldText: z
        .string()
        .min(1)
        .max(MAX_FILE_BYTES)
        .describe("Exactly as it stands there, with spaces and line breaks."),
      newText: z.string().max(MAX_FILE_BYTES),
    }),
    async run({ path: asked, oldText, newText }, { workspace }) {
      const jail = await WorkspaceJail.open(workspace);
      const file = await jail.read(asked, MAX_FILE_BYTES);
      const before = file.bytes.toString("utf8");
      if (!Buffer.from(before).equals(file.bytes)) throw new ToolFailure(`${file.path} isn't text.`);
      const at = before.indexOf(oldText);
      if (at === -1) throw new ToolFailure(`oldText doesn't stand in ${file.path}. Read it again; spaces count.`);
      if (before.includes(oldText, at + 1))
        throw new ToolFailure(`oldText stands more than once in ${file.path}. Take more of what surrounds it.`);
      const after = Buffer.from(before.slice(0, at) + newText + before.slice(at + oldText.length));
      if (after.length > MAX_FILE_BYTES)
        throw new ToolFailure(`${file.path} would be larger than ${MAX_FILE_BYTES} bytes.`);
      await jail.write(asked, after, file.mode);
      return { text: `Changed ${file.path}.` };
    },
  });
}
