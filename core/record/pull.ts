import type { EntryBody } from "../../schemas/entries.ts";
import type { Account } from "../../schemas/text.ts";
import { accountOf, type EntryOf, entriesOf, lastEntry, type TypedEntry } from "../entries.ts";
import type { EvidenceRecord, GivenAct, PullRecord, PullRun, Stop } from "../facts.ts";
import { attemptName } from "../identifiers.ts";
import { type Known, known, unknown } from "../known.ts";
import { adoptedPlan } from "./adopted-plan.ts";
import { undoneCommits } from "./checkpoints.ts";
import { openConcerns } from "./concerns.ts";
import { provenanceOf, runOrigin } from "./provenance.ts";

/** The record of a pull request that is not in the ledger. */
export const noRecord: PullRecord = {
  run: null,
  evidence: [],
  signOffs: [],
  waivers: [],
  adoptions: [],
  stops: [],
};

/**
 * The ledger record of one pull request: its run, evidence, sign-offs, waivers, adoptions and stops. Unknown when the
 * ledger names a run and lacks its contract: the pull request must not count as one that no run made.
 */
export function recordOf(entries: readonly TypedEntry[], pull: number): Known<PullRecord> {
  const opened = entriesOf(entries, "pull.opened").findLast((entry) => entry.body.pull === pull)?.body ?? null;
  const record: PullRecord = {
    run: null,
    evidence: [],
    signOffs: entriesOf(entries, "sign-off.given").flatMap((entry) => {
      const { sha, test, result } = entry.body;
      return entry.body.pull === pull ? [{ sha, test, result, ...givenBy(entry) }] : [];
    }),
    waivers: entriesOf(entries, "waiver.given").flatMap((entry) => {
      const { gate, sha, until, reason } = entry.body;
      return entry.body.pull === pull ? [{ gate, sha, until, reason, ...givenBy(entry) }] : [];
    }),
    adoptions: entriesOf(entries, "change.adopted").flatMap((entry) => {
      const { commits, reason } = entry.body;
      return entry.body.pull === pull ? [{ commits, reason, ...givenBy(entry) }] : [];
    }),
    stops: stopsOf(entries, opened === null ? [pull] : [pull, opened.story]),
  };
  if (opened === null) return adoptedRecord(entries, pull, record);
  const run = runOf(entries, opened);
  if (run === null) return unknown(`the ledger holds ${opened.run} and not the contract it was run for`);
  return known({ ...record, run, evidence: evidenceOf(entries, opened.prompt) });
}

type Act = EntryOf<"sign-off.given" | "waiver.given" | "change.adopted">;

/** Who gave an act, when, and for which branch; older entries lack the branch. */
function givenBy({ actor, seq, at, body }: Act): GivenAct & { by: Account; seq: number } {
  return { by: accountOf(actor), seq, at, baseRef: body.baseRef ?? null };
}

/** The record of a pull request that no run made, with the plan of the newest adoption that names a story. */
function adoptedRecord(entries: readonly TypedEntry[], pull: number, record: PullRecord): Known<PullRecord> {
  const naming = lastEntry(entries, "change.adopted", ({ body }) => body.pull === pull && body.story !== undefined);
  if (naming === undefined) return known(record);
  const adoptedFor = adoptedPlan(entries, naming);
  return adoptedFor === null
    ? unknown(`#${pull} was adopted for story #${naming.body.story}, and the ledger lacks its approved contract`)
    : known({ ...record, adoptedFor });
}

