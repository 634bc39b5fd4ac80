import type { CommandRun } from "../../schemas/step.ts";
import { commandsRun, commandText } from "../contract/verification.ts";
import { type EntryOf, lastEntry, type TypedEntry } from "../entries.ts";
import { attemptName } from "../identifiers.ts";
import { undoneCommits } from "../record/checkpoints.ts";
import { type ContractOrigin, contractOrigin, knownHead, type Provenance, provenanceOf } from "../record/provenance.ts";
import { reviewsOf, reviewText } from "../record/reviews.ts";
import { type AdoptedHead, adoptedHead, adoptionNote, claimsText } from "./adoption-trace.ts";

/** The links of a trace, from what was merged back to the person who approved it. */
export type TraceStep =
  | "merge"
  | "pull request"
  | "commit"
  | "adoption"
  | "claims"
  | "evidence"
  | "commands"
  | "answer"
  | "prompt"
  | "run"
  | "issue"
  | "contract"
  | "approval"
  | "sign-off"
  | "review";

/** One link: its text, and the entry that proves it; `seq` is null if the link is missing. */
export type TraceLink = { link: TraceStep; seq: number | null; text: string };

/** A pull request's trace. `ok` if no link is missing. Each entry was recorded before the one that builds on it. */
export type Trace = {
  pull: number;
  ok: boolean;
  links: TraceLink[];
  /** What the trace does not prove; only on a trace that ends at an adoption. */
  note?: string;
};

/**
 * Follows a pull request back through the ledger: commit, evidence, answer, prompt, run, contract, approval, person.
 * Without a run it ends at the person who adopted its commits, which only proves that somebody answers for them. It
 * starts at the merged head, or else the newest head that the ledger knows. Pass the entries of a verified chain: then
 * only the App's key could have written them.
 */
export function tracePull(entries: readonly TypedEntry[], pull: number): Trace {
  const opened = lastEntry(entries, "pull.opened", ({ body }) => body.pull === pull);
  const newest = adoptedHead(entries, pull);
  const adopted = opened === undefined ? newest : null;
  const links =
    adopted === null
      ? [...commitLinks(entries, pull, opened, newest)]
      : [...mergeLinks(entries, pull), ...adoptionLinks(entries, pull, adopted)];
  const ok = links.every(({ seq }) => seq !== null);
  return { pull, ok, links, ...(adopted === null ? {} : { note: adoptionNote }) };
}

const found = (link: TraceStep, { seq }: { seq: number }, text: string): TraceLink => ({ link, seq, text });
const missingLink = (link: TraceStep, text: string): TraceLink => ({ link, seq: null, text });

function* mergeLinks(entries: readonly TypedEntry[], pull: number): Generator<TraceLink> {
  const merge = lastEntry(entries, "merge.observed", ({ body }) => body.pull === pull);
  if (merge === undefined) return;
  const { merged, judged, by } = merge.body;
  const who = by === null ? "" : ` by @${by.login}`;
  yield found(
    "merge",
    merge,
    `merged${who} as ${merged}, its head ${judged ? "judged a success" : "not judged a success"}`,
  );
}

/** People's sign-offs and reviews of the head. They gave sign-offs to the App; reviews the App saw at GitHub. */
function* reviewAndSignOffLinks(entries: readonly TypedEntry[], pull: number, head: string): Generator<TraceLink> {
  for (const entry of reviewsOf(entries, pull, head)) yield found("review", entry, reviewText(entry.body));
  for (const entry of entries) {
    if (entry.kind !== "sign-off.given" || entry.body.pull !== pull || entry.body.sha !== head) continue;
    yield found("sign-off", entry, `${entry.body.test}: ${entry.body.result}, by ${personOf(entry)}`);
  }
}

/** From a pull request without a run to the people who adopted its commits, and the plan that an adoption named. */
function* adoptionLinks(
  entries: readonly TypedEntry[],
  pull: number,
  { head, adoptions }: AdoptedHead,
): Generator<TraceLink> {
  const naming = adoptions.findLast(({ body }) => body.story !== undefined);
  const last = adoptions.at(-1);
  if (last !== undefined) {
    const { author } = last.body;
    const who = author === undefined ? "somebody" : `@${author.login} (${author.type}, id ${author.id})`;
    yield found("pull request", last, `#${pull}, opened by ${who} and by no run`);
  }
  yield* reviewAndSignOffLinks(entries, pull, head);
  for (const adopted of adoptions) {
    const { commits, reason, claims = [] } = adopted.body;
    const which = commits.length === 1 ? "1 commit" : `${commits.length} commits`;
    yield found("adoption", adopted, `${which} up to ${adopted.body.head}, by ${personOf(adopted)}: ${reason}`);
    if (claims.length > 0) yield found("claims", adopted, claimsText(claims));
  }
  if (naming?.body.story === undefined) return;
  const { story, digest = "" } = naming.body;
  const remark = ": adopted for it, and not shown to be made from it";
  yield* approvalLinks({ story, digest }, contractOrigin(entries, { story, digest }, naming.seq), remark);
}

