/**
 * A name under `people` in the policy, parsed: an account, or (`team` set) a team of an organisation. `number` is its
 * GitHub id where the policy pins it. Maintainers wrote the policy; a name that is not pinned means its current owner.
 */
export type PersonName = { owner: string; team: string | null; number: number | null };

/** Parses a name of the form that the policy's schema accepts: `@user`, `@organisation/team`, either with `#number`. */
export function readPersonName(text: string): PersonName {
  const [name = "", digits] = text.replace(/^@/, "").split("#");
  const [owner = "", team = null] = name.split("/");
  return { owner, team, number: digits === undefined ? null : Number(digits) };
}

/** A name for people, without its number. */
export function shortName(text: string): string {
  return text.replace(/#.*$/, "");
}
