import { basename, resolve } from "node:path";
import type { PolicyReading, PullFacts } from "../core/facts.ts";
import { type Known, known, unknown } from "../core/known.ts";
import { readEvidenceFiles } from "./evidence-files.ts";
import { blobId, git, resolveCommit } from "./git.ts";
import { gitObjects } from "./objects-git.ts";
import { policyReading, readPolicy } from "./policy-file.ts";

/**
 * Two revisions in a git directory; `base` is the default branch unless given. `policy` is the content of a file to judge
 * by, in place of the default branch's policy: what the person at the command line wants to try.
 */
export type CommitsSource = { dir: string; base?: string; head: string; policy?: Uint8Array };

/** A branch by the name people know it by, and its commit. */
type Branch = { name: string; sha: string };

/**
 * Reads the facts that a git directory alone can give; the ledger's side is unknown, and gates that need it are deferred.
 * Unknown when one of the revisions names no commit. There is no repository id in a git directory: it is 0.
 */
export async function collectCommits(source: CommitsSource): Promise<Known<PullFacts>> {
  const { dir } = source;
  const main = await findDefaultBranch(dir);
  const [base, head] = await Promise.all([chooseBase(source, main), resolveCommit(dir, source.head)]);
  if (!base.known) return base;
  if (!head.known) return head;

  const objects = gitObjects(dir);
  const mergeBase = await objects.mergeBase(base.value.sha, head.value);
  const changes = mergeBase.known ? await objects.changes(mergeBase.value, head.value) : mergeBase;
  const policy = await choosePolicy(source, main);
  const record = unknown(
    "a git directory does not say which pull request this is: judge with --pr owner/repo#number",
  );
  return known({
    repository: { id: 0, name: basename(resolve(dir)) },
    pull: null,
    base: { ref: base.value.name, sha: base.value.sha },
    head: { sha: head.value },
    defaultBranch: main.known ? main.value.name : base.value.name,
    policy,
    mergeBase,
    changes,
    evidenceFiles: await readEvidenceFiles(objects, head.value, { policy, changes, record }),
    record,
  });
}

async function chooseBase({ dir, base }: CommitsSource, main: Known<Branch>): Promise<Known<Branch>> {
  if (base === undefined) return main.known ? main : unknown(`${main.why}; name one with --base`);
  const sha = await resolveCommit(dir, base);
  return sha.known ? known({ name: base, sha: sha.value }) : sha;
}

async function choosePolicy(source: CommitsSource, main: Known<Branch>): Promise<Known<PolicyReading>> {
  if (source.policy === undefined) {
    if (!main.known) return unknown(`${main.why}; name a policy file with --policy`);
    return readPolicy(gitObjects(source.dir), main.value.sha);
  }
  // A file outside git was read at no commit; its own id stands in for one, so that nobody takes it for the branch's policy.
  const blob = blobId(source.policy, "sha1");
  return known(policyReading(blob, blob, source.policy));
}

/**
 * The default branch: where `origin/HEAD` points if the clone says so, else a local `main` or `master`. A base that was named
 * is never taken for it, because whoever may write to that branch could then choose the policy.
 */
async function findDefaultBranch(dir: string): Promise<Known<Branch>> {
  const remote = await git(dir, ["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"]);
  const target = remote.ok ? remote.stdout.toString("utf8").trim() : null;
  const refs = target === null ? ["refs/heads/main", "refs/heads/master"] : [target];
  for (const ref of refs) {
    const sha = await resolveCommit(dir, ref);
    if (sha.known)
      return known({ name: ref.replace(/^refs\/(?:heads|remotes\/origin)\//, ""), sha: sha.value });
  }
  if (!remote.ok && remote.exit !== 1) return unknown(remote.why);
  return unknown(`${dir} has no default branch that can be told: there is no ${refs.join(" and no ")}`);
}
