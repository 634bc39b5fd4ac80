import { phaseGuard } from "../../core/contract/cards.ts";
import { casefileGuard } from "../../core/contract/casefiles.ts";
import { foldConfusables, nameProblem } from "../../core/file-names.ts";
import { testsGuard } from "../../core/languages/test-files.ts";
import { byPath, matcher } from "../../core/paths/patterns.ts";
import type { FileWrite, Pack } from "../../schemas/step.ts";
import type { TreeReader } from "./trees.ts";

/** A refusal as the agent sees it: nothing was done, and the agent can correct its request. */
export type Refusal = { ok: false; code: string; message: string };
export type ToolAnswer<T> = { ok: true; value: T } | Refusal;

/** The hits of a search. `searched` is less than `of` when there were too many files. */
export type Found = { hits: { path: string; line: number; text: string }[]; searched: number; of: number };

/**
 * The virtual tree an agent works in: a commit of the repository, with the agent's own writes on top. It uses no disk,
 * git or network; every path is checked first.
 */
export type Workspace = {
  /** All paths that begin with the prefix, sorted. Hostile names are left out: they can be neither read nor written. */
  list(prefix: string): Promise<ToolAnswer<string[]>>;
  read(path: string): Promise<ToolAnswer<string>>;
  search(text: string, prefix: string): Promise<ToolAnswer<Found>>;
  write(path: string, content: string): Promise<ToolAnswer<null>>;
  edit(path: string, before: string, after: string): Promise<ToolAnswer<null>>;
  remove(path: string): Promise<ToolAnswer<null>>;
  /** The files that differ from the base, sorted by path. */
  changes(): Promise<FileWrite[]>;
};

const limits = {
  files: 500,
  fileBytes: 2_000_000,
  allBytes: 10_000_000,
  // The entry that records an answer names every path, and its size is limited.
  pathBytes: 200_000,
  searched: 300,
  found: 200,
} as const;
const link = "120000";
const submodule = "160000";

const refuse = (code: string, message: string): Refusal => ({ ok: false, code, message });
const answer = <T>(value: T): ToolAnswer<T> => ({ ok: true, value });

/** The parts of a pack that say what may be written. */
type Scope = Pick<Pack, "role" | "paths" | "casefiles" | "phase" | "tests">;

/**
 * Makes the workspace of one pack over a tree. Writes must be within the role, the phase and the declared paths, on tests
 * where the role writes nothing else, and never on paths denied to all agents.
 */
