import type { EntryBody } from "../../schemas/entries.ts";
import type { Account } from "../../schemas/text.ts";
import { accountOf, type EntryOf, entriesOf, lastEntry, type TypedEntry } from "../entries.ts";
import { attemptName } from "../identifiers.ts";
import { type Known, known, unknown } from "../known.ts";
import type { EvidenceRecord, GivenAct, PullRecord, PullRun, Stop } from "../pull-record.ts";
import { adoptedPlan } from "./adopted-plan.ts";
import { undoneCommits } from "./checkpoints.ts";
import { openConcerns, openQuestion } from "./concerns.ts";
import { type HeldWork, heldWork, type Range } from "./held-work.ts";
import { type ContractOrigin, provenanceOf, runOrigin } from "./provenance.ts";
import { requirementsOf } from "./requirements.ts";
import { askersOf, foldStory, openPrompt } from "./story.ts";

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
 * The ledger record of one pull request: its run, evidence, sign-offs, waivers, adoptions and stops. It follows the
 * commits: a pull request that holds a run's commit has that run's record, and an act for a commit and a branch counts
 * wherever it was given. Unknown when the ledger names a run and lacks its contract, or has not recorded the run's own
 * pull request yet: it must not count as one that no run made.
 */
export function recordOf(entries: readonly TypedEntry[], pull: number, range: Range): Known<PullRecord> {
  const own = lastEntry(entries, "pull.opened", ({ body }) => body.pull === pull)?.body ?? null;
  const held = heldWork(entries, range, own?.prompt ?? null);
  if (!held.known) return held;
  const [first] = held.value;
  const pulls = entriesOf(entries, "pull.opened").map(({ body }) => body);
  const made = own ?? pulls.findLast(({ prompt }) => prompt === first?.written.prompt) ?? null;
  if (made === null && first !== undefined && !isClosed(entries, first.written.run))
    return unknown(
      `${first.as} was written for prompt #${first.written.prompt}, and its pull request is not recorded yet`,
    );
  const opened = made ?? first?.written ?? null;
  const ownPulls = pulls.flatMap((one) => (one.prompt === opened?.prompt ? [one.pull] : []));

  const commits = new Set(range.commits.known ? range.commits.value.map(({ sha }) => sha) : []);
  const isHere = ({ body }: Act, shas: readonly string[]) =>
    body.pull === pull || (body.baseRef !== undefined && shas.some((sha) => commits.has(sha)));
  const adoptions = entriesOf(entries, "change.adopted").filter((entry) => isHere(entry, entry.body.commits));
  const record: PullRecord = {
    run: null,
    evidence: [],
    signOffs: entriesOf(entries, "sign-off.given").flatMap((entry) => {
      const { sha, test, result } = entry.body;
      return isHere(entry, [sha]) ? [{ sha, test, result, ...givenBy(entry) }] : [];
    }),
    waivers: entriesOf(entries, "waiver.given").flatMap((entry) => {
      const { gate, sha, until, reason } = entry.body;
      return isHere(entry, [sha]) ? [{ gate, sha, until, reason, ...givenBy(entry) }] : [];
    }),
    adoptions: adoptions.map((entry) => {
      const { commits: adopted, reason } = entry.body;
      return { commits: adopted, reason, ...givenBy(entry) };
    }),
    stops: stopsOf(entries, opened === null ? [pull] : [pull, opened.story, ...ownPulls]),
  };
  if (opened === null) return adoptedRecord(entries, pull, record, adoptions);
  const run = runOf(entries, opened);
  if (run === null) return unknown(`the ledger holds ${opened.run} and not the contract it was run for`);
  const name = ({ written: { run: of, prompt }, as }: HeldWork) => ({
    commit: as,
    run: of,
    prompt,
    pull: pulls.findLast((one) => one.prompt === prompt)?.pull ?? null,
  });
  const others = held.value.filter(({ written }) => written.prompt !== opened.prompt).map(name);
  return known({
    ...record,
    run,
    evidence: evidenceOf(entries, opened),
    ...(own === null && first !== undefined ? { held: name(first) } : {}),
    ...(others.length === 0 ? {} : { others }),
  });
}

