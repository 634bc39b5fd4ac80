import { type Attempt } from "../schemas/step.ts";
import { type AdoptedHead, adoptedHead, adoptionNote, claimsText } from "./adoption-trace.ts";
import { undoneCommits } from "./checkpoints.ts";
import { type EntryOf, lastEntry, type TypedEntry } from "./entries.ts";
import { attemptName } from "./identifiers.ts";
import { reviewsOf, reviewText } from "./reviews.ts";

/** The links of a trace, from what was merged back to the person who approved it. */
export type TraceStep =
  | "merge"
  | "pull request"
  | "commit"
  | "adoption"
  | "claims"
  | "evidence"
  | "answer"
  | "prompt"
  | "run"
  | "issue"
  | "contract"
  | "approval"
  | "sign-off"
  | "review";

/** One link: the entry that shows it and what it says, or (`seq` null) what is missing. */
export type TraceLink = { link: TraceStep; seq: number | null; text: string };

/** A pull request's trace. `ok` only if no link is missing; each was recorded before the one that rests on it. */
export type Trace = {
  pull: number;
  ok: boolean;
  links: TraceLink[];
  /** What the trace does not show; on one that ends at an adoption. */
  note?: string;
};

/**
 * Follows a pull request back through the ledger: commit, evidence, answer, prompt, run, contract, approval, person; one
 * that no run made, to the person who adopted its commits, which proves that somebody answers for them and no more. The
 * commit is the one that was merged, or else the newest head the ledger knows. Give it the entries of a verified chain:
 * then only the App's key could have written what it reads.
 */
export function tracePull(entries: readonly TypedEntry[], pull: number): Trace {
  const opened = lastEntry(entries, "pull.opened", ({ body }) => body.pull === pull);
  const standing = adoptedHead(entries, pull);
  const adopted = opened === undefined ? standing : null;
  const links =
    adopted === null
      ? [...commitLinks(entries, pull, opened, standing)]
      : [...mergeLinks(entries, pull), ...adoptionLinks(entries, pull, adopted)];
  const ok = links.every(({ seq }) => seq !== null);
  return { pull, ok, links, ...(adopted === null ? {} : { note: adoptionNote }) };
}

const found = (link: TraceStep, { seq }: { seq: number }, text: string): TraceLink => ({ link, seq, text });
const lacking = (link: TraceStep, text: string): TraceLink => ({ link, seq: null, text });

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

/** What people said about the head: by sign-offs, which they gave to the App, and by reviews, which it saw at GitHub. */
function* wordLinks(entries: readonly TypedEntry[], pull: number, head: string): Generator<TraceLink> {
  for (const entry of reviewsOf(entries, pull, head)) yield found("review", entry, reviewText(entry.body));
  for (const entry of entries) {
    if (entry.kind !== "sign-off.given" || entry.body.pull !== pull || entry.body.sha !== head) continue;
    yield found("sign-off", entry, `${entry.body.test}: ${entry.body.result}, by ${personOf(entry)}`);
  }
}

/** From a pull request that no run made to the people who stand for its commits, and the plan that one named for it. */
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
  yield* wordLinks(entries, pull, head);
  for (const adopted of adoptions) {
    const { commits, reason, claims = [] } = adopted.body;
    const which = commits.length === 1 ? "1 commit" : `${commits.length} commits`;
    yield found(
      "adoption",
      adopted,
      `${which} up to ${adopted.body.head}, by ${personOf(adopted)}: ${reason}`,
    );
    if (claims.length > 0) yield found("claims", adopted, claimsText(claims));
  }
  if (naming !== undefined) yield* adoptedPlanLinks(entries, naming);
}

/** From the pull request of a run to the commit that stands for it. */
function* commitLinks(
  entries: readonly TypedEntry[],
  pull: number,
  opened: EntryOf<"pull.opened"> | undefined,
  standing: AdoptedHead | null,
): Generator<TraceLink> {
  yield* mergeLinks(entries, pull);
  const merge = lastEntry(entries, "merge.observed", ({ body }) => body.pull === pull);
  const verdict = lastEntry(entries, "verdict.given", ({ body }) => body.pull === pull);
  const known = merge?.body.head ?? verdict?.body.head;
  if (opened === undefined) {
    if (known !== undefined) yield* wordLinks(entries, pull, known);
    return yield lacking("pull request", `no run opened #${pull}, as far as the ledger tells`);
  }
  const { run, prompt } = opened.body;
  yield found("pull request", opened, `#${pull}, opened for prompt #${prompt} by ${run}`);

  const head = known ?? opened.body.head;
  yield* wordLinks(entries, pull, head);
  const undone = undoneCommits(entries);
  const stands = ({ body }: EntryOf<"change.committed">) =>
    body.prompt === prompt && !undone.has(body.commit);
  const written = lastEntry(
    entries,
    "change.committed",
    (entry) => stands(entry) && entry.body.commit === head,
  );
  if (written !== undefined) {
    yield found("commit", written, `${head}, written from ${attemptName(written.body)}`);
    return yield* attemptLinks(entries, written);
  }
  const adopted = standing?.head === head ? standing.adoptions.at(-1) : undefined;
  const before = lastEntry(entries, "change.committed", stands);
  if (adopted === undefined || before === undefined)
    return yield lacking(
      "commit",
      undone.has(head)
        ? `${head} was taken back by a rollback`
        : `no recorded answer became the commit ${head}`,
    );
  yield found(
    "adoption",
    adopted,
    `${head}, pushed by others, by ${personOf(adopted)}: ${adopted.body.reason}`,
  );
  yield found("commit", before, `${before.body.commit}, written from ${attemptName(before.body)}`);
  yield* attemptLinks(entries, before);
}

