import type { People } from "../../schemas/policy.ts";
import type { Duty } from "../../schemas/policy-values.ts";
import type { Account } from "../../schemas/text.ts";
import { readPersonName } from "./person-name.ts";

/** People and teams, by the names under which GitHub notifies them. */
export type Notified = { users: string[]; teams: string[] };

/** As many are notified at once: GitHub takes no more than fifteen reviewers. */
const maxNotified = 10;

/**
 * The holders of a duty who can act: under `separation: strict` those named one by one who asked for the work cannot. A
 * team may hold others.
 */
export function notified(people: People, duty: Duty, askers: readonly Account[]): Notified {
  const own = new Set(people.separation === "strict" ? askers.map(({ login }) => login.toLowerCase()) : []);
  const names = people[duty].map(readPersonName).slice(0, maxNotified);
  return {
    users: names.flatMap(({ owner, team }) => (team === null && !own.has(owner.toLowerCase()) ? [owner] : [])),
    teams: names.flatMap(({ owner, team }) => (team === null ? [] : [`${owner}/${team}`])),
  };
}
