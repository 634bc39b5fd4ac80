import * as z from "zod";
import { blobId } from "../../collect/blob-id.ts";
import { apiObjects } from "../../collect/github/objects.ts";
import { valueOrThrow } from "../../collect/github/request.ts";
import type { Objects } from "../../collect/objects.ts";
import { outOfScope } from "../../core/contract/review.ts";
import { sha256 } from "../../core/digest.ts";
import type { EffectResult } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { isRunBranch } from "../../core/identifiers.ts";
import { FileWrite, Pack, StepResult } from "../../schemas/step.ts";
import { casefilesFor, type WholeCasefile } from "./casefiles.ts";
import { botAuthor, type EffectOf, type PerformContext, readJson } from "./context.ts";
import { type BranchState, branchOf } from "./pulls.ts";
import { sanitize } from "./text.ts";

/** The most characters that are sent inside one request for a tree; larger changes travel as blobs of their own. */
const inlineLength = 2_000_000;

/** One file of the new tree with the id that git gives its content; null deletes. `isNew`: the parent has another one. */
type Entry = { path: string; mode: "100644" | "100755"; content: string | null; blob: string | null; isNew: boolean };

/**
 * Writes a recorded answer as one commit on a branch of ours. Scope is checked again here, against the recorded pack,
 * because this is the last place before GitHub. The same inputs give the same commit, so a second try finds the first.
 */
export async function writeChange(effect: EffectOf<"write-change">, context: PerformContext): Promise<EffectResult> {
  const { branch: name, parent } = effect;
  if (!isRunBranch(name))
    throw new SallyportError("bad-input", `${JSON.stringify(name)} is not a branch of a run; nothing was written`);
  const pack = Pack.parse(await readJson(effect.packSha256, context));
  const files = await filesOf(effect, context);
  refuse(outOfScope(pack, files));
  const objects = apiObjects(context.reader, context.cache);
  const casefiles = await casefilesFor(effect, pack, objects);
  const answered = await entriesFor(parent, files, objects);
  if (!answered.some(({ isNew }) => isNew))
    throw new SallyportError(
      "nothing-changed",
      "the answer's files are what the base has already; there is nothing to write",
    );
  const added = await entriesFor(parent, casefiles, objects);
  const branch = await branchOf(name, parent, context);
  const written = await createCommit(effect, branch.tree, [...answered, ...added], context);
  await placeBranch(effect, written.commit, branch, context);
  return {
    type: "commit",
    ...written,
    parent,
    files: answered.map(({ path, blob }) => ({ path, blob })),
    ...(added.length === 0 ? {} : { casefiles: casefiles.map((file) => recordOf(file, added)) }),
  };
}

/** The files of the answer; of evidence those that verification commands wrote. */
async function filesOf({ resultSha256, verified }: EffectOf<"write-change">, context: PerformContext) {
  const { files } = StepResult.parse(await readJson(resultSha256, context));
  const { paths = [], written = null } = verified ?? {};
  const own = files.filter(({ path }) => !paths.includes(path));
  return written === null ? own : [...own, ...z.array(FileWrite).parse(await readJson(written, context))];
}

function refuse(outside: { path: string; why: string }[]): void {
  if (outside.length === 0) return;
  const named = outside.map(({ path, why }) => `${JSON.stringify(path)} (${why})`).join(", ");
  throw new SallyportError("out-of-scope", `the change writes outside its scope: ${named}; nothing was written`);
}

function recordOf({ name, path, content }: WholeCasefile, added: readonly Entry[]) {
  const blob = added.find((entry) => entry.path === path)?.blob ?? null;
  if (blob === null) throw new SallyportError("internal", `the casefile ${path} was not written`);
  return { name, path, sha256: sha256(content), blob };
}

