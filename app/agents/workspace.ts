import { nameProblem } from "../../core/names.ts";
import { matcher } from "../../core/paths.ts";
import type { FileWrite, Pack } from "../../schemas/step.ts";
import type { TreeReader } from "./trees.ts";

/** A refusal as the agent is told it: it can mend what it asked for, and nothing was done. */
export type Refusal = { ok: false; code: string; message: string };
export type Answer<T> = { ok: true; value: T } | Refusal;

/**
 * The virtual tree an agent works in: a commit of the repository below, its own writes in memory above. There is no
 * disk, no git and no network behind it; every path is checked before it is touched.
 */
export type Workspace = {
  list(prefix: string): Promise<Answer<string[]>>;
  read(path: string): Promise<Answer<string>>;
  search(text: string, prefix: string): Promise<Answer<{ path: string; line: number; text: string }[]>>;
  write(path: string, content: string): Promise<Answer<null>>;
  edit(path: string, before: string, after: string): Promise<Answer<null>>;
  remove(path: string): Promise<Answer<null>>;
  /** The files that differ from the base, sorted by path. */
  changes(): Promise<FileWrite[]>;
};

const most = { files: 500, fileBytes: 2_000_000, allBytes: 10_000_000, found: 200 } as const;

const refuse = (code: string, message: string): Refusal => ({ ok: false, code, message });
const answer = <T>(value: T): Answer<T> => ({ ok: true, value });

/** Makes the workspace of one pack over a tree. Writes stay within role, declared paths and what is denied to nobody. */
export function createWorkspace(tree: TreeReader, pack: Pick<Pack, "role" | "paths">): Workspace {
  const allowed = matcher(pack.role.allow, "allow");
  const declared = matcher(pack.paths, "allow");
  const denied = matcher(pack.role.deny, "deny");
  const written = new Map<string, string | null>();

  const refusedPath = (path: string): Refusal | null => {
    const problem = nameProblem(path);
    return problem === null ? null : refuse("bad-path", `${JSON.stringify(path)}: ${problem}`);
  };
  const refusedWrite = async (path: string): Promise<Refusal | null> => {
    const bad = refusedPath(path);
    if (bad !== null) return bad;
    const rule = denied.matches(path);
    if (rule !== null) return refuse("denied", `${path} is kept from agents by \`${rule}\`; leave it alone`);
    if (allowed.matches(path) === null)
      return refuse("outside-role", `${path} is outside what the role ${pack.role.name} may touch`);
    if (declared.matches(path) === null)
      return refuse(
        "outside-plan",
        `${path} is outside the paths declared in the approved plan: ${pack.paths.join(", ")}`,
      );
    const mode = (await tree.list()).find((file) => file.path === path)?.mode;
    if (mode !== undefined && !mode.startsWith("100"))
      return refuse("not-a-file", `${path} is a link or a submodule and cannot be written`);
    return null;
  };
  const textOf = async (path: string): Promise<string | null> => {
    const own = written.get(path);
    if (own !== undefined) return own;
    const bytes = await tree.read(path);
    return bytes === null ? null : Buffer.from(bytes).toString("utf8");
  };
  const put = (path: string, content: string | null): Answer<null> => {
    const size = Buffer.byteLength(content ?? "");
    if (size > most.fileBytes)
      return refuse("too-large", `${path} would have ${size} bytes; the most is ${most.fileBytes}`);
    const others = [...written].filter(([other]) => other !== path);
    const total = others.reduce((sum, [, text]) => sum + Buffer.byteLength(text ?? ""), size);
    if (others.length >= most.files || total > most.allBytes)
      return refuse("too-much", "the change is too large; finish with what is there");
    written.set(path, content);
    return answer(null);
  };
  const paths = async () => {
    const all = new Set((await tree.list()).map((file) => file.path));
    for (const [path, content] of written) content === null ? all.delete(path) : all.add(path);
    return [...all].sort();
  };

  return {
    async list(prefix) {
      return answer((await paths()).filter((path) => path.startsWith(prefix)).slice(0, 2_000));
    },
    async read(path) {
      const bad = refusedPath(path);
      if (bad !== null) return bad;
      const text = await textOf(path);
      if (text === null) return refuse("not-found", `${path} is not there, or is no file that can be shown`);
      const link =
        (await tree.list()).some((file) => file.path === path && file.mode === "120000") &&
        !written.has(path);
      return answer(link ? `(a symbolic link, not followed, to: ${text})` : text);
    },
    async search(text, prefix) {
      if (text === "") return refuse("bad-input", "search for at least one character");
      const found: { path: string; line: number; text: string }[] = [];
      for (const path of (await paths()).filter((one) => one.startsWith(prefix)).slice(0, 300)) {
        const content = await textOf(path);
        if (content === null || content.includes("\0")) continue;
        for (const [at, line] of content.split("\n").entries()) {
          if (!line.includes(text)) continue;
          found.push({ path, line: at + 1, text: line.slice(0, 300) });
          if (found.length === most.found) return answer(found);
        }
      }
      return answer(found);
    },
    async write(path, content) {
      return (await refusedWrite(path)) ?? put(path, content);
    },
    async edit(path, before, after) {
      const bad = await refusedWrite(path);
      if (bad !== null) return bad;
      const text = await textOf(path);
      if (text === null) return refuse("not-found", `${path} is not there; write it whole`);
      const parts = before === "" ? [] : text.split(before);
      if (parts.length !== 2)
        return refuse(
          "no-single-match",
          `the old text is in ${path} ${Math.max(parts.length - 1, 0)} times; it must be there exactly once`,
        );
      return put(path, parts.join(after));
    },
    async remove(path) {
      const bad = await refusedWrite(path);
      if (bad !== null) return bad;
      if ((await textOf(path)) === null) return refuse("not-found", `${path} is not there`);
      return put(path, null);
    },
    async changes() {
      const files: FileWrite[] = [];
      for (const [path, content] of written) {
        const bytes = await tree.read(path);
        const base = bytes === null ? null : Buffer.from(bytes).toString("utf8");
        if (content !== base) files.push({ path, content });
      }
      return files.sort((one, other) => (one.path < other.path ? -1 : 1));
    },
  };
}
