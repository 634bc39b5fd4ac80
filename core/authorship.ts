import type { Adoption, PullFacts, PullRecord } from "./facts.ts";

/**
 * Who asked for a change, by numeric account id: those who asked for the run behind it or submitted it, those who adopted
 * commits on its branch, and the pull request's author. Never by login, because logins are renamed and reused.
 */
export function requesters(facts: Pick<PullFacts, "pull">, record: PullRecord): ReadonlySet<number> {
  const people = [...(record.run?.requesters ?? []), ...record.adoptions.map(({ by }) => by)];
  const ids = people.map((one) => one.id);
  return new Set(facts.pull === null ? ids : [...ids, facts.pull.author.id]);
}

/**
 * Whether a change is to be judged as an agent's: a run made it, the ledger has evidence for it, or its author is not
 * known to be a person. Commits and their e-mail addresses say nothing here, because whoever pushes them chooses both.
 */
export function isByAgent(facts: PullFacts, record: PullRecord): boolean {
  return record.run !== null || record.evidence.length > 0 || facts.pull?.author.type !== "User";
}

/** The adoption by which a person stands for a commit; undefined when nobody does. */
export function adoptionOf({ adoptions }: PullRecord, sha: string): Adoption | undefined {
  return adoptions.find(({ commits }) => commits.includes(sha));
}
