import type { EntryBody } from "../../schemas/entries.ts";
import { givenFactsBytes } from "../../schemas/limits.ts";
import type { GivenFacts, Verdict } from "../../schemas/verdict.ts";
import { type Body, jsonBody } from "../decision.ts";
import { bodyRef, sha256 } from "../digest.ts";
import type { Crash } from "../errors.ts";
import type { PullFacts } from "../facts.ts";
import { storySize } from "../gates/diff-size.ts";
import { wantsSecrets } from "../gates/secrets.ts";
import { canonicalJson } from "../json.ts";
import { engine } from "./engine.ts";
import { conclude, judge, verdictText } from "./judge.ts";
import { sharedGates } from "./shared.ts";

// What the App records of a verdict. A replay derives it again: a change here changes what it expects of old verdicts.

/** A verdict with all that its entry tells of it. `digest` is the SHA-256 of its bytes, `crashes` is for the log. */
export type Judged = {
  verdict: Verdict;
  /** The conclusion without what the pull request's own title and description say. */
  shared: Verdict["conclusion"];
  /** What it adds to its story, where the policy sets a budget for stories; null: nothing is to be recorded. */
  size: { files: number; lines: number } | null;
  digest: string;
  crashes: Crash[];
};

/** Judges a pull request by the facts of all gates. */
export function judgeWhole(facts: PullFacts): Judged {
  const crashes: Crash[] = [];
  const verdict = judge(facts, { settle: "all", onCrash: (crash) => crashes.push(crash) });
  return {
    verdict,
    shared: conclude(sharedGates(facts, verdict)),
    size: storySize(facts),
    digest: sha256(verdictText(verdict)),
    crashes,
  };
}

/** The body of a verdict's entry. `baseRef`: the branch it is given for; `given`: the facts for a replay, if there are. */
export function verdictBody(
  pull: number,
  baseRef: string,
  { verdict, shared, size, digest, given }: Judged & { given: Body | null },
): EntryBody<"verdict.given"> {
  const { head, base, conclusion, policy, gates } = verdict;
  return {
    pull,
    head,
    base,
    baseRef,
    conclusion,
    policy,
    gates: Object.fromEntries(gates.map(({ gate, status }) => [gate, status])),
    ...(shared === conclusion ? {} : { shared }),
    ...(size === null ? {} : { size }),
    verdictSha256: digest,
    ...(given === null ? {} : { facts: bodyRef(given.text) }),
  };
}

/**
 * What GitHub alone told of a run's change. Null where that would not give the verdict again: no run made it, something
 * of its content was not read, or the policy stands elsewhere than on the default branch; where a secret was found, or
 * not looked for in all of it; and where it is too large to keep.
 */
export function givenFacts(facts: PullFacts): Body | null {
  const { pull, policy, record, changes, texts, commits, secrets, proposed, mergeBase, attachments } = facts;
  const isRun = record.known && record.value.run !== null;
  const isRead = [mergeBase, texts, commits, proposed].every((fact) => fact.known);
  const isCounted = changes.known && changes.value.every(({ uncounted }) => uncounted === undefined);
  const isClean = secrets.known && secrets.value.length === 0;
  // Reports in artifacts were not searched.
  const hasReports = attachments.known && attachments.value.artifacts.some(({ reports }) => reports !== undefined);
  const loaded =
    policy.known && policy.value.state === "loaded" && policy.value.isRepair !== true ? policy.value : null;
  const isSearched = loaded !== null && wantsSecrets(loaded.policy) && !hasReports;
  if (pull === null || !isRun || !isRead || !isCounted || !isClean || !isSearched) return null;
  const { repository, base, retargetedAt, defaultBranch, authorPermission, day, reviews, checks } = facts;
  const given: GivenFacts = {
    version: 1,
    engine,
    repository: { id: repository.id, name: repository.name },
    pull,
    baseRef: base.ref,
    ...{ retargetedAt, defaultBranch, authorPermission, day, reviews, checks, attachments },
  };
  const text = canonicalJson(given);
  return Buffer.byteLength(text) > givenFactsBytes ? null : jsonBody(text);
}
