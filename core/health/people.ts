import type { Known } from "../known.ts";
import { readPersonName, shortName } from "../people/person-name.ts";
import { findingsOf, type HealthFinding, retryHint } from "./finding.ts";

/** A name under `people` in the policy, and the GitHub id of its current holder; null if there is none. */
export type NamedAccount = { name: string; number: number | null };

/**
 * Checks that the policy's names still mean the same accounts. GitHub gives a released name to anyone who asks for it,
 * so a name is only certain if the policy pins its number. `about` is `owner/name`.
 */
export function judgePeople(about: string, named: Known<NamedAccount[]>): HealthFinding[] {
  const { ok, warn, fail, unknown } = findingsOf("repository", about);
  const check = "people";
  if (!named.known) return [unknown(check, `Who the policy names cannot be seen: ${named.why}`, retryHint)];
  const gone = named.value.filter(({ number }) => number === null);
  const present = named.value.flatMap(({ name, number }) => (number === null ? [] : [{ name, number }]));
  const taken = present.filter(({ name, number }) => isPinned(name) && readPersonName(name).number !== number);
  const open = present.filter(({ name }) => !isPinned(name));
  const findings: HealthFinding[] = [
    ...gone.map(({ name }) =>
      warn(
        check,
        `${code(name)} is nobody on GitHub${isPinned(name) ? "" : ", and whoever takes the name has its duties"}.`,
        "A maintainer takes it out of the policy, or mends it.",
      ),
    ),
    ...taken.map(({ name, number }) =>
      fail(
        check,
        `${code(name)} means nobody: number ${number} bears that name now.`,
        `A maintainer finds out who that is, and writes ${code(`${shortName(name)}#${number}`)} if it is who is meant.`,
      ),
    ),
  ];
  if (open.length > 0) {
    const pins = open.map(({ name, number }) => `"${name}#${number}"`).join(", ");
    findings.push(
      warn(
        check,
        `${open.map(({ name }) => code(name)).join(", ")}: who takes over such a name has its duties too.`,
        `A maintainer pins them in the policy: ${pins}.`,
      ),
    );
  }
  return findings.length > 0 ? findings : [ok(check, "Everybody whom the policy names is who was meant.")];
}

const isPinned = (name: string) => readPersonName(name).number !== null;
const code = (text: string) => `\`${text}\``;
