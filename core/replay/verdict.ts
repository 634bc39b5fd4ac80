import { entriesOf, type TypedEntry } from "../entries.ts";
import { engine } from "../verdict/engine.ts";
import { givenFacts, judgeWhole, verdictBody } from "../verdict/judged.ts";
import { nextRunAt } from "./progress.ts";
import type { ReplayContext, RunBasis } from "./sources.ts";
import { bodilessStep, comparedStep, fieldPairs, type ReplayStep, untriedStep } from "./step.ts";

/** The verdicts on a run's pull requests, until the story's next run, in their order. */
export function verdictsOf(entries: readonly TypedEntry[], run: RunBasis["run"]) {
  const until = nextRunAt(entries, run);
  const opened = entriesOf(entries, "pull.opened").filter(({ body }) => run.body.prompts.includes(body.prompt));
  const pulls = new Set(opened.map(({ body }) => body.pull));
  return entriesOf(entries, "verdict.given").filter(
    ({ seq, body }) => seq > run.seq && seq < until && pulls.has(body.pull),
  );
}

/**
 * Judges a run's pull requests again: by what GitHub alone told then, the content in git and the entries before. The
 * same facts give the same bytes, so a verdict that nobody can derive from them is noticed.
 */
export function verdictSteps({ entries, basis, sources, purged }: ReplayContext): ReplayStep[] {
  return verdictsOf(entries, basis.run).map(({ seq, body }) => {
    const head = { step: "verdict", seq, about: `#${body.pull} at ${body.head.slice(0, 12)}` } as const;
    const untried = (why: string) => untriedStep(head, "unpublished", why);
    if (body.facts === undefined) return untried("what GitHub told of the pull request then was not kept");
    const given = sources.given.get(body.facts.sha256);
    if (given === undefined)
      return bodilessStep(head, [body.facts.sha256], purged, "what GitHub told then was not published");
    if (given.value === null) return comparedStep(head, "the facts", [["facts", "of a verdict", "something else"]]);
    if (given.value.engine !== engine)
      return untried(
        `it was judged by rules ${given.value.engine}, and this version has ${engine}: replay it with that`,
      );
    if (sources.git === null) return untried("the content lies in git, and this copy has only the ledger");
    const facts = sources.git.judged.get(seq);
    if (facts?.known !== true)
      return untriedStep(head, "missing", facts?.why ?? `the content of ${body.head} was not read`);
    const again = { ...judgeWhole(facts.value), given: givenFacts(facts.value) };
    return comparedStep(head, "it, from what GitHub told then, the content in git and the entries before", [
      ["pull", body.pull, given.value.pull.number],
      ...fieldPairs(verdictBody(body.pull, given.value.baseRef, again), body),
    ]);
  });
}