/** From a run's pull request to the run's commit at its head, or to the adoption of a head that others pushed. */
function* commitLinks(
  entries: readonly TypedEntry[],
  pull: number,
  opened: EntryOf<"pull.opened"> | undefined,
  newest: AdoptedHead | null,
): Generator<TraceLink> {
  yield* mergeLinks(entries, pull);
  const known = knownHead(entries, pull);
  if (opened === undefined) {
    if (known !== undefined) yield* reviewAndSignOffLinks(entries, pull, known);
    return yield missingLink("pull request", `no run opened #${pull}, as far as the ledger tells`);
  }
  const { run, prompt } = opened.body;
  yield found("pull request", opened, `#${pull}, opened for prompt #${prompt} by ${run}`);

  const head = known ?? opened.body.head;
  yield* reviewAndSignOffLinks(entries, pull, head);
  const from = provenanceOf(entries, head);
  // The branch may have been moved to the commit of another prompt.
  if (from.written?.body.prompt === prompt) return yield* attemptLinks(from.written, from);
  const undone = undoneCommits(entries);
  const adopted = newest?.head === head ? newest.adoptions.at(-1) : undefined;
  const before = lastEntry(
    entries,
    "change.committed",
    ({ body }) => body.prompt === prompt && !undone.has(body.commit),
  );
  if (adopted === undefined || before === undefined)
    return yield missingLink(
      "commit",
      undone.has(head) ? `${head} was taken back by a rollback` : `no recorded answer became the commit ${head}`,
    );
  yield found("adoption", adopted, `${head}, pushed by others, by ${personOf(adopted)}: ${adopted.body.reason}`);
  yield* attemptLinks(before, provenanceOf(entries, before.body.commit));
}

function personOf({ actor }: TypedEntry): string {
  return `@${actor.login} (id ${actor.id})`;
}

const ranText = (run: CommandRun) => `${commandText(run)}, its output ${run.output}`;

/** From our commit to the person who approved the contract behind it; stops at the first missing link. */
function* attemptLinks(
  written: EntryOf<"change.committed">,
  { captured, verified, answer, asked: promptEntry, submitted, ...basis }: Provenance,
): Generator<TraceLink> {
  const { commit, run, prompt } = written.body;
  yield found("commit", written, `${commit}, written from ${attemptName(written.body)}`);
  const name = `${attemptName(written.body)} of prompt #${prompt} in ${run}`;
  if (captured === undefined) return yield missingLink("evidence", `none was captured of ${name} before its commit`);
  const { promptSha256, responseSha256 } = captured.body;
  yield found("evidence", captured, `prompt ${promptSha256} and answer ${responseSha256}`);
  if (verified !== undefined) yield found("commands", verified, commandsRun(verified.body).map(ranText).join("; "));
  if (answer === undefined)
    return yield missingLink("answer", `${responseSha256} was not recorded as the answer to ${name}`);
  yield found("answer", answer, `by ${answer.body.usage.model}`);
  if (promptEntry === undefined) return yield missingLink("prompt", `${promptSha256} was not recorded as ${name}`);
  yield found("prompt", promptEntry, `${name}, built on ${promptEntry.body.base}`);
  if (submitted === undefined) return yield missingLink("run", `${run} was never submitted with prompt #${prompt}`);
  const { by } = submitted.body;
  yield found("run", submitted, `${run}, submitted by @${by.login} (id ${by.id})`);
  const { contract, opened } = basis;
  if (contract !== undefined) {
    const { prompts } = contract.body;
    const frozen = prompts.find(({ index }) => index === opened?.body.index);
    if (opened === undefined || frozen === undefined)
      return yield missingLink("issue", `#${prompt} was not opened for a prompt of that contract`);
    yield found("issue", opened, `#${prompt} is prompt ${frozen.index} of ${prompts.length}: ${frozen.title}`);
  }
  yield* approvalLinks(submitted.body, basis, "");
}

/** The named contract, and the person who approved it. */
function* approvalLinks(
  { story, digest }: { story: number; digest: string },
  { contract, approval }: ContractOrigin,
  remark: string,
): Generator<TraceLink> {
  if (contract === undefined) return yield missingLink("contract", `none of story #${story} has the digest ${digest}`);
  const { revision } = contract.body;
  yield found("contract", contract, `story #${story}, revision ${revision}, digest ${digest}${remark}`);
  if (approval === undefined) return yield missingLink("approval", `nobody approved ${digest} before it was frozen`);
  if (approval.actor.type !== "user")
    return yield missingLink("approval", `entry ${approval.seq} approves ${digest} and is no person's act`);
  const solo = approval.body.solo ? ", who had asked for it" : "";
  const { comment, tier } = approval.body;
  const where =
    tier === undefined ? `in comment ${comment}` : `under the light tier, by ${tier.request.type} ${tier.request.id}`;
  yield found("approval", approval, `by ${personOf(approval)}${solo}, ${where}`);
}
