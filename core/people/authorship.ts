import type { People } from "../../schemas/policy.ts";
import type { Account } from "../../schemas/text.ts";
import type { CommitFact, PullBasics } from "../facts.ts";
import { type Known, known } from "../known.ts";
import type { Adoption, PullRecord } from "../pull-record.ts";
import { firstForBase, type Target } from "./retarget.ts";

/**
 * Whether a person would judge their own work by approving, signing off, reviewing or waiving (invariant 6: the
 * requester does not). `own`: they requested it, so their act does not count. `own-but-solo`: they requested it and the
 * policy says `separation: solo`, so their act counts and is marked as solo. `others`: they did not request it.
 * `askedBy` holds the numeric account ids of `requesters`. This checks nothing else: `authority` checks whether they are
 * a person, may write and hold the duty.
 */
export function whoseWork(
  person: Pick<Account, "id">,
  askedBy: ReadonlySet<number>,
  { separation }: Pick<People, "separation">,
): "own" | "own-but-solo" | "others" {
  if (!askedBy.has(person.id)) return "others";
  return separation === "solo" ? "own-but-solo" : "own";
}

/** Those of the people who asked for something that may not judge it. */
export function barredOf(askers: readonly Account[], people: Pick<People, "separation">): Account[] {
  return askers.filter((asker) => whoseWork(asker, idsOf(askers), people) === "own");
}

/** The numeric ids of accounts. `whoseWork` compares them, because logins are renamed and reused. */
export function idsOf(accounts: readonly Pick<Account, "id">[]): ReadonlySet<number> {
  return new Set(accounts.map(({ id }) => id));
}

/**
 * The requesters of a change, some more than once: those who requested the plan behind it, submitted its run or answered
 * its agent, those who adopted commits of it or requested the plan it was adopted for, and the pull request's author.
 */
export function requesters(facts: Pick<PullBasics, "pull">, record: PullRecord): Account[] {
  const planned = record.run?.requesters ?? record.adoptedFor?.requesters ?? [];
  const author = facts.pull === null ? [] : [facts.pull.author];
  return [...planned, ...record.adoptions.map(({ by }) => by), ...author];
}

/**
 * Whether a change is judged as an agent's: a run made it, the ledger has evidence for it, or its author is not known
 * to be a person. Commits and their e-mail addresses prove nothing here, because anyone who pushes them chooses both.
 */
export function isByAgent(facts: Pick<PullBasics, "pull">, record: PullRecord): boolean {
  return record.run !== null || record.evidence.length > 0 || facts.pull?.author.type !== "User";
}

/**
 * The adoption of a commit for the branch that the pull request enters; null when there is none. A person who adopted
 * it for another branch still counts as a requester (`requesters`).
 */
export function adoptionOf({ adoptions }: PullRecord, sha: string, target: Target): Known<Adoption | null> {
  return firstForBase(
    adoptions.filter(({ commits }) => commits.includes(sha)),
    target,
  );
}

/** The commits that have no recorded answer, and no adoption for the branch that they would enter. */
export function untracedCommits(
  commits: readonly CommitFact[],
  record: PullRecord,
  target: Target,
): Known<CommitFact[]> {
  const recorded = new Set(record.evidence.map((one) => one.commit));
  const untraced: CommitFact[] = [];
  for (const commit of commits) {
    if (recorded.has(commit.sha)) continue;
    const adoption = adoptionOf(record, commit.sha, target);
    if (!adoption.known) return adoption;
    if (adoption.value === null) untraced.push(commit);
  }
  return known(untraced);
}
