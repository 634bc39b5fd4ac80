import { describe, expect, test } from "@jest/globals";
import { assembleAdoption } from "../../../core/evidence/adoption-bundle.ts";
import { assembleBundle } from "../../../core/evidence/bundle.ts";
import { tracePull } from "../../../core/evidence/trace.ts";
import { known, unknown } from "../../../core/known.ts";
import { AdoptionBundle } from "../../../schemas/evidence.ts";
import {
  because,
  botPull,
  claims,
  commit,
  first,
  green,
  head,
  max,
  merged,
  robot,
  story,
  tree,
} from "../../builders/foreign-pull.ts";
import { last, recorded, round } from "../../builders/pull-context.ts";
import { base } from "../../builders/pull-facts.ts";

describe("what our host saw of it", () => {
  const once = round(botPull([max(because)]));
  const sealed = recorded(botPull([], once));

  test("is sealed once, after the adoption is in the ledger and others' checks have ended", () => {
    expect(last(once, "adoption.sealed")?.body).toBeUndefined();
    expect(last(sealed, "adoption.sealed")?.body).toEqual({
      pull: 12,
      commit: head,
      tree,
      ci: "pass",
      checks: [{ name: "test", app: "ci", conclusion: "success" }],
      verdictSha256: last(sealed, "verdict.given")?.body.verdictSha256,
      adopted: once.findLast(({ kind }) => kind === "change.adopted")?.hash,
    });
    expect(recorded(botPull([], sealed))).toHaveLength(sealed.length);
    const running = known([{ ...green, status: "in_progress", conclusion: null }]);
    expect(last(recorded(botPull([], once, { checks: running })), "adoption.sealed")?.body).toBeUndefined();
    expect(last(recorded(botPull([], once, { checks: unknown("HTTP 500") })), "adoption.sealed")?.body).toBeUndefined();
    expect(last(recorded(botPull([], story)), "adoption.sealed")?.body).toBeUndefined();
  });

  test("T066: is sealed under the adoption for this branch, not a later one for another", () => {
    const adopted = once.findLast((entry) => entry.kind === "change.adopted");
    if (adopted?.kind !== "change.adopted") throw new Error("it was adopted");
    const body = { ...adopted.body, baseRef: "other" };
    const elsewhere = { ...adopted, seq: once.length + 1, hash: "f".repeat(64), body };
    const entries = recorded(botPull([], [...once, elsewhere]));
    expect(last(entries, "adoption.sealed")?.body).toMatchObject({ adopted: adopted.hash });
  });

  test("makes a bundle without prompt, answer or model, and with what was claimed as claims", () => {
    const end = { state: "closed", merged: { commit: merged, tree, by: { id: 30, login: "max" } } } as const;
    const entries = recorded(botPull([], sealed, {}, end));
    expect(assembleBundle(entries, 12, { repository: "acme/web", body: () => null })).toBeNull();
    const bundle = AdoptionBundle.parse(assembleAdoption(entries, 12, "acme/web"));
    expect(bundle).toMatchObject({
      state: "adopted",
      bundle: entries.findLast(({ kind }) => kind === "adoption.sealed")?.hash,
      prompt: null,
      run: null,
      story: null,
      digest: null,
      author: robot,
      commit: head,
      tree,
      ci: "pass",
      adoptions: [{ by: { id: 30, login: "max", type: "User" }, commits: [first, head], reason: "I read it" }],
      claims: claims.slice(0, 2),
      verdictSha256: last(sealed, "verdict.given")?.body.verdictSha256,
      merge: { commit: merged, judged: true, change: "same-tree" },
    });
    expect(bundle.entries.map(({ kind }) => kind)).toEqual(["change.adopted", "adoption.sealed", "merge.observed"]);
    for (const { seq, kind, sha256 } of bundle.entries) expect(entries[seq - 1]).toMatchObject({ kind, hash: sha256 });
  });

  test("is traced to the person, with what is not recorded said", () => {
    const end = { state: "closed", merged: { commit: merged, tree, by: null } } as const;
    const entries = recorded(botPull([], sealed, {}, end));
    const trace = tracePull(entries, 12);
    expect(trace.ok).toBe(true);
    expect(trace.links.map(({ link }) => link)).toEqual(["merge", "pull request", "adoption", "claims"]);
    expect(trace.links[1]?.text).toContain("opened by @coder[bot] (Bot, id 77) and by no run");
    expect(trace.links[2]?.text).toContain("by @max (id 30): I read it");
    expect(trace.links[3]?.text).toMatch(/^unchecked: /);
    expect(trace.note).toContain("No run made them");
  });

  test("of a head that was merged without being adopted is no trace", () => {
    const other = { head: { sha: "6".repeat(40) } };
    const end = { state: "closed", merged: { commit: merged, tree, by: null } } as const;
    const entries = recorded(botPull([], sealed, other, end));
    expect(tracePull(entries, 12).ok).toBe(false);
    expect(assembleAdoption(entries, 12, "acme/web")).toBeNull();
    expect(last(entries, "incident.raised")?.body).toMatchObject({ code: "merged-past-the-gate" });
  });

  test("T066: of a head that was adopted for another branch is no trace of a merge into this one", () => {
    const end = { state: "closed", merged: { commit: merged, tree, by: null } } as const;
    const entries = recorded(botPull([], sealed, { base: { ref: "other", sha: base } }, end));
    expect(tracePull(entries, 12).ok).toBe(false);
  });
});

test("commits that others pushed to a run's branch get a bundle too, which names the run", () => {
  const entries = recorded({
    ...botPull([max(because)], story, {
      commits: known([commit("8".repeat(40), base), commit(head, "8".repeat(40))]),
    }),
    number: 11,
  });
  const bundle = AdoptionBundle.parse(assembleAdoption(entries, 11, "acme/web"));
  expect(bundle).toMatchObject({ run: "run-2-1", prompt: null, adoptions: [{ commits: [head] }] });
  // Our own words on our own pull request are no claim of the others.
  expect(bundle.claims.map(({ source }) => source)).toEqual([`commit ${head}`]);
});
