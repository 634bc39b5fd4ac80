import { basename, resolve } from "node:path";
import type { PolicyReading, PullFacts } from "../../core/facts.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { openBudget } from "../budget.ts";
import { type Branch, findDefaultBranch } from "../git/default-branch.ts";
import { type GitObjects, gitObjects } from "../git/objects.ts";
import { findPolicy } from "../policy/blob.ts";

/**
 * Two revisions in a git directory; `base` is the default branch unless given. `policy` is the content of a file to
 * judge by in place of the default branch's policy, which the person at the command line wants to try. `parse` turns
 * the policy's file into the reading that the gates receive.
 */
export type CommitsSource = {
  dir: string;
  base?: string;
  head: string;
  policy?: Uint8Array;
  parse: PolicyParser;
  day: string;
};

/** Parses the content of a policy, whose id is `blob`: `policyReading`, or a host's cache of its results. */
export type PolicyParser = (ref: string, blob: string, content: Uint8Array) => Promise<PolicyReading>;

/**
 * Reads the facts that a git directory alone can give; the ledger's facts are unknown, and gates that need them are
 * deferred. Unknown when one of the revisions names no commit. A git directory has no repository id: it is 0.
 */
export async function collectCommits(source: CommitsSource): Promise<Known<PullFacts>> {
  const objects = gitObjects(source.dir, openBudget());
  try {
    return await readFacts(objects, source);
  } finally {
    objects.close();
  }
}

async function readFacts(objects: GitObjects, source: CommitsSource): Promise<Known<PullFacts>> {
  const { dir } = source;
  const finding = findDefaultBranch(objects, dir);
  const [main, base, head] = await Promise.all([
    finding,
    chooseBase(objects, source, finding),
    objects.resolve(source.head),
  ]);
  if (!base.known) return base;
  if (!head.known) return head;

  const [mergeBase, policy, listed, { contentFacts }] = await Promise.all([
    objects.mergeBase(base.value.sha, head.value),
    choosePolicy(objects, source, main),
    // With a single merge base, the commits since the base are the commits since the merge base.
    objects.commits(base.value.sha, head.value),
    // The gates' code, loaded while git works.
    import("../content/content.ts"),
  ]);
  const elsewhere = unknown(
    "a git directory does not say which pull request this is: judge with --pr owner/repo#number",
  );
  const content = await contentFacts(objects, {
    mergeBase,
    head: head.value,
    policy,
    record: elsewhere,
    pull: null,
    commits: mergeBase.known ? listed : mergeBase,
  });
  return known({
    ...content,
    repository: { id: 0, name: basename(resolve(dir)) },
    pull: null,
    base: { ref: base.value.name, sha: base.value.sha },
    retargetedAt: known(null),
    head: { sha: head.value },
    defaultBranch: main.known ? main.value.name : base.value.name,
    reviews: elsewhere,
    authorPermission: elsewhere,
    checks: elsewhere,
    attachments: elsewhere,
    day: source.day,
  });
}

async function chooseBase(
  objects: GitObjects,
  { base }: CommitsSource,
  finding: Promise<Known<Branch>>,
): Promise<Known<Branch>> {
  if (base === undefined) {
    const main = await finding;
    if (main.known) return main;
    const { known: isGit } = await objects.about();
    return unknown(`${main.why}; ${isGit ? "name one with --base" : "name a clone with --repo"}`);
  }
  const sha = await objects.resolve(base);
  return sha.known ? known({ name: base, sha: sha.value }) : sha;
}

async function choosePolicy(
  objects: GitObjects,
  source: CommitsSource,
  main: Known<Branch>,
): Promise<Known<PolicyReading>> {
  if (source.policy === undefined) {
    if (!main.known) return unknown(`${main.why}; name a policy file with --policy`);
    const found = await findPolicy(objects, main.value.sha);
    if (!found.known) return found;
    const file = found.value;
    return known(file.state === "there" ? await source.parse(file.ref, file.blob, file.content) : file);
  }
  // A file outside git has no commit; its blob id is used instead, so that it is not mistaken for the branch's policy.
  // Loaded only here: most checks use the default branch's policy, and the crypto module is slow to load.
  const { blobId } = await import("../blob-id.ts");
  const blob = blobId(source.policy, "sha1");
  return known(await source.parse(blob, blob, source.policy));
}
