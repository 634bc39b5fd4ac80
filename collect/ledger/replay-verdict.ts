import type { EntryOf, TypedEntry } from "../../core/entries.ts";
import type { PullFacts } from "../../core/facts.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { recordOf } from "../../core/record/pull.ts";
import type { GivenFacts } from "../../schemas/verdict.ts";
import { contentFacts } from "../content/content.ts";
import type { Objects } from "../objects.ts";
import { readPolicy } from "../policy/file.ts";

/**
 * The facts of one verdict once more: the content from a clone, the record from the entries before it, and what GitHub
 * alone told (`given`), which its entry names by digest. Unknown where the clone lacks a commit.
 */
export async function readJudged(
  objects: Objects,
  { seq, body }: EntryOf<"verdict.given">,
  given: GivenFacts,
  entries: readonly TypedEntry[],
): Promise<Known<PullFacts>> {
  const { pull, head, base, policy } = body;
  if (!policy) return unknown("the verdict was given without a policy");
  const mergeBase = await objects.mergeBase(base, head);
  if (!mergeBase.known) return mergeBase;
  const [reading, changes, commits] = await Promise.all([
    readPolicy(objects, policy.ref),
    objects.changes(mergeBase.value, head),
    objects.commits(mergeBase.value, head),
  ]);
  for (const read of [reading, changes, commits]) if (!read.known) return read;
  const { version: _version, engine: _engine, baseRef, ...told } = given;
  const range = { head: { sha: head }, commits, changes, base: { ref: baseRef, sha: base }, ...told };
  const before = entries.filter((entry) => entry.seq < seq);
  const content = await contentFacts(objects, {
    mergeBase,
    head,
    policy: reading,
    record: recordOf(before, pull, range),
    pull: given.pull,
    changes,
    commits,
  });
  return known({ ...told, ...content, base: range.base, head: range.head });
}