async function createCommit(
  effect: EffectOf<"write-change">,
  base: string | null,
  entries: readonly Entry[],
  context: PerformContext,
): Promise<{ commit: string; tree: string }> {
  const { request, ourselves } = context;
  if (base === null) throw new SallyportError("not-found", `the commit ${effect.parent} is not there any more`);
  const isBig = entries.reduce((sum, { content }) => sum + (content?.length ?? 0), 0) > inlineLength;
  const tree = [];
  for (const { path, mode, content, blob } of entries) {
    const entry = { path, mode, type: "blob" } as const;
    // Where a content could change on its way as text, it travels as bytes.
    const isPlain = content?.isWellFormed() === true && !content.includes("\0") && !isBig;
    if (isPlain) tree.push({ ...entry, content });
    else {
      if (content !== null) await createBlob(content, context);
      tree.push({ ...entry, sha: blob });
    }
  }
  const { data: planted } = await request("POST /repos/{owner}/{repo}/git/trees", { base_tree: base, tree });
  const person = { ...botAuthor(ourselves), date: effect.at };
  const { data: commit } = await request("POST /repos/{owner}/{repo}/git/commits", {
    message: sanitize(effect.message),
    tree: planted.sha,
    parents: [effect.parent],
    author: person,
    committer: person,
  });
  return { commit: commit.sha, tree: planted.sha };
}

async function createBlob(content: string, { request }: PerformContext): Promise<void> {
  await request("POST /repos/{owner}/{repo}/git/blobs", {
    content: Buffer.from(content, "utf8").toString("base64"),
    encoding: "base64",
  });
}

/**
 * Files as tree entries, with their existing modes. Only plain files and free paths are written: a file put in place of
 * a folder, symlink or submodule, or below a file, would silently remove it.
 */
async function entriesFor(parent: string, files: readonly FileWrite[], objects: Objects): Promise<Entry[]> {
  const entryAt = async (path: string) => valueOrThrow(await objects.entry(parent, path));
  const entries: Entry[] = [];
  for (const { path, content } of files) {
    const names = path.split("/");
    for (let depth = 1; depth < names.length; depth++) {
      const folder = await entryAt(names.slice(0, depth).join("/"));
      if (folder !== null && folder.type !== "tree") refuse([{ path, why: `\`${folder.path}\` is not a folder` }]);
    }
    const there = await entryAt(path);
    const mode = there?.mode ?? "100644";
    if (mode !== "100644" && mode !== "100755")
      refuse([{ path, why: `what stands there is no plain file (mode ${mode})` }]);
    // GitHub reports an error when a missing file is deleted; for us it is done.
    if (content === null && there === null) continue;
    const blob = content === null ? null : blobId(Buffer.from(content), parent.length === 64 ? "sha256" : "sha1");
    const isNew = blob !== (there?.sha ?? null);
    entries.push({ path, mode: mode === "100755" ? mode : "100644", content, blob, isNew });
  }
  return entries;
}

/** Moves the branch to our commit, from nothing or from the parent; any other commit is somebody else's work. */
async function placeBranch(
  { branch, parent }: EffectOf<"write-change">,
  commit: string,
  { tip, pulls }: BranchState,
  { request }: PerformContext,
): Promise<void> {
  if (tip === commit) return;
  if (tip !== null && tip !== parent) {
    throw new SallyportError(
      "foreign-commit",
      `the branch ${branch} stands at ${tip}, which this run did not write; it was left alone`,
    );
  }
  const ended = pulls.find(({ state }) => state !== "OPEN");
  if (ended !== undefined) {
    throw new SallyportError(
      "pull-closed",
      `#${ended.number} of the branch ${branch} has ended; nothing more is written to it`,
    );
  }
  // Not forced: GitHub refuses both where the branch has moved since it was read.
  if (tip === null) {
    await request("POST /repos/{owner}/{repo}/git/refs", { ref: `refs/heads/${branch}`, sha: commit });
  } else {
    const ref = `heads/${branch}`;
    await request("PATCH /repos/{owner}/{repo}/git/refs/{ref}", { ref, sha: commit, force: false });
  }
}