function personOf({ actor }: TypedEntry): string {
  return `@${actor.login} (id ${actor.id})`;
}

/** From a commit to the run that asked for it. */
function* attemptLinks(
  entries: readonly TypedEntry[],
  written: EntryOf<"change.committed">,
): Generator<TraceLink> {
  const { run, prompt, attempt } = written.body;
  const name = `${attemptName(written.body)} of prompt #${prompt} in ${run}`;
  const isSame = ({ body }: { body: { run: string; prompt: number; attempt: Attempt } }) =>
    body.run === run &&
    body.prompt === prompt &&
    body.attempt.r === attempt.r &&
    body.attempt.s === attempt.s;

  const evidence = lastEntry(entries, "evidence.captured", isSame, written.seq);
  if (evidence === undefined)
    return yield lacking("evidence", `none was captured of ${name} before its commit`);
  const { promptSha256, responseSha256 } = evidence.body;
  yield found("evidence", evidence, `prompt ${promptSha256} and answer ${responseSha256}`);

  const answer = lastEntry(
    entries,
    "response.recorded",
    (entry) => isSame(entry) && entry.body.result.sha256 === responseSha256,
    evidence.seq,
  );
  if (answer === undefined)
    return yield lacking("answer", `${responseSha256} was not recorded as the answer to ${name}`);
  yield found("answer", answer, `by ${answer.body.usage.model}`);

  const asked = lastEntry(
    entries,
    "prompt.recorded",
    (entry) => isSame(entry) && entry.body.pack.sha256 === promptSha256,
    answer.seq,
  );
  if (asked === undefined) return yield lacking("prompt", `${promptSha256} was not recorded as ${name}`);
  yield found("prompt", asked, `${name}, built on ${asked.body.base}`);

  const submitted = lastEntry(
    entries,
    "run.submitted",
    ({ body }) => body.run === run && body.prompts.includes(prompt),
    asked.seq,
  );
  if (submitted === undefined)
    return yield lacking("run", `${run} was never submitted with prompt #${prompt}`);
  const { by } = submitted.body;
  yield found("run", submitted, `${run}, submitted by @${by.login} (id ${by.id})`);
  yield* approvalLinks(entries, submitted, prompt);
}

/** From a run to the person who approved what it was run for. */
function* approvalLinks(
  entries: readonly TypedEntry[],
  submitted: EntryOf<"run.submitted">,
  prompt: number,
): Generator<TraceLink> {
  const { story, digest } = submitted.body;
  const contract = lastEntry(
    entries,
    "contract.frozen",
    ({ body }) => body.story === story && body.digest === digest,
    submitted.seq,
  );
  if (contract === undefined)
    return yield lacking("contract", `none of story #${story} has the digest ${digest}`);
  const { revision, prompts } = contract.body;
  const issue = lastEntry(
    entries,
    "prompt.opened",
    ({ body }) => body.story === story && body.issue === prompt && body.revision === revision,
    submitted.seq,
  );
  const frozen = prompts.find(({ index }) => index === issue?.body.index);
  if (issue === undefined || frozen === undefined)
    return yield lacking("issue", `#${prompt} was not opened for a prompt of that contract`);
  yield found("issue", issue, `#${prompt} is prompt ${frozen.index} of ${prompts.length}: ${frozen.title}`);
  yield found("contract", contract, `story #${story}, revision ${revision}, digest ${digest}`);
  yield approvalLink(entries, contract);
}

/** The plan that an adoption names, and the person who approved it before. */
function* adoptedPlanLinks(
  entries: readonly TypedEntry[],
  { body: { story, digest }, seq }: EntryOf<"change.adopted">,
): Generator<TraceLink> {
  if (story === undefined) return;
  const contract = lastEntry(
    entries,
    "contract.frozen",
    ({ body }) => body.story === story && body.digest === digest,
    seq,
  );
  if (contract === undefined)
    return yield lacking("contract", `none of story #${story} has the digest ${digest}`);
  const { revision } = contract.body;
  yield found(
    "contract",
    contract,
    `story #${story}, revision ${revision}, digest ${digest}: adopted for it, and not shown to be made from it`,
  );
  yield approvalLink(entries, contract);
}

/** The person who approved what a contract was compiled from. */
function approvalLink(entries: readonly TypedEntry[], contract: EntryOf<"contract.frozen">): TraceLink {
  const { story, digest } = contract.body;
  const approval = lastEntry(
    entries,
    "approval.granted",
    ({ body }) => body.story === story && body.digest === digest,
    contract.seq,
  );
  if (approval === undefined) return lacking("approval", `nobody approved ${digest} before it was frozen`);
  if (approval.actor.type !== "user")
    return lacking("approval", `entry ${approval.seq} approves ${digest} and is no person's act`);
  const solo = approval.body.solo ? ", who had asked for it" : "";
  return found("approval", approval, `by ${personOf(approval)}${solo}, in comment ${approval.body.comment}`);
}