function isClosed(entries: readonly TypedEntry[], run: string): boolean {
  return lastEntry(entries, "run.closed", ({ body }) => body.run === run) !== undefined;
}

type Act = EntryOf<"sign-off.given" | "waiver.given" | "change.adopted">;

/** Who gave an act, when, and for which branch; older entries lack the branch. */
function givenBy({ actor, seq, at, body }: Act): GivenAct & { by: Account; seq: number } {
  return { by: accountOf(actor), seq, at, baseRef: body.baseRef ?? null };
}

/** The record of a pull request that no run made, with the plan of the newest adoption that names a story. */
function adoptedRecord(
  entries: readonly TypedEntry[],
  pull: number,
  record: PullRecord,
  adoptions: readonly EntryOf<"change.adopted">[],
): Known<PullRecord> {
  const naming = adoptions.findLast(({ body }) => body.story !== undefined);
  if (naming === undefined) return known(record);
  const adoptedFor = adoptedPlan(entries, naming);
  return adoptedFor === null
    ? unknown(`#${pull} was adopted for story #${naming.body.story}, and the ledger lacks its approved contract`)
    : known({ ...record, adoptedFor });
}

function runOf(
  entries: readonly TypedEntry[],
  opened: Pick<EntryBody<"pull.opened">, "run" | "story" | "prompt" | "branch">,
): PullRun | null {
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
  return {
    run,
    story,
    prompt,
    role: frozen.role,
    paths: frozen.paths,
    ...requirementsOf(contract),
    evidenceFiles: frozen.evidence,
    approval:
      approval === undefined
        ? null
        : {
            digest: contract.digest,
            by: accountOf(approval.actor),
            seq: approval.seq,
            ...(approval.body.tier === undefined ? {} : { light: approval.body.tier.size }),
          },
    dependsOn: frozen.dependsOn.map((promptIndex) => ({
      prompt: issueOf(promptIndex),
      title: contract.prompts.find((one) => one.index === promptIndex)?.title ?? "",
      merged: isMerged(promptIndex),
    })),
    laterPaths: contract.prompts.flatMap((one) => (one.index === frozen.index || isMerged(one.index) ? [] : one.paths)),
    decisions: contract.decisions ?? [],
    added: addedBefore(entries, { story, prompt }),
    requesters: requestersOf(entries, { story, prompt, revision: contract.revision }),
    ...(casefiles === undefined ? {} : { casefiles: casefiles.map(({ path, blob }) => ({ path, blob })) }),
  };
}

/**
 * Who asked for the change of a prompt, each once: those who asked for its story's plans up to this one and wrote their
 * prompts, who submitted it, and whose words its agent got.
 */
export function requestersOf(
  entries: readonly TypedEntry[],
  { story, prompt, revision }: { story: number; prompt: number; revision: number },
): Account[] {
  const planners = entriesOf(entries, "plan.proposed").flatMap(({ body }) =>
    body.story === story && body.revision <= revision ? askersOf(body) : [],
  );
  // A later run continues the same pull request, and a person's answer to a question became part of its prompt.
  const submitters = entriesOf(entries, "run.submitted").flatMap(({ body }) =>
    body.prompts.includes(prompt) ? [body.by] : [],
  );
  const asked = new Set(
    entriesOf(entries, "concern.raised").flatMap(({ body }) =>
      (body.raisedBy === "agent" || body.code === openQuestion) &&
      (body.prompt === prompt || (body.prompt === null && body.story === story))
        ? [body.concern]
        : [],
    ),
  );
  const answerers = entriesOf(entries, "concern.answered").flatMap(({ body, actor }) =>
    asked.has(body.concern) && body.text !== "" ? [accountOf(actor)] : [],
  );
  return distinct([...planners, ...submitters, ...answerers, ...reworkers(entries, { story, prompt })]);
}

