import type { PullFacts, PullRecord } from "../core/facts.ts";
import { type Known, known, unknown } from "../core/known.ts";
import { Account } from "../schemas/text.ts";
import { readEvidenceFiles } from "./evidence-files.ts";
import { askKnown, type GitHub, readBranch } from "./github.ts";
import { readApiLedger } from "./ledger.ts";
import { apiObjects } from "./objects-api.ts";
import { readPolicy } from "./policy-file.ts";
import { verifiedRecord } from "./record.ts";

/**
 * A pull request on GitHub. The App gives its own `record`; without one it is read from the repository's evidence
 * branch and verified against the keys that the policy pins.
 */
export type PullSource = GitHub & { number: number; record?: Known<PullRecord> };

/**
 * Reads every fact about a pull request as it is now, never from an event's payload. Unknown when the pull request, its
 * repository or one of the two branches cannot be read: there is then no commit that a verdict could be given on.
 */
export async function collectPull(source: PullSource): Promise<Known<PullFacts>> {
  const { request, owner, repo, number } = source;
  const [repository, pull] = await Promise.all([
    askKnown(`the repository ${owner}/${repo}`, request("GET /repos/{owner}/{repo}", { owner, repo })),
    askKnown(
      `pull request #${number} of ${owner}/${repo}`,
      request("GET /repos/{owner}/{repo}/pulls/{pull_number}", { owner, repo, pull_number: number }),
    ),
  ]);
  if (!repository.known) return repository;
  if (!pull.known) return pull;
  const { head, base, user, changed_files: listed } = pull.value;
  const author = Account.safeParse({ id: user?.id, login: user?.login, type: user?.type });
  if (!author.success)
    return unknown(`GitHub does not say who wrote pull request #${number} of ${owner}/${repo}`);

  const id = Number(repository.value.id);
  const defaultBranch = repository.value.default_branch;
  // The pull request keeps the base commit of its last push; what counts is where the branch stands now.
  const [baseTip, policyRef] = await Promise.all([
    readBranch(source, base.ref),
    readBranch(source, defaultBranch),
  ]);
  if (!baseTip.known) return baseTip;

  const objects = apiObjects(source);
  const [policy, mergeBase] = await Promise.all([
    policyRef.known ? readPolicy(objects, policyRef.value) : policyRef,
    objects.mergeBase(baseTip.value, head.sha),
  ]);
  const changes = mergeBase.known ? await objects.changes(mergeBase.value, head.sha) : mergeBase;
  const complete = changes.known ? enough(changes, listed) : changes;
  const record =
    source.record ??
    verifiedRecord(await readApiLedger(source), { repository: id, number, branch: head.ref, policy });
  const evidenceFiles = await readEvidenceFiles(objects, head.sha, { policy, changes: complete, record });
  return known({
    repository: { id, name: repository.value.full_name },
    pull: { number, author: author.data },
    base: { ref: base.ref, sha: baseTip.value },
    head: { sha: head.sha },
    defaultBranch,
    policy,
    mergeBase,
    changes: complete,
    evidenceFiles,
    record,
  });
}

/** A second look at the count: GitHub counts a rename once and we count it twice, so fewer than it counts is a cut listing. */
function enough<T>(changes: { known: true; value: T[] }, listed: number): Known<T[]> {
  if (changes.value.length >= listed) return changes;
  return unknown(
    `the listing of changed files is incomplete: ${changes.value.length} were found and GitHub counts ${listed}; try again`,
  );
}