export function createWorkspace(tree: TreeReader, pack: Scope): Workspace {
  const refusedByScope = scopeOf(pack);
  const written = new Map<string, string | null>();
  let read: Promise<Base> | undefined;
  const base = () => {
    read ??= readBase(tree);
    return read;
  };

  const isThere = ({ modes }: Base, path: string) => {
    const own = written.get(path);
    return own === undefined ? modes.has(path) : own !== null;
  };
  const paths = async () => {
    const below = await base();
    const all = new Set([...below.modes.keys(), ...written.keys()]);
    return [...all].filter((path) => isThere(below, path) && nameProblem(path) === null).sort();
  };
  const contentOf = async (path: string): Promise<ToolAnswer<string>> => {
    const below = await base();
    if (!isThere(below, path)) return refuse("not-found", `${path} is not there`);
    const own = written.get(path);
    if (typeof own === "string") return answer(own);
    if (below.modes.get(path) === submodule)
      return refuse("not-a-file", `${path} is a submodule: a commit of another repository`);
    const bytes = await tree.read(path);
    if (bytes === null) return refuse("too-large", `${path} is too large to be shown, or too much was read before it`);
    const text = textOf(bytes);
    return text === null ? refuse("not-text", `${path} is not text in UTF-8`) : answer(text);
  };
  const refusedWrite = async (path: string): Promise<Refusal | null> => {
    const outside = refusedPath(path) ?? refusedByScope(path);
    if (outside !== null) return outside;
    const mode = (await base()).modes.get(path);
    if (mode === link || mode === submodule)
      return refuse("not-a-file", `${path} is a link or a submodule and cannot be written`);
    return null;
  };
  /** A name that git or a file system cannot hold beside the others: below a file or link, or another spelling. */
  const inTheWay = async (path: string): Promise<Refusal | null> => {
    const below = await base();
    const parts = path.split("/");
    const above = parts.map((_, length) => parts.slice(0, length).join("/")).find((folder) => isThere(below, folder));
    if (above !== undefined) return refuse("in-the-way", `${above} is no folder, so nothing can be written below it`);
    if (isThere(below, path)) return null;
    const inside = (await paths()).find((other) => other.startsWith(`${path}/`));
    if (inside !== undefined) return refuse("in-the-way", `${path} is a folder`);
    const folded = foldConfusables(path);
    const collision = [below.spellings.get(folded), ...written.keys()].find(
      (other) => other !== undefined && other !== path && foldConfusables(other) === folded && isThere(below, other),
    );
    return collision === undefined
      ? null
      : refuse("in-the-way", `${path} and ${collision} are one file on some systems; use ${collision}`);
  };
  const put = (path: string, content: string | null): ToolAnswer<null> => {
    if (content?.includes("\0")) return refuse("not-text", `${path} would hold a NUL, which no text does`);
    const size = Buffer.byteLength(content ?? "");
    if (size > limits.fileBytes)
      return refuse("too-large", `${path} would have ${size} bytes; the most is ${limits.fileBytes}`);
    const others = [...written].filter(([other]) => other !== path);
    const total = others.reduce((sum, [, text]) => sum + Buffer.byteLength(text ?? ""), size);
    const named = others.reduce((sum, [other]) => sum + Buffer.byteLength(other), Buffer.byteLength(path));
    if (others.length >= limits.files || total > limits.allBytes || named > limits.pathBytes)
      return refuse("too-much", "the change is too large; finish with what is there");
    written.set(path, content);
    return answer(null);
  };

  return {
    async list(prefix) {
      return answer((await paths()).filter((path) => path.startsWith(prefix)));
    },
    async read(path) {
      const bad = refusedPath(path);
      if (bad !== null) return bad;
      const content = await contentOf(path);
      if (!content.ok || (await base()).modes.get(path) !== link) return content;
      return answer(`(a symbolic link, not followed, to: ${content.value})`);
    },
    async search(text, prefix) {
      if (text === "") return refuse("bad-input", "search for at least one character");
      const all = (await paths()).filter((path) => path.startsWith(prefix));
      const hits: Found["hits"] = [];
      for (const [index, path] of all.slice(0, limits.searched).entries()) {
        const content = await contentOf(path);
        if (!content.ok) continue;
        for (const [at, line] of content.value.split("\n").entries()) {
          if (!line.includes(text)) continue;
          if (hits.length === limits.found) return answer({ hits, searched: index, of: all.length });
          hits.push({ path, line: at + 1, text: line });
        }
      }
      return answer({ hits, searched: Math.min(all.length, limits.searched), of: all.length });
    },
    async write(path, content) {
      return (await refusedWrite(path)) ?? (await inTheWay(path)) ?? put(path, content);
    },
    async edit(path, before, after) {
      const bad = await refusedWrite(path);
      if (bad !== null) return bad;
      const content = await contentOf(path);
      if (!content.ok) return content;
      const parts = before === "" ? [] : content.value.split(before);
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
      return isThere(await base(), path) ? put(path, null) : refuse("not-found", `${path} is not there`);
    },
    async changes() {
      const { modes } = await base();
      const files: FileWrite[] = [];
      for (const [path, content] of written) {
        const before = modes.has(path) ? await tree.read(path) : null;
        const same = content === null ? !modes.has(path) : before !== null && Buffer.from(content).equals(before);
        if (!same) files.push({ path, content });
      }
      return files.sort(byPath);
    },
  };
}

/** The base commit's modes by path, and paths by normalised name, chosen by anybody who may push to the base branch. */
type Base = { modes: ReadonlyMap<string, string>; spellings: ReadonlyMap<string, string> };

async function readBase(tree: TreeReader): Promise<Base> {
  const files = await tree.list();
  return {
    modes: new Map(files.map(({ path, mode }) => [path, mode])),
    spellings: new Map(files.map(({ path }) => [foldConfusables(path), path])),
  };
}

function refusedPath(path: string): Refusal | null {
  const problem = nameProblem(path);
  return problem === null ? null : refuse("bad-path", `${JSON.stringify(path)}: ${problem}`);
}

function scopeOf({ role, paths, casefiles = [], phase, tests }: Scope): (path: string) => Refusal | null {
  const allowed = matcher(role.allow, "allow");
  const declared = matcher(paths, "allow");
  const denied = matcher(role.deny, "deny");
  const isCasefile = casefileGuard(casefiles);
  const isClosed = phaseGuard(phase);
  const isNoTest = testsGuard(tests);
  return (path) => {
    const rule = denied.matches(path);
    if (rule !== null) return refuse("denied", `${path} is kept from agents by \`${rule}\`; leave it alone`);
    if (isCasefile(path)) return refuse("casefile", `Sallyport writes ${path} from its ledger; leave it alone`);
    if (isClosed(path)) return refuse("outside-phase", `${path} is closed in the phase ${phase?.name}; leave it alone`);
    if (allowed.matches(path) === null)
      return refuse("outside-role", `${path} is outside what the role ${role.name} may touch`);
    if (isNoTest(path))
      return refuse("outside-tests", `${path} is no test, and the role ${role.name} writes tests only`);
    if (declared.matches(path) === null)
      return refuse("outside-plan", `${path} is outside the paths declared in the approved plan: ${paths.join(", ")}`);
    return null;
  };
}

/** Bytes as text that encodes to the same bytes; null if they are not UTF-8, so that an edit cannot damage them. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}
