import type { People } from "../../schemas/policy.ts";
import type { Duty } from "../../schemas/policy-values.ts";
import type { Account } from "../../schemas/text.ts";
import type { CommandRequest, Permission } from "../facts.ts";
import type { Known } from "../known.ts";
import { shortName } from "./person-name.ts";

/** Whether a command may be carried out; `wait` when a needed fact could not be read. */
export type Authority =
  | { answer: "yes" }
  | { answer: "no"; code: string; line: string }
  | { answer: "wait"; why: string };

/** The roles that may write to a repository; nobody below them has authority over its changes. */
export const writers: ReadonlySet<Permission["role"]> = new Set(["write", "maintain", "admin"]);

/** Whether a person's words may reach an agent: they may write to the repository and hold a duty of the policy. */
export function hasSay(permission: Known<Permission>): boolean {
  return permission.known && writers.has(permission.value.role) && permission.value.duties.length > 0;
}

/** The names of a duty's holders, for a next step; says so when the policy names nobody. */
export function holders(people: People, duty: Duty): string {
  const names = people[duty];
  return names.length === 0
    ? `nobody yet: name someone under \`people.${duty}\` in the policy`
    : names.map(shortName).join(", ");
}

/** The same without those who cannot do it, as they asked for the work or have done it; a team may still hold one. */
export function otherHolders(people: People, duty: Duty, without: readonly Account[]): string {
  const names = new Set(without.map(({ login }) => `@${login}`.toLowerCase()));
  const others = people[duty].filter((name) => !names.has(shortName(name).toLowerCase()));
  if (others.length === 0 && people[duty].length > 0)
    return `nobody else yet: name somebody else under \`people.${duty}\` in the policy`;
  return holders({ ...people, [duty]: others }, duty);
}

/**
 * Judges whether a person's act counts as authority: a person's own fresh act, never edited, not through an app, by
 * someone who may write to the repository and holds one of the duties. Text is not authority (design, invariant 6).
 */
export function authority(
  request: Omit<CommandRequest, "source" | "command">,
  duties: readonly Duty[],
  people: People,
): Authority {
  const no = (code: string, line: string): Authority => ({ answer: "no", code, line });
  if (request.by.type !== "User")
    return no("not-a-person", "Only a person can do this; apps and bots have no say here.");
  if (request.viaApp)
    return no("through-an-app", "This was written through an app. Write it yourself, in a new comment.");
  if (request.edited) return no("edited", "An edited comment does not count. Write a new one.");
  if (request.atOpening) {
    return no(
      "label-at-opening",
      "The label or assignment was on the issue when it was opened. Take it off and put it on again to start.",
    );
  }
  if (!request.permission.known) return { answer: "wait", why: request.permission.why };
  const { role, duties: held } = request.permission.value;
  if (!writers.has(role)) return no("no-write-access", `@${request.by.login} has no write access to this repository.`);
  if (duties.length > 0 && !duties.some((duty) => held.includes(duty))) {
    const who = duties.map((duty) => `${duty} (${holders(people, duty)})`).join(" or ");
    return no("not-in-duty", `This is for ${who}. Ask one of them, or change \`people\` in the policy.`);
  }
  return { answer: "yes" };
}
