import type { GitHub } from "../collect/github/request.ts";
import { collectGroup } from "../collect/group/group.ts";
import { collectPull } from "../collect/pull/pull.ts";
import type { OnCrash } from "../core/errors.ts";
import { judgeGroup } from "../core/group/judge.ts";
import { type Known, known, unknown } from "../core/known.ts";
import { judge } from "../core/verdict/judge.ts";
import type { Verdict } from "../schemas/verdict.ts";
import type { EventSubject } from "./event.ts";

/** Where to read, when (RFC 3339), and a branch to read the policy from in place of the default branch. */
export type VerdictSource = GitHub & { now: string; policyRef: string | undefined };

/** A verdict, and its subject in words for people. */
export type JobVerdict = { verdict: Verdict; about: string };

/**
 * Collects and judges the job's subject as it is now. Unknown if its head has moved since the event: the verdict would
 * be shown on the wrong commit.
 */
export async function verdictOn(
  source: VerdictSource,
  subject: EventSubject,
  onCrash?: OnCrash,
): Promise<Known<JobVerdict>> {
  return subject.kind === "group" ? onGroup(source, subject, onCrash) : onPull(source, subject, onCrash);
}

async function onPull(
  source: VerdictSource,
  { number, head }: Extract<EventSubject, { kind: "pull" }>,
  onCrash?: OnCrash,
): Promise<Known<JobVerdict>> {
  const facts = await collectPull({ ...source, number });
  if (!facts.known) return facts;
  const now = facts.value.head.sha;
  if (head !== null && head !== now) return movedOn(head, `pull request #${number}`, now);
  return known({
    verdict: judge(facts.value, { settle: "all", onCrash }),
    about: `pull request #${number}`,
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
  return known({ verdict: judgeGroup(facts.value, onCrash), about: `merge group ${ref}` });
}

function movedOn(head: string, what: string, now: string): Known<never> {
  return unknown(`this job is about commit ${head}, and ${what} is at ${now} now: look at that commit's own job`);
}
