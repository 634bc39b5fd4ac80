import type { EntryBody } from "../schemas/entries.ts";
import type { Account } from "../schemas/text.ts";
import { entriesOf, type TypedEntry } from "./entries.ts";
import type { EvidenceRecord, PullRecord, RunRecord, Stop } from "./facts.ts";
import { type Known, known, unknown } from "./known.ts";

/** The record of a pull request that no ledger tells of. */
export const noRecord: PullRecord = {
  run: null,
  evidence: [],
  signOffs: [],
  waivers: [],
  adoptions: [],
  stops: [],
};

/**
 * What the ledger says about one pull request: the run that made it, its evidence, its sign-offs, waivers and stops.
 * Unknown when the ledger names a run and lacks its contract: such a pull request must not pass for one that no run made.
 */
export function recordOf(entries: readonly TypedEntry[], pull: number): Known<PullRecord> {
  const opened =
    entriesOf(entries, "pull.opened").findLast((entry) => entry.body.pull === pull)?.body ?? null;
  const record: PullRecord = {
    run: null,
    evidence: [],
    signOffs: entriesOf(entries, "sign-off.given").flatMap(({ body, actor, seq }) =>
      body.pull === pull
        ? [{ sha: body.sha, test: body.test, result: body.result, by: person(actor), seq }]
        : [],
    ),
    waivers: entriesOf(entries, "waiver.given").flatMap(({ body, actor, seq }) => {
      const { gate, sha, until, reason } = body;
      return body.pull === pull ? [{ gate, sha, until, reason, by: person(actor), seq }] : [];
    }),
    adoptions: entriesOf(entries, "change.adopted").flatMap(({ body, actor, seq }) => {
      const { commits, reason } = body;
      return body.pull === pull ? [{ commits, reason, by: person(actor), seq }] : [];
    }),
    stops: stopsOf(entries, opened === null ? [pull] : [pull, opened.story]),
  };
  if (opened === null) return known(record);
  const run = runOf(entries, opened);
  if (run === null) return unknown(`the ledger holds ${opened.run} and not the contract it was run for`);
  return known({ ...record, run, evidence: evidenceOf(entries, opened.prompt) });
}

function person(actor: { id: number; login: string }): Account {
  return { id: actor.id, login: actor.login, type: "User" };
}

function runOf(entries: readonly TypedEntry[], opened: EntryBody<"pull.opened">): RunRecord | null {
  const { run, story, prompt } = opened;
  const submitted = entriesOf(entries, "run.submitted").findLast((entry) => entry.body.run === run)?.body;
  const contract = entriesOf(entries, "contract.frozen").findLast(
    ({ body }) => body.story === story && body.digest === submitted?.digest,
  )?.body;
  const prompts = entriesOf(entries, "prompt.opened").filter(
    ({ body }) => body.story === story && body.revision === contract?.revision,
  );
  const index = prompts.find(({ body }) => body.issue === prompt)?.body.index;
  const frozen = contract?.prompts.find((one) => one.index === index);
  if (submitted === undefined || contract === undefined || frozen === undefined) return null;

  const completed = new Set(entriesOf(entries, "prompt.completed").map(({ body }) => body.prompt));
  const issueOf = (place: number) => prompts.find(({ body }) => body.index === place)?.body.issue ?? null;
  const isMerged = (place: number) => completed.has(issueOf(place) ?? 0);
  const approved = entriesOf(entries, "approval.granted").findLast(
    ({ body }) => body.story === story && body.digest === contract.digest,
  );
  const planners = entriesOf(entries, "plan.proposed").flatMap(({ body }) =>
    body.story === story && body.revision <= contract.revision ? [body.requestedBy] : [],
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
      approved === undefined
        ? null
        : {
            digest: contract.digest,
            by: { ...person(approved.actor), type: approved.actor.type === "user" ? "User" : "Bot" },
            seq: approved.seq,
          },
    dependsOn: frozen.dependsOn.map((place) => ({
      prompt: issueOf(place),
      title: contract.prompts.find((one) => one.index === place)?.title ?? "",
      merged: isMerged(place),
    })),
    laterPaths: contract.prompts.flatMap((one) =>
      one.index === frozen.index || isMerged(one.index) ? [] : one.paths,
    ),
    decisions: contract.decisions ?? [],
    requesters: distinct([...planners, submitted.by]),
  };
}

/** The recorded answers to a prompt that became commits. One whose evidence was not captured first is none. */
function evidenceOf(entries: readonly TypedEntry[], prompt: number): EvidenceRecord[] {
  const bundles = new Map<string, string>();
  const evidence: EvidenceRecord[] = [];
  for (const entry of entries) {
    if (entry.kind === "evidence.captured" && entry.body.prompt === prompt)
      bundles.set(attemptName(entry.body), entry.hash);
    if (entry.kind !== "change.committed" || entry.body.prompt !== prompt) continue;
    const attempt = attemptName(entry.body);
    const bundle = bundles.get(attempt);
    if (bundle !== undefined)
      evidence.push({ commit: entry.body.commit, tree: entry.body.tree, attempt, bundle });
  }
  return evidence;
}

/** The blocks that are open on these issues: one each, until a person takes the work up again. */
function stopsOf(entries: readonly TypedEntry[], issues: readonly number[]): Stop[] {
  const open = new Map<number, Stop>();
  for (const { body, actor, seq } of entriesOf(entries, "command")) {
    const { issue, accepted, command, text } = body;
    if (!accepted || !issues.includes(issue)) continue;
    if (command === "block")
      open.set(issue, { code: "blocked", message: text, issue, by: `@${actor.login}`, seq });
    if (takesUp.has(command)) open.delete(issue);
  }
  return [...open.values()];
}

/** The commands by which a person answers a block. */
const takesUp = new Set(["clarify", "plan", "refine", "approve", "run", "retry"]);

/** The story whose run made this pull request; undefined for one that no run made. */
export function storyOf(entries: readonly TypedEntry[], pull: number): number | undefined {
  return entriesOf(entries, "pull.opened").findLast((entry) => entry.body.pull === pull)?.body.story;
}

/** An attempt's name as people write it: `R0/S1`. */
export function attemptName(step: { attempt: { r: number; s: number } }): string {
  return `R${step.attempt.r}/S${step.attempt.s}`;
}

function distinct(accounts: Account[]): Account[] {
  return accounts.filter((one, place) => accounts.findIndex((other) => other.id === one.id) === place);
}