/**
 * Who wrote to the agent behind `/rework`: a later round of that pull request took it up. On the story it is about the
 * first pull request that was open then.
 */
function reworkers(entries: readonly TypedEntry[], { story, prompt }: { story: number; prompt: number }): Account[] {
  const rounds = entriesOf(entries, "rework.opened").filter(
    ({ body }) => body.story === story && body.prompt === prompt,
  );
  return entriesOf(entries, "command").flatMap(({ seq, actor, body: { command, accepted, text, issue } }) => {
    if (command !== "rework" || !accepted || text === "") return [];
    const isHere = rounds.some((round) => round.seq > seq && (issue === story || issue === round.body.pull));
    if (!isHere) return [];
    const before = () =>
      foldStory(
        story,
        entries.filter((one) => one.seq < seq),
      );
    return issue !== story || openPrompt(before())?.issue === prompt ? [accountOf(actor)] : [];
  });
}

/** What the other prompts of a story added before this one's pull request, by the last verdict on each of theirs. */
function addedBefore(
  entries: readonly TypedEntry[],
  { story, prompt }: { story: number; prompt: number },
): NonNullable<PullRun["added"]> {
  const own = lastEntry(entries, "pull.opened", ({ body }) => body.prompt === prompt)?.seq ?? Number.POSITIVE_INFINITY;
  return entriesOf(entries, "pull.opened").flatMap(({ seq, body }) => {
    const { pull } = body;
    if (body.story !== story || body.prompt === prompt) return [];
    const verdict = lastEntry(entries, "verdict.given", (entry) => entry.body.pull === pull);
    const closed = lastEntry(entries, "pull.closed", (entry) => entry.body.pull === pull);
    const isMerged = lastEntry(entries, "merge.observed", (entry) => entry.body.pull === pull) !== undefined;
    const isOpen = (closed?.seq ?? 0) <= (verdict?.seq ?? seq);
    return isMerged || (isOpen && seq < own) ? [{ pull, size: verdict?.body.size ?? null }] : [];
  });
}

/**
 * The recorded answers to a prompt that became commits. A commit without captured evidence does not count, and neither
 * does one that a rollback removed: pushed again, it is a foreign commit that leads to no prompt. One of another
 * contract does not count either: nobody approved it for this pull request.
 */
function evidenceOf(entries: readonly TypedEntry[], opened: { run: string; prompt: number }): EvidenceRecord[] {
  const own = runOrigin(entries, opened);
  const isOwn = ({ contract }: ContractOrigin) =>
    contract?.body.story === own.contract?.body.story && contract?.body.digest === own.contract?.body.digest;
  return entriesOf(entries, "change.committed").flatMap(({ body }) => {
    const origin = body.prompt === opened.prompt ? provenanceOf(entries, body.commit) : {};
    const { captured } = origin;
    const attempt = attemptName(body);
    return captured === undefined || !isOwn(origin)
      ? []
      : [{ commit: body.commit, tree: body.tree, attempt, bundle: captured.hash }];
  });
}

/** The open concerns on these issues. A plan's open questions stop its approval, and no change of an earlier plan. */
function stopsOf(entries: readonly TypedEntry[], issues: readonly number[]): Stop[] {
  return openConcerns(entries).flatMap(({ code, message, issue, by, seq }) =>
    issues.includes(issue) && code !== openQuestion ? [{ code, message, issue, by, seq: seq ?? 0 }] : [],
  );
}

/** The story whose run made this pull request; undefined for one that no run made. */
export function storyOf(entries: readonly TypedEntry[], pull: number): number | undefined {
  return entriesOf(entries, "pull.opened").findLast((entry) => entry.body.pull === pull)?.body.story;
}

function distinct(accounts: Account[]): Account[] {
  return accounts.filter((one, index) => accounts.findIndex((other) => other.id === one.id) === index);
}
