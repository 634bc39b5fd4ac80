import type { EntryBody, EntryKind } from "../../schemas/entries.ts";
import { type Draft, numbersOf, type TypedEntry } from "../entries.ts";
import { referencedBodies } from "../ledger/retention.ts";
import { mergeConcern } from "./concerns.ts";
import type { Range } from "./held-work.ts";

/** The keys that entries are found by. They are stored: in another form a key finds nothing that was stored before. */
export const keyOf = {
  /** An issue or a pull request. */
  number: (number: number) => `#${number}`,
  run: (run: string) => `run/${run}`,
  /** A commit that was judged, written, merged or taken back, or that an act is for. */
  commit: (sha: string) => `commit/${sha}`,
  tree: (sha: string) => `tree/${sha}`,
  /** The first content that a run's commit wrote. */
  blob: (sha: string) => `blob/${sha}`,
  branch: (branch: string) => `branch/${branch}`,
  concern: (name: string) => `concern/${name}`,
  checkpoint: (name: string) => `checkpoint/${name}`,
  /** A large body, by its SHA-256. */
  body: (sha256: string) => `body/${sha256}`,
  /** All that runs wrote. */
  written: "written",
  /** All purges of bodies. */
  purged: "purged",
  /** All verdicts by a policy. */
  policed: "policed",
  /** What an incident of this code says of the repository itself. */
  incident: (code: string) => `incident/${code}`,
} as const;

/** What an entry is found by, besides its numbers and bodies, and what else has to be found with it. */
type Keys = { by?: readonly string[]; to?: readonly string[] };

const { number, run, commit, branch } = keyOf;
/** It is found by its numbers and bodies alone. */
const plain = (): Keys => ({});
const steps = (body: { run: string }): Keys => ({ by: [run(body.run)] });

/**
 * Every kind of entry has a row here, or this does not compile: one that nothing finds would be missing in a decision
 * without a word. After a change of a row, `indexVersion` goes up: stores then index their entries again.
 */
const rows: { [K in EntryKind]: (body: EntryBody<K>) => Keys } = {
  command: plain,
  "plan.proposed": ({ prompts = [] }) => ({ to: prompts.map(({ issue }) => number(issue)) }),
  "plan.failed": plain,
  "approval.granted": plain,
  "contract.frozen": plain,
  "prompt.opened": ({ issue }) => ({ to: [number(issue)] }),
  "run.submitted": (body) => ({
    by: [run(body.run), ...body.prompts.map(number)],
    to: [run(body.run), number(body.story)],
  }),
  "prompt.recorded": (body) => ({ ...steps(body), to: [run(body.run), keyOf.body(body.pack.sha256)] }),
  "response.recorded": steps,
  "attempt.closed": steps,
  "evidence.captured": (body) => ({ by: [run(body.run), keyOf.body(body.promptSha256)] }),
  "change.committed": ({ run: of, commit: sha, tree, branch: on, files = [], story, prompt }) => {
    const [blob] = files.flatMap((file) => file.blob ?? []);
    const own = [run(of), commit(sha), branch(on)];
    const content = [keyOf.tree(tree), ...(blob === undefined ? [] : [keyOf.blob(blob)]), keyOf.written];
    return { by: [...own, ...content], to: [...own, number(story), number(prompt)] };
  },
  "pull.opened": (body) => ({
    by: [run(body.run), branch(body.branch)],
    to: [...[body.story, body.prompt, body.pull].map(number), run(body.run), keyOf.concern(mergeConcern(body.pull))],
  }),
  "verdict.given": ({ head, policy }) => ({ by: [commit(head), ...(policy ? [keyOf.policed] : [])] }),
  "group.judged": ({ head }) => ({ by: [commit(head)] }),
  "sign-off.given": ({ sha }) => ({ by: [commit(sha)] }),
  "waiver.given": ({ sha }) => ({ by: [commit(sha)] }),
  "change.adopted": ({ commits, story }) => ({
    by: commits.map(commit),
    to: story === undefined ? [] : [number(story)],
  }),
  "adoption.sealed": plain,
  "evidence.sealed": ({ commit: sha }) => ({ by: [commit(sha)] }),
  "merge.observed": ({ pull, head }) => ({ by: [commit(head)], to: [commit(head), number(pull)] }),
  "source.verified": plain,
  "pull.closed": plain,
  "prompt.completed": plain,
  "run.closed": steps,
  "story.completed": plain,
  "epic.completed": plain,
  "review.observed": plain,
  "remediation.opened": plain,
  "remediation.closed": plain,
  "rework.opened": ({ pull }) => ({ to: pull === undefined ? [] : [number(pull)] }),
  "verification.recorded": steps,
  "advice.asked": plain,
  "advice.given": ({ head }) => ({ by: [commit(head)] }),
  "concern.raised": ({ concern, about }) => ({
    by: [keyOf.concern(concern), ...("pull" in about ? [number(about.pull)] : [])],
    to: [keyOf.concern(concern)],
  }),
  "concern.answered": ({ concern }) => ({ by: [keyOf.concern(concern)] }),
  "checkpoint.recorded": (body) => ({ by: [keyOf.checkpoint(body.checkpoint), branch(body.branch)] }),
  "rollback.decided": plain,
  "rollback.done": ({ undone }) => ({ by: undone.map(commit) }),
  "rollback.failed": plain,
  "handoff.made": plain,
  "payload.purged": ({ digests }) => ({ by: [keyOf.purged, ...digests.map(({ sha256 }) => keyOf.body(sha256))] }),
  "incident.raised": ({ code }) => ({ by: [keyOf.incident(code)] }),
};

/** Of the rows above. A store whose entries were indexed by an older version indexes them again. */
export const indexVersion = 1;

function rowOf<K extends EntryKind>({ kind, body }: { kind: K; body: EntryBody<K> }): Keys {
  return rows[kind](body);
}

/** The keys of an entry, each once. */
export function foundBy(entry: TypedEntry | Draft): string[] {
  const bodies = referencedBodies(entry).map(({ sha256 }) => keyOf.body(sha256));
  return [...new Set([...numbersOf(entry).map(number), ...bodies, ...(rowOf(entry).by ?? [])])];
}

/** The keys whose entries belong to what is decided with this one: its run and story, its commits, its answer. */
export function leadsTo(entry: TypedEntry): readonly string[] {
  return rowOf(entry).to ?? [];
}

/**
 * The keys of a pull request's record: what is about it, and whatever made or judged the commits, trees
 * and contents that it brings. Where those were not read, all that runs wrote may be in it.
 */
export function aboutPull(pull: number, { head, commits, changes }: Range): string[] {
  const brought = commits.known
    ? commits.value.flatMap(({ sha, tree }) => [commit(sha), keyOf.tree(tree)])
    : [keyOf.written];
  const contents = changes.known
    ? changes.value.flatMap(({ after }) => (after === null ? [] : [keyOf.blob(after.sha)]))
    : [keyOf.written];
  const own = [number(pull), commit(head.sha), keyOf.concern(mergeConcern(pull))];
  return [...new Set([...own, ...brought, ...contents])];
}
