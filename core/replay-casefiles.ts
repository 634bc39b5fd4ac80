import type { Policy } from "../schemas/policy.ts";
import { casefilesOf, casefileText, wholeCasefile } from "./casefiles.ts";
import { sha256 } from "./digest.ts";
import type { TypedEntry } from "./entries.ts";
import type { Known } from "./known.ts";
import type { AttemptEntries } from "./replay-entries.ts";
import type { WrittenCommit } from "./replay-sources.ts";
import type { Pair } from "./replay-step.ts";

/**
 * Derives a commit's casefiles again, each from the entries up to the evidence and from what people wrote in the parent:
 * those that the approval's policy asks for, where that is known, with the bytes that were recorded and that git has.
 */
export function casefilePairs(
  { asked, evidence, commit }: AttemptEntries,
  { files, changes, before }: WrittenCommit,
  entries: readonly TypedEntry[],
  policy: Known<Policy>,
): Pair[] {
  const recorded = commit?.body.casefiles ?? [];
  const named = recorded.map(({ name, path }) => ({ name, path }));
  return [
    ...(policy.known ? [["casefiles", casefilesOf(policy.value, asked.body.story), named] as const] : []),
    ...recorded.flatMap(({ name, path, sha256: digest, blob }): Pair[] => {
      const text = evidence === undefined ? null : casefileText(name, entries, evidence);
      const whole = text === null ? null : wholeCasefile(text, before?.get(path) ?? null);
      const change = changes.find((one) => one.path === path);
      return [
        [`casefile ${path}`, whole === null ? "none: no evidence was recorded" : sha256(whole), digest],
        [`file ${path}`, digest, files.get(path) ?? null],
        ...(change === undefined ? [] : [[`blob of ${path}`, blob, change.after?.sha ?? "none"] as const]),
      ];
    }),
  ];
}
