import { packOf } from "../../core/contract/contract.ts";
import { digestOf, sha256 } from "../../core/digest.ts";
import type { Effect } from "../../core/effects.ts";
import { entriesOf, type TypedEntry } from "../../core/entries.ts";
import { canonicalJson, type Json } from "../../core/json.ts";
import { known } from "../../core/known.ts";
import { attemptEntries, type ReplayGit, type ReplaySources, type WrittenCommit } from "../../core/replay/sources.ts";
import type { Plan } from "../../schemas/plan.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { Pack, StepResult, WrittenCasefile } from "../../schemas/step.ts";
import { begin, playStory, type Story, samplePlan } from "./story.ts";

type WriteChange = Extract<Effect, { type: "write-change" }>;
type Written = { commit: string; tree: string; parent: string; casefiles?: WrittenCasefile[] };

/** What the agent hands back in each of the three attempts of `run-2-1`: the first is out of scope. */
export const answers: StepResult[] = [1, 1, 2].map((index, place) => ({
  version: 1,
  outcome: "finished",
  code: "finished",
  summary: `Try ${place}.`,
  questions: [],
  files: [{ path: place === 0 ? "governance/a" : `web/step-${index}/a.ts`, content: `${place}\n` }],
  claims: [{ criterion: `Step ${index} is done.`, how: "It is." }],
}));

/**
 * Plays a whole run of two prompts to its end, the first one tried twice, through the same decisions as the service.
 * `write` makes each commit; what is merged is that commit.
 */
export function playRun(
  write: (change: WriteChange, story: Story, files: StepResult["files"]) => Written,
  story: Story = playStory(),
  plan: Plan = samplePlan,
): TypedEntry[] {
  begin(story, plan);
  story.answer(answers[0]);
  for (const [pull, answer] of [
    [11, answers[1]],
    [12, answers[2]],
  ] as const) {
    story.answer(answer);
    const change = story.asked.findLast((effect) => effect.type === "write-change");
    if (change?.type !== "write-change") throw new Error("no change is to be written");
    const commit = write(change, story, answer?.files ?? []);
    story.finish("write-change", { status: "done", result: { type: "commit", ...commit } });
    story.finish("open-pull", { status: "done", result: { type: "pull", number: pull } });
    const { commit: head, tree } = commit;
    story.append({
      kind: "merge.observed",
      actor: { type: "app", id: 99, login: "sallyport[bot]" },
      subject: [{ digest: { gitCommit: head } }],
      body: { pull, head, merged: head, tree, judged: true, by: null },
    });
  }
  return story.entries;
}

/** The packs of `run-2-1` as the service published them; throws if one of them is not what was recorded. */
export function packsOf(entries: readonly TypedEntry[], policy: Policy, repository: string): Pack[] {
  const [frozen] = entriesOf(entries, "contract.frozen");
  return entriesOf(entries, "prompt.recorded").map((asked, index, all) => {
    const contract = frozen?.body.prompts[asked.body.prompt - 3];
    const before = index === 1 ? all[0] : undefined;
    const failures = before === undefined ? [] : attemptEntries(entries, before).closed?.body.reasons;
    if (contract === undefined || failures === undefined) throw new Error("the run has no such attempt");
    const { run, story, prompt, attempt, base, pack: ref } = asked.body;
    const master = frozen?.body.master === undefined ? undefined : sha256(frozen.body.master.text);
    const none = { tested: { criteria: [], earlier: [] } };
    const more = { failures, previous: null, instructions: [], verification: [], master, ...none };
    const pack = packOf({ run, story, prompt, attempt, repository, base, contract, ...more }, policy, undefined);
    if (pack === null || digestOf(pack) !== ref.sha256) throw new Error(`pack ${index} is not the recorded one`);
    return pack;
  });
}

/** A published body of each value, by its digest. */
export function bodiesOf<T extends Json>(values: readonly T[]) {
  return new Map(values.map((value) => [digestOf(value), { text: canonicalJson(value), value }] as const));
}

/** What a replay reads: nothing but these bodies and git, each published under the name `acme/web`. */
export function sourcesOf(entries: readonly TypedEntry[], published: Partial<ReplaySources> = {}): ReplaySources {
  return {
    names: new Map(entries.map(({ seq }) => [seq, "acme/web"])),
    ...{ packs: new Map(), results: new Map(), reports: new Map(), advicePacks: new Map(), advices: new Map() },
    given: new Map(),
    git: null,
    ...published,
  };
}

/** A git directory whose default branch has this policy as this blob, and nothing else. */
export function gitOf(blob: string, policy: Policy, change: Partial<ReplayGit> = {}): ReplayGit {
  const policyAtBase = known({ mode: "100644", sha: blob });
  const nothing = { instructions: known([]), template: known(null), commits: new Map(), judged: new Map() };
  return { policyAtBase, policy: known(policy), ...nothing, ...change };
}

/** A run whose commits are made up, and all that a replay of it reads. */
export function recordedRun(
  policy: Policy,
  story: Story = playStory(),
  plan: Plan = samplePlan,
): { entries: TypedEntry[]; sources: ReplaySources } {
  const commits = new Map<string, WrittenCommit>();
  const entries = playRun(
    ({ message, parent }, _, files) => {
      const commit = digestOf(message).slice(0, 40);
      const tree = digestOf(commit).slice(0, 40);
      const after = { mode: "100644", sha: "e".repeat(40) };
      commits.set(commit, {
        tree,
        parents: [parent],
        message,
        changes: files.map(({ path }) => ({ path, before: null, after })),
        files: new Map(files.map(({ path, content }) => [path, content === null ? null : sha256(content)])),
      });
      return { commit, tree, parent };
    },
    story,
    plan,
  );
  return {
    entries,
    sources: sourcesOf(entries, {
      packs: bodiesOf(packsOf(entries, policy, "acme/web")),
      results: bodiesOf(answers),
      git: gitOf(story.state.blob, policy, {
        commits: new Map([...commits].map(([sha, commit]) => [sha, known(commit)])),
      }),
    }),
  };
}
