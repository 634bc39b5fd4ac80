import { describe, expect, test } from "@jest/globals";
import { assembleAdoption } from "../../../core/evidence/adoption-bundle.ts";
import { tracePull } from "../../../core/evidence/trace.ts";
import type { CommandRequest } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import { decidePull } from "../../../core/pull/pull.ts";
import { recordOf } from "../../../core/record/pull.ts";
import {
  adopted,
  because,
  botPull,
  claims,
  commit,
  first,
  head,
  max,
  robot,
  story,
  tree,
} from "../../builders/foreign-pull.ts";
import { last, recorded, say } from "../../builders/pull-context.ts";
import { base, change } from "../../builders/pull-facts.ts";

describe("F7: a pull request that no run made", () => {
  test("T103: of a bot leads to nobody, whatever run its commits claim", () => {
    const entries = recorded(botPull([]));
    expect(last(entries, "verdict.given")?.body).toMatchObject({
      conclusion: "failure",
      gates: { trace: "fail" },
    });
    expect(recordOf(entries, 12, botPull([]).judged)).toMatchObject({
      value: { run: null, evidence: [], adoptions: [] },
    });
    expect(tracePull(entries, 12)).toMatchObject({ ok: false, links: [{ link: "pull request", seq: null }] });
    expect(assembleAdoption(entries, 12, "acme/web")).toBeNull();
  });

  test("T099: is adopted by a person; its author is a fact by number and type, its claims are kept as claims", () => {
    const entries = adopted();
    expect(last(entries, "change.adopted")?.body).toEqual({
      pull: 12,
      head,
      baseRef: "main",
      commits: [first, head],
      reason: "I read it",
      comment: expect.any(Number),
      tree,
      author: robot,
      claims: claims.slice(0, 2),
    });
    expect(last(entries, "verdict.given")?.body).toMatchObject({
      conclusion: "success",
      gates: { trace: "pass", evidence: "not-applicable" },
    });
  });

  test("claims change no verdict", () => {
    const without = recorded(botPull([max(because)], story, {}, { claims: [] }));
    expect(last(without, "verdict.given")?.body).toEqual(last(adopted(), "verdict.given")?.body);
    expect(last(without, "change.adopted")?.body).not.toHaveProperty("claims");
  });

  test("T091: a commit that is pushed later is adopted by nobody", () => {
    const later = "6".repeat(40);
    const commits = known([commit(first, base), commit(head, first), commit(later, head)]);
    const entries = recorded(botPull([], adopted(), { head: { sha: later }, commits }));
    expect(last(entries, "verdict.given")?.body).toMatchObject({ head: later, gates: { trace: "fail" } });
    expect(assembleAdoption(entries, 12, "acme/web")).toBeNull();
    expect(tracePull(entries, 12).ok).toBe(false);
  });

  test("is held to the plan of the story that is named", () => {
    const entries = adopted(`/adopt ${head} for #2 because it is what #2 asks for`);
    const digest = last(story, "contract.frozen")?.body.digest;
    expect(last(entries, "change.adopted")?.body).toMatchObject({
      story: 2,
      digest,
      reason: "it is what #2 asks for",
    });
    expect(last(entries, "verdict.given")?.body.gates).toMatchObject({ scope: "pass", approval: "pass" });
    const outside = recorded(botPull([], entries, { changes: known([change("elsewhere/b.ts")]) }));
    expect(last(outside, "verdict.given")?.body.gates).toMatchObject({ scope: "fail" });
    expect(tracePull(entries, 12).links.map(({ link }) => link)).toEqual([
      "pull request",
      "adoption",
      "claims",
      "contract",
      "approval",
    ]);
  });

  test("is unknown where the ledger lacks the plan it was adopted for", () => {
    const entries = adopted(`/adopt ${head} for #2 because x`);
    const cut = entries.filter(({ kind }) => kind !== "approval.granted");
    expect(recordOf(cut, 12, botPull([]).judged).known).toBe(false);
  });

  test.each<[string, CommandRequest, string]>([
    ["without the duty", say(because, "max", ["planners", "approvers"]), "not-in-duty"],
    ["by a bot", max(because, { by: robot }), "not-a-person"],
    ["T101: through an app", max(because, { viaApp: true }), "through-an-app"],
    ["T096: by an edited comment", max(because, { edited: true }), "edited"],
    [
      "T104: by somebody who may not write",
      max(because, { permission: known({ role: "read", duties: ["executors"] }) }),
      "no-write-access",
    ],
    ["of an older head", max(`/adopt ${first} because x`), "head-moved"],
    ["T093: by a short id", max(`/adopt ${head.slice(0, 12)} because x`), "badly-written"],
    ["without a reason", max(`/adopt ${head} for #2`), "badly-written"],
    ["for no number", max(`/adopt ${head} for #0 because x`), "badly-written"],
    ["for a story without an approved plan", max(`/adopt ${head} for #99 because x`), "no-approved-plan"],
    [
      "T102: for a plan that they approved",
      say(`/adopt ${head} for #2 because x`, "quinn", ["executors"]),
      "own-approval",
    ],
  ])("is not adopted %s", (_, request, code) => {
    const entries = recorded(botPull([request]));
    expect(last(entries, "change.adopted")?.body).toBeUndefined();
    expect(last(entries, "command")?.body).toMatchObject({ accepted: false, code });
  });

  test("T102: whoever approved the plan adopts no part of a change for it, before or after somebody else", () => {
    const later = "6".repeat(40);
    const pushed = { head: { sha: later }, commits: known([commit(head, base), commit(later, head)]) };
    const quinn = (line: string) => say(line, "quinn", ["executors"]);
    const after = adopted(`/adopt ${head} for #2 because x`);
    const before = recorded(botPull([quinn(because)]));
    for (const [entries, request] of [
      [after, quinn(`/adopt ${later} because x`)],
      [before, max(`/adopt ${later} for #2 because x`)],
    ] as const)
      expect(last(recorded(botPull([request], entries, pushed)), "command")?.body).toMatchObject({
        accepted: false,
        code: "own-approval",
      });
  });

  test("is not adopted twice, nor while its commits are unknown", () => {
    expect(last(recorded(botPull([max(because)], adopted())), "command")?.body).toMatchObject({
      code: "nothing-foreign",
    });
    const waiting = decidePull(botPull([max(because)], story, { commits: unknown("cut short") }));
    expect(waiting.drafts.map(({ kind }) => kind)).not.toContain("command");
    expect(waiting.requeueAfter).toBe(15);
  });

  test("T102: is signed off by nobody who adopted or opened it", () => {
    const line = `/sign-off ${head} pass manual`;
    const signed = (request: CommandRequest, over = {}) =>
      last(recorded(botPull([request], adopted(), over)), "command")?.body;
    expect(signed(say(line, "max", ["approvers"]))).toMatchObject({ code: "own-work" });
    const byLena = {
      pull: { number: 12, author: { id: 1, login: "lena", type: "User" }, title: "", body: "", labels: [] },
    };
    expect(signed(say(line, "lena", ["approvers"]), byLena)).toMatchObject({ code: "own-work" });
    expect(signed(say(line, "quinn", ["approvers"]))).toMatchObject({ code: "signed-off", accepted: true });
  });
});
