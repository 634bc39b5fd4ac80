import { type Known, known, unknown } from "../../core/known.ts";
import { heldBytes, maxChangedFiles, tooMuch } from "../budget.ts";
import { indistinct, type Sides, twinsIn } from "../changes.ts";
import type { Objects, TreeEntry } from "../objects.ts";
import type { Batch, Hold } from "./batch.ts";

/**
 * One side of a comparison: a folder's path with its slash (`""`: the root), and its tree id or revision, or null if it
 * does not exist.
 */
type Folder = { path: string; before: string | null; after: string | null };

/**
 * The entries in which two commits' trees differ; only folders that differ are read. The authors of the commits chose
 * the names.
 */
export async function readDifferingTrees(batch: Batch, before: string, after: string): Promise<Known<Sides>> {
  const found = { before: [] as TreeEntry[], after: [] as TreeEntry[], twins: new Map<string, string>() };
  const hold = { bytes: heldBytes.folders };
  let folders: Folder[] = [{ path: "", before: `${before}^{tree}`, after: `${after}^{tree}` }];
  while (folders.length > 0) {
    if (folders.length > maxChangedFiles) return tooMuch(`the change touches more than ${maxChangedFiles} folders`);
    const read = await Promise.all(
      folders.map(async ({ path, before, after }) => ({
        path,
        trees: await Promise.all([readFolder(batch, before, path, hold), readFolder(batch, after, path, hold)]),
      })),
    );
    folders = [];
    for (const { path, trees } of read) {
      const [oldFolder, newFolder] = trees;
      if (!oldFolder.known) return oldFolder;
      if (!newFolder.known) return newFolder;
      const compared = compareFolder(path, oldFolder.value, newFolder.value);
      found.before.push(...compared.before);
      found.after.push(...compared.after);
      folders.push(...compared.folders);
      const twins = twinsIn(new Set(oldFolder.value.keys()), [...newFolder.value.keys()]);
      for (const [name, twin] of twins) found.twins.set(`${path}${name}`, `${path}${twin}`);
    }
  }
  return known(found);
}

/** Splits the differences in one folder into files and folders to read next. */
function compareFolder(path: string, oldEntries: Map<string, TreeEntry>, newEntries: Map<string, TreeEntry>) {
  const before: TreeEntry[] = [];
  const after: TreeEntry[] = [];
  const folders: Folder[] = [];
  for (const name of new Set([...oldEntries.keys(), ...newEntries.keys()])) {
    const [one, other] = [oldEntries.get(name), newEntries.get(name)];
    if (one?.sha === other?.sha && one?.mode === other?.mode) continue;
    const [oldTree, newTree] = [treeOf(one), treeOf(other)];
    if (oldTree !== null || newTree !== null)
      folders.push({ path: `${path}${name}/`, before: oldTree, after: newTree });
    if (one !== undefined && oldTree === null) before.push(one);
    if (other !== undefined && newTree === null) after.push(other);
  }
  return { before, after, folders };
}

function treeOf(entry: TreeEntry | undefined): string | null {
  return entry?.type === "tree" ? entry.sha : null;
}

type Folders = Map<string, Promise<Known<Map<string, TreeEntry>>>>;

/** Creates a reader of entries and folders by path that reads each tree on the way once: a commit never changes. */
export function createTreeReader(batch: Batch): Pick<Objects, "entry" | "folder"> {
  const folders: Folders = new Map();
  return {
    entry: (commit, path) => readTreeEntry(batch, folders, commit, path),
    async folder(commit, path) {
      const entry = await readTreeEntry(batch, folders, commit, path);
      if (!entry.known) return entry;
      const found = await readFolder(batch, treeOf(entry.value ?? undefined), `${path}/`);
      return found.known ? known([...found.value.values()]) : found;
    },
  };
}

/** The entry at a path of a commit, links not followed; null if there is none. */
async function readTreeEntry(
  batch: Batch,
  folders: Folders,
  commit: string,
  path: string,
): Promise<Known<TreeEntry | null>> {
  let tree = `${commit}^{tree}`;
  const names = path.split("/");
  for (const [at, name] of names.entries()) {
    const reading = folders.get(tree) ?? readFolder(batch, tree, names.slice(0, at).join("/"));
    folders.set(tree, reading);
    const folder = await reading;
    if (!folder.known) return folder;
    const entry = folder.value.get(name);
    if (entry === undefined) return known(null);
    if (at === names.length - 1) return known({ ...entry, path });
    if (entry.type !== "tree") return known(null);
    tree = entry.sha;
  }
  return known(null);
}

/** The entries of one tree by their names. A null id means that the folder does not exist. */
async function readFolder(
  batch: Batch,
  id: string | null,
  path: string,
  hold?: Hold,
): Promise<Known<Map<string, TreeEntry>>> {
  if (id === null) return known(new Map());
  const object = await batch.read(id, heldBytes.folders, hold);
  if (!object.known) return object;
  const { type, content, size = 0 } = object.value ?? {};
  if (size > heldBytes.folders) return tooMuch(`the folder ${JSON.stringify(path)} lists too many files`);
  if (type !== "tree" || content === null || content === undefined)
    return unknown(`the tree ${id} cannot be read: fetch the full history and all objects`);
  return parseTree(content, (object.value?.id.length ?? 40) / 2, path);
}

/**
 * Reads a tree object: for each entry a mode in octal, a space, a name, a zero byte and the bytes of an id. Names that
 * are not valid UTF-8 are read with replacement characters; two that become equal make the answer unknown.
 * Source: git's `Documentation/technical/` and gitformat-pack(5); the ids are 20 bytes, or 32 with SHA-256.
 */
function parseTree(content: Buffer, idBytes: number, path: string): Known<Map<string, TreeEntry>> {
  const entries = new Map<string, TreeEntry>();
  let at = 0;
  while (at < content.length) {
    const space = content.indexOf(0x20, at);
    const zero = content.indexOf(0, space + 1);
    const end = zero + 1 + idBytes;
    if (space === -1 || zero === -1 || end > content.length)
      return unknown(`the tree of ${JSON.stringify(path)} is damaged`);
    const digits = content.toString("latin1", at, space);
    const name = content.toString("utf8", space + 1, zero);
    if (!/^[0-7]{5,6}$/.test(digits) || name === "") return unknown(`the tree of ${JSON.stringify(path)} is damaged`);
    if (entries.has(name)) return unknown(indistinct);
    const mode = digits.padStart(6, "0");
    const sha = content.toString("hex", zero + 1, end);
    entries.set(name, { path: `${path}${name}`, mode, type: typeOf(mode), sha });
    at = end;
  }
  return known(entries);
}

function typeOf(mode: string): string {
  if (mode === "040000") return "tree";
  return mode === "160000" ? "commit" : "blob";
}