function runOf(entries: readonly TypedEntry[], opened: EntryBody<"pull.opened">): PullRun | null {
  const { run, story, prompt, branch } = opened;
  const basis = runOrigin(entries, opened);
  const { approval } = basis;
  const contract = basis.contract?.body;
  const frozen = contract?.prompts.find(({ index }) => index === basis.opened?.body.index);
  if (contract?.story !== story || frozen === undefined) return null;

  const prompts = entriesOf(entries, "prompt.opened").filter(
    ({ body }) => body.story === story && body.revision === contract.revision,
  );
  const completed = new Set(entriesOf(entries, "prompt.completed").map(({ body }) => body.prompt));
  const issueOf = (promptIndex: number) => prompts.find(({ body }) => body.index === promptIndex)?.body.issue ?? null;
  const isMerged = (promptIndex: number) => completed.has(issueOf(promptIndex) ?? 0);
  const undone = undoneCommits(entries);
  const casefiles = lastEntry(
    entries,
    "change.committed",
    ({ body }) => body.branch === branch && body.prompt === prompt && !undone.has(body.commit),
  )?.body.casefiles;
  const planners = entriesOf(entries, "plan.proposed").flatMap(({ body }) =>
    body.story === story && body.revision <= contract.revision ? [body.requestedBy] : [],
  );
  // A later run continues the same pull request, and a person's answer to an agent became part of its prompt.
  const submitters = entriesOf(entries, "run.submitted").flatMap(({ body }) =>
    body.prompts.includes(prompt) ? [body.by] : [],
  );
  const asked = new Set(
    entriesOf(entries, "concern.raised").flatMap(({ body }) =>
      body.prompt === prompt && body.raisedBy === "agent" ? [body.concern] : [],
    ),
  );
  const answerers = entriesOf(entries, "concern.answered").flatMap(({ body, actor }) =>
    asked.has(body.concern) && body.text !== "" ? [accountOf(actor)] : [],
  );
  return {
    run,
    story,
    prompt,
    role: frozen.role,
    paths: frozen.paths,
    risk: contract.risk,
    needsManualTest: contract.manualTest !== null,
    evidenceFiles: frozen.evidence,
    approval:
      approval === undefined
        ? null
        : {
            digest: contract.digest,
            by: accountOf(approval.actor),
            seq: approval.seq,
          },
    dependsOn: frozen.dependsOn.map((promptIndex) => ({
      prompt: issueOf(promptIndex),
      title: contract.prompts.find((one) => one.index === promptIndex)?.title ?? "",
      merged: isMerged(promptIndex),
    })),
    laterPaths: contract.prompts.flatMap((one) => (one.index === frozen.index || isMerged(one.index) ? [] : one.paths)),
    decisions: contract.decisions ?? [],
    requesters: distinct([...planners, ...submitters, ...answerers]),
    ...(casefiles === undefined ? {} : { casefiles: casefiles.map(({ path, blob }) => ({ path, blob })) }),
  };
}

/**
 * The recorded answers to a prompt that became commits. A commit without captured evidence does not count, and neither
 * does one that a rollback removed: pushed again, it is a foreign commit that leads to no prompt.
 */
function evidenceOf(entries: readonly TypedEntry[], prompt: number): EvidenceRecord[] {
  return entriesOf(entries, "change.committed").flatMap(({ body }) => {
    const { captured } = body.prompt === prompt ? provenanceOf(entries, body.commit) : {};
    const attempt = attemptName(body);
    return captured === undefined ? [] : [{ commit: body.commit, tree: body.tree, attempt, bundle: captured.hash }];
  });
}

/** The open concerns on these issues. */
function stopsOf(entries: readonly TypedEntry[], issues: readonly number[]): Stop[] {
  return openConcerns(entries).flatMap(({ code, message, issue, by, seq }) =>
    issues.includes(issue) ? [{ code, message, issue, by, seq: seq ?? 0 }] : [],
  );
}

/** The story whose run made this pull request; undefined for one that no run made. */
export function storyOf(entries: readonly TypedEntry[], pull: number): number | undefined {
  return entriesOf(entries, "pull.opened").findLast((entry) => entry.body.pull === pull)?.body.story;
}

function distinct(accounts: Account[]): Account[] {
  return accounts.filter((one, index) => accounts.findIndex((other) => other.id === one.id) === index);
}
