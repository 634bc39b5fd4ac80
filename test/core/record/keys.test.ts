import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { TypedEntry } from "../../../core/entries.ts";
import type { PullFacts } from "../../../core/facts.ts";
import { type Known, known, unknown } from "../../../core/known.ts";
import { attemptKinds, checkAttempt, emptyAttempts } from "../../../core/ledger/attempt-protocol.ts";
import { pullReads } from "../../../core/pull/facts.ts";
import { decidePull } from "../../../core/pull/pull.ts";
import type { Range } from "../../../core/record/held-work.ts";
import { aboutPull, indexVersion, keyOf } from "../../../core/record/keys.ts";
import { recordOf } from "../../../core/record/pull.ts";
import { decideEpic, decideOtherIssue } from "../../../core/story/epic.ts";
import { issueReads } from "../../../core/story/facts.ts";
import { decideStory } from "../../../core/story/story.ts";
import { anyLedger, blobs, foundIn, prompts, pulls, shas, stories, trees } from "../../builders/any-ledger.ts";
import { botPull, max } from "../../builders/foreign-pull.ts";
import { change } from "../../builders/pull-facts.ts";
import { playStory } from "../../builders/story.ts";

/** What comes of it: a decision, or the error that a ledger of nonsense ends in. */
function end(decide: () => unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(decide()));
  } catch (error) {
    return String(error);
  }
}

/** Holds that a decision over what is found is the one over the whole ledger. */
function sameEnd(entries: readonly TypedEntry[], keys: readonly string[], decide: (of: TypedEntry[]) => unknown) {
  expect(end(() => decide(foundIn(entries, keys)))).toEqual(end(() => decide([...entries])));
}

const commitOf = fc
  .record({ sha: fc.constantFrom(...shas), tree: fc.constantFrom(...trees) })
  .map((one) => ({ ...one, parents: [], message: "Work" }));
const changed = fc
  .tuple(fc.constantFrom("web/a.ts", "web/b.ts"), fc.constantFrom(null, ...blobs))
  .map(([path, sha]) => change(path, { after: sha === null ? null : { mode: "100644", sha } }));
const orUnread = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Known<T>> =>
  fc.oneof({ weight: 5, arbitrary: value.map(known) }, { weight: 1, arbitrary: fc.constant(unknown("not read")) });
const range: fc.Arbitrary<Range> = fc.record({
  head: fc.constantFrom(...shas).map((sha) => ({ sha })),
  commits: orUnread(fc.uniqueArray(commitOf, { minLength: 1, maxLength: 4, selector: ({ sha }) => sha })),
  changes: orUnread(fc.uniqueArray(changed, { maxLength: 2, selector: ({ path }) => path })),
  base: fc.constantFrom("main", "dev").map((ref) => ({ ref, sha: "b".repeat(40) })),
  defaultBranch: fc.constant("main"),
});
const pull = fc.constantFrom(12, 11, ...pulls);
const runs = { numRuns: 300 };

describe("S10: a decision over what is found is the one over the whole ledger", () => {
  test("the record of a pull request", () => {
    const property = fc.property(anyLedger, pull, range, (entries, number, brought) =>
      sameEnd(entries, aboutPull(number, brought), (of) => recordOf(of, number, brought)),
    );
    fc.assert(property, runs);
  });

  test("a pull request, with commands, twins and reviews", () => {
    const commands = fc.subarray(["/adopt X for #2 because it is good", "/rework mend it", "/clarify so", "/status"]);
    const state = fc.constantFrom("open" as const, "closed" as const);
    const merged = fc.constantFrom(null, { commit: shas[1] ?? "", tree: trees[0] ?? "", by: null });
    const policies = fc.constantFrom("loaded", "absent");
    const property = fc.property(
      fc.tuple(anyLedger, pull, range, commands, state, merged, policies),
      ([entries, number, brought, asked, is, by, policy]) => {
        const requests = asked.map((line) => max(line.replace("X", brought.head.sha)));
        const judged: Partial<PullFacts> = { ...brought, defaultBranch: "main" };
        const facts = botPull(requests, [], judged, {
          ...{ number, state: is, merged: is === "closed" ? by : null, sameHeadPulls: known(pulls) },
          ...(policy === "absent" ? { policy: known({ state: "absent", ref: "b".repeat(40), removedBy: null }) } : {}),
        });
        sameEnd(entries, pullReads(facts), (of) => decidePull({ ...facts, entries: of }));
      },
    );
    fc.assert(property, runs);
  });

  test("a story, an epic and an issue of the light tier", () => {
    const kinds = fc.constantFrom<string[]>(["story"], ["epic"], ["ai:run"], []);
    const commands = fc.subarray(["/rollback run-2-1/3/R0S0", "/rollback run-12-1/13/R0S0", "/clarify so", "/retry"]);
    const numbers = fc.constantFrom(1, ...stories, ...prompts);
    const property = fc.property(
      fc.tuple(anyLedger, kinds, numbers, fc.subarray([...stories, ...prompts]), commands),
      ([entries, labels, number, below, asked]) => {
        const play = playStory();
        const { issue, ...facts } = play.facts();
        const requests = asked.map((line) => ({ ...max(line), by: { id: 1, login: "lena", type: "User" as const } }));
        const children = below.map((child) => ({
          number: child,
          title: "t",
          state: "open" as const,
          labels: ["story"],
        }));
        const given = { ...facts, children, commands: requests, issue: { ...issue, number, labels } };
        const decide = labels[0] === "story" ? decideStory : labels[0] === "epic" ? decideEpic : decideOtherIssue;
        sameEnd(entries, issueReads(given), (of) => decide({ ...given, entries: of }));
      },
    );
    fc.assert(property, runs);
  });

  test("the attempt protocol", () => {
    const property = fc.property(anyLedger, (entries) => {
      const draft = entries.at(-1);
      if (draft === undefined || !attemptKinds.has(draft.kind)) return;
      const { body } = draft;
      const keys = [
        ...("run" in body ? [keyOf.run(body.run)] : []),
        ...("prompt" in body && body.prompt !== null && body.prompt !== undefined ? [keyOf.number(body.prompt)] : []),
      ];
      sameEnd(entries.slice(0, -1), keys, (of) => {
        const attempts = emptyAttempts();
        for (const entry of of) checkAttempt(attempts, entry);
        return { problem: checkAttempt(attempts, draft) };
      });
    });
    fc.assert(property, runs);
  });
});

test("a change of what entries are found by comes with a new version, so that stores index theirs again", () => {
  const text = readFileSync(join(import.meta.dirname, "../../../core/record/keys.ts"), "utf8");
  const rows = text.slice(text.indexOf("export const keyOf"), text.indexOf("/** The keys whose entries belong"));
  const code = rows.replace(/\/\*\*[\s\S]*?\*\//g, "").replace(/\s+/g, " ");
  const digest = createHash("sha256").update(code).digest("hex").slice(0, 12);
  expect({ indexVersion, digest }).toEqual({ indexVersion: 1, digest: "bfc72eafd445" });
});
