import type { TypedEntry } from "../../core/entries.ts";
import type { PolicyReading } from "../../core/facts.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import type { Entry } from "../../core/ledger/entry.ts";
import { pinnedKeys } from "../../core/ledger/keyring.ts";
import { typedEntry } from "../../core/ledger/typed-entry.ts";
import { verifyChain } from "../../core/ledger/verify.ts";
import type { PullRecord } from "../../core/pull-record.ts";
import type { Range } from "../../core/record/held-work.ts";
import { noRecord, recordOf } from "../../core/record/pull.ts";

/** The pull request whose record is wanted. Anyone who can open a pull request may have chosen the branch's name. */
export type RecordSubject = {
  repository: number;
  number: number;
  branch: string;
  policy: Known<PolicyReading>;
  range: Range;
};

/** The prefix of a run's branches. A pull request from such a branch counts as a run's, whatever the ledger shows. */
const runBranches = "sallyport/";

/**
 * Builds the record of one pull request from the lines of the evidence branch (null: there is no such branch), after
 * verifying the whole chain against the keys that the policy pins. Unknown when it cannot be verified.
 */
export function verifiedRecord(lines: Known<string[] | null>, subject: RecordSubject): Known<PullRecord> {
  const { repository, number, branch, policy, range } = subject;
  if (!lines.known) return lines;
  if (!policy.known) return unknown(`without the policy it is not known whose keys sign the ledger: ${policy.why}`);
  const keys = policy.value.state === "loaded" ? pinnedKeys(policy.value.policy) : [];
  if (lines.value === null) {
    // No branch: nothing was ever recorded here, or nothing was published yet. Pinned keys mean that a ledger is
    // expected, so a run's own pull request waits for it; a person's pull request needs no record.
    if (keys.length === 0 || !branch.startsWith(runBranches)) return known(noRecord);
    return unknown(`the branch ${branch} is a run's, and the evidence branch that would show it is not there yet`);
  }
  if (keys.length === 0)
    return unknown(
      "there is a ledger, and the policy pins no key to verify it with: add its public key under `ledger.keys`",
    );
  const entries: TypedEntry[] = [];
  const unread: Entry[] = [];
  const report = verifyChain(lines.value, keys, {
    expectRepositoryId: repository,
    visit: (entry) => {
      const typed = typedEntry(entry);
      if (typed === null) unread.push(entry);
      else entries.push(typed);
    },
  });
  if (!report.ok) return unknown(`the ledger does not verify: ${report.problems[0]?.message ?? "it has no entry"}`);
  const record = recordOf(entries, number, range);
  if (!record.known) return record;
  const { run } = record.value;
  const newer = unread.find(
    ({ body }) => body.pull === number || (run !== null && (body.run === run.run || body.story === run.story)),
  );
  // The unread entry may block the merge: a failed test, a stop, a concern.
  if (newer !== undefined)
    return unknown(
      `entry ${newer.seq} of the ledger (${newer.kind}) is about this pull request and this version cannot read it: use a newer one`,
    );
  if (run === null && branch.startsWith(runBranches))
    return unknown(`the branch ${branch} is a run's, and the evidence branch does not show the run yet`);
  return record;
}
