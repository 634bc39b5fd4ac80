import type { GitHub } from "../collect/github/request.ts";
import { collectGroup } from "../collect/group/group.ts";
import { collectFacts } from "../collect/pull/pull.ts";
import { readPullsFrom } from "../collect/pull/same-head.ts";
import { readPullState } from "../collect/pull/state.ts";
import type { OnCrash } from "../core/errors.ts";
import { judgeGroup } from "../core/group/judge.ts";
import { type Known, known, unknown } from "../core/known.ts";
import { judge } from "../core/verdict/judge.ts";
import { sharedGates } from "../core/verdict/shared.ts";
import type { GateResult, Verdict } from "../schemas/verdict.ts";
import type { EventSubject } from "./event.ts";
import { unheardMarkdown } from "./unheard.ts";

/** Where to read, when (RFC 3339), and a branch to read the policy from in place of the default branch. */
export type VerdictSource = GitHub & { now: string; policyRef: string | undefined };

/**
 * A verdict, and its subject in words for people. `shared`: its results without those of the pull request's own text.
 * `sameHeadPulls`: the other open pull requests with this head, which share what is shown on it. `unheard`: the comments
 * that do not count as sign-offs, as Markdown; empty: there are none.
 */
export type JobVerdict = {
  verdict: Verdict;
  shared: GateResult[];
  about: string;
  isOpen: boolean;
  sameHeadPulls: Known<number[]>;
  unheard: string;
};

/**
 * Collects and judges the job's subject as it is now; null where there is none any more. Unknown if its head has moved
 * since the event: the verdict would be shown on the wrong commit.
 */
export async function verdictOn(
  source: VerdictSource,
  subject: EventSubject,
  onCrash?: OnCrash,
): Promise<Known<JobVerdict | null>> {
  if (subject.kind === "group") return onGroup(source, subject, onCrash);
  if (subject.kind === "pull") return onPull(source, subject, onCrash);
  const pulls = await readPullsFrom(source, subject);
  if (!pulls.known) return pulls;
  const [number] = pulls.value;
  return number === undefined ? known(null) : onPull(source, { number, head: null }, onCrash);
}

async function onPull(
  source: VerdictSource,
  { number, head }: { number: number; head: string | null },
  onCrash?: OnCrash,
): Promise<Known<JobVerdict>> {
  const state = await readPullState(source, number);
  if (!state.known) return state;
  const facts = await collectFacts({ ...source, number }, state.value);
  const now = facts.head.sha;
  if (head !== null && head !== now) return movedOn(head, `pull request #${number}`, now);
  const verdict = judge(facts, { settle: "all", onCrash });
  return known({
    verdict,
    shared: sharedGates(facts, verdict),
    about: `pull request #${number}`,
    isOpen: state.value.state === "open",
    sameHeadPulls: state.value.sameHeadPulls,
    unheard: unheardMarkdown(facts),
  });
}

async function onGroup(
  source: VerdictSource,
  { ref, head }: Extract<EventSubject, { kind: "group" }>,
  onCrash?: OnCrash,
): Promise<Known<JobVerdict>> {
  const facts = await collectGroup({ ...source, ref });
  if (!facts.known) return facts;
  if (facts.value === null) return unknown(`the merge group ${ref} is no more: it has landed, or the queue gave it up`);
  const now = facts.value.tree.head.sha;
  if (head !== now) return movedOn(head, `the merge group ${ref}`, now);
  const verdict = judgeGroup(facts.value, onCrash);
  return known({
    verdict,
    shared: verdict.gates,
    about: `merge group ${ref}`,
    isOpen: true,
    sameHeadPulls: known([]),
    unheard: "",
  });
}

function movedOn(head: string, what: string, now: string): Known<never> {
  return unknown(`this job is about commit ${head}, and ${what} is at ${now} now: look at that commit's own job`);
}
