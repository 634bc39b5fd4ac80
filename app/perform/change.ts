import { apiObjects } from "../../collect/github/objects.ts";
import { outOfScope } from "../../core/contract/review.ts";
import { sha256 } from "../../core/digest.ts";
import type { EffectResult } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { type FileWrite, Pack, StepResult } from "../../schemas/step.ts";
import { casefilesFor, type WholeCasefile } from "./casefiles.ts";
import { botAuthor, type EffectOf, type PerformContext, readJson } from "./context.ts";
import { branchTip, pullsOf } from "./pulls.ts";
import { sanitize } from "./text.ts";

/** One entry of the new tree; `sha: null` deletes. */
type Entry = { path: string; mode: "100644" | "100755"; type: "blob"; sha: string | null };

/**
 * Writes a recorded answer as one commit on a branch of ours. Scope is checked again here, against the recorded pack,
 * because this is the last place before GitHub. The same inputs give the same commit, so a second try finds the first.
 */
export async function writeChange(effect: EffectOf<"write-change">, context: PerformContext): Promise<EffectResult> {
  if (!/^sallyport\/run-[0-9]+-[0-9]+\/[0-9]+$/.test(effect.branch)) {
    throw new SallyportError(
      "bad-input",
      `${JSON.stringify(effect.branch)} is not a branch of a run; nothing was written`,
    );
  }
  const pack = Pack.parse(await readJson(effect.packSha256, context));
  const { files } = StepResult.parse(await readJson(effect.resultSha256, context));
  refuse(outOfScope(pack, files));
  const casefiles = await casefilesFor(effect, pack, apiObjects(context.github));
  const commit = await createCommit(effect, files, casefiles, context);
  await placeBranch(effect, commit.commit, context);
  return { type: "commit", ...commit };
}

function refuse(outside: { path: string; why: string }[]): void {
  if (outside.length === 0) return;
  const named = outside.map(({ path, why }) => `${JSON.stringify(path)} (${why})`).join(", ");
  throw new SallyportError("out-of-scope", `the change writes outside its scope: ${named}; nothing was written`);
}

async function createCommit(
  effect: EffectOf<"write-change">,
  files: readonly FileWrite[],
  casefiles: readonly WholeCasefile[],
  context: PerformContext,
) {
  const { request, ourselves } = context;
  const { data: parent } = await request("GET /repos/{owner}/{repo}/git/commits/{commit_sha}", {
    commit_sha: effect.parent,
  });
  const entries = await entriesFor(effect.parent, files, context);
  if (entries.length === 0) nothingChanged();
  const added = await entriesFor(effect.parent, casefiles, context);
  const plant = async (base_tree: string, tree: Entry[]) =>
    (await request("POST /repos/{owner}/{repo}/git/trees", { base_tree, tree })).data.sha;
  const answered = await plant(parent.tree.sha, entries);
  if (answered === parent.tree.sha) nothingChanged();
  const tree = added.length === 0 ? answered : await plant(answered, added);
  const person = { ...botAuthor(ourselves), date: effect.at };
  const { data: commit } = await request("POST /repos/{owner}/{repo}/git/commits", {
    message: sanitize(effect.message),
    tree,
    parents: [effect.parent],
    author: person,
    committer: person,
  });
  const written = casefiles.map(({ name, path, content }) => {
    const blob = added.find((entry) => entry.path === path)?.sha;
    if (typeof blob !== "string") throw new SallyportError("internal", `the casefile ${path} was not written`);
    return { name, path, sha256: sha256(content), blob };
  });
  return {
    commit: commit.sha,
    tree,
    parent: effect.parent,
    files: entries.map(({ path, sha }) => ({ path, blob: sha })),
    ...(written.length === 0 ? {} : { casefiles: written }),
  };
}

function nothingChanged(): never {
  throw new SallyportError(
    "nothing-changed",
    "the answer's files are what the base has already; there is nothing to write",
  );
}

/**
 * The answer's files as tree entries, with their existing modes. Only plain files and free paths are written: a file
 * put in place of a folder, symlink or submodule, or below a file, would silently remove it.
 */
async function entriesFor(
  parent: string,
  files: readonly FileWrite[],
  { github, request }: PerformContext,
): Promise<Entry[]> {
  const objects = apiObjects(github);
  const entryAt = async (path: string) => {
    const entry = await objects.entry(parent, path);
    if (!entry.known) throw new SallyportError("github", entry.why, { retry: true });
    return entry.value;
  };
  const planned: { file: FileWrite; mode: Entry["mode"]; exists: boolean }[] = [];
  for (const file of files) {
    const names = file.path.split("/");
    for (let depth = 1; depth < names.length; depth++) {
      const folder = await entryAt(names.slice(0, depth).join("/"));
      if (folder !== null && folder.type !== "tree")
        refuse([{ path: file.path, why: `\`${folder.path}\` is not a folder` }]);
    }
    const entry = await entryAt(file.path);
    const mode = entry?.mode ?? "100644";
    if (mode !== "100644" && mode !== "100755")
      refuse([{ path: file.path, why: `what stands there is no plain file (mode ${mode})` }]);
    planned.push({ file, mode: mode === "100755" ? mode : "100644", exists: entry !== null });
  }
  const entries: Entry[] = [];
  for (const { file, mode, exists } of planned) {
    const { path, content } = file;
    if (content === null) {
      // GitHub reports an error when a missing file is deleted; for us it is done.
      if (exists) entries.push({ path, mode, type: "blob", sha: null });
      continue;
    }
    const { data: blob } = await request("POST /repos/{owner}/{repo}/git/blobs", {
      content: Buffer.from(content, "utf8").toString("base64"),
      encoding: "base64",
    });
    entries.push({ path, mode, type: "blob", sha: blob.sha });
  }
  return entries;
}

/** Moves the branch to our commit, from nothing or from the parent; any other commit is somebody else's work. */
async function placeBranch(
  { branch, parent }: EffectOf<"write-change">,
  commit: string,
  context: PerformContext,
): Promise<void> {
  const at = await branchTip(branch, context);
  if (at === commit) return;
  if (at !== null && at !== parent) {
    throw new SallyportError(
      "foreign-commit",
      `the branch ${branch} stands at ${at}, which this run did not write; it was left alone`,
    );
  }
  const [ended] = await pullsOf(branch, context, { state: "closed" });
  if (ended !== undefined) {
    throw new SallyportError(
      "pull-closed",
      `#${ended.number} of the branch ${branch} has ended; nothing more is written to it`,
    );
  }
  const { request } = context;
  if (at === null) {
    await request("POST /repos/{owner}/{repo}/git/refs", { ref: `refs/heads/${branch}`, sha: commit });
  } else {
    const ref = `heads/${branch}`;
    await request("PATCH /repos/{owner}/{repo}/git/refs/{ref}", { ref, sha: commit, force: false });
  }
}
