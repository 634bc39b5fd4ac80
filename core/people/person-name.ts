/**
 * A name under `people` in the policy, taken apart: an account, or (`team` set) a team of an organisation. `number` is
 * GitHub's id of it where the policy pins it. Maintainers wrote the policy; a name that is not pinned is whoever bears it.
 */
export type PersonName = { owner: string; team: string | null; number: number | null };

/** Reads a name of the form that the policy's schema accepts: `@user`, `@organisation/team`, either with `#number`. */
export function readPersonName(text: string): PersonName {
  const [name = "", digits] = text.replace(/^@/, "").split("#");
  const [owner = "", team = null] = name.split("/");
  return { owner, team, number: digits === undefined ? null : Number(digits) };
}

/** A name for people to read, without its number. */
export function shortName(text: string): string {
  return text.replace(/#.*$/, "");
}
