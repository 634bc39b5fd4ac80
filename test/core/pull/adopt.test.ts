import { describe, expect, test } from "@jest/globals";
import type { TypedEntry } from "../../../core/entries.ts";
import { tracePull } from "../../../core/evidence/trace.ts";
import type { CommandRequest, CommitFact } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import type { PullSnapshot } from "../../../core/pull/facts.ts";
import { recordOf } from "../../../core/record/pull.ts";
import { judge } from "../../../core/verdict/judge.ts";
import type { Duty } from "../../../schemas/policy-values.ts";
import { mergedStory } from "../../builders/merged-story.ts";
import { last, pullContext, recorded, say } from "../../builders/pull-context.ts";
import { base, change, facts } from "../../builders/pull-facts.ts";

const made = "1".repeat(40);
const foreign = "2".repeat(40);
const policy = 'version: 1\npeople: { executors: ["@max"], approvers: ["@quinn"] }\n';
const story = mergedStory(
  { base, head: made, tree: "3".repeat(40), merged: "4".repeat(40), mergedTree: "5".repeat(40) },
  { upTo: "captured" },
);
const commit = (sha: string, parent: string): CommitFact => ({
  sha,
  parents: [parent],
  tree: "a".repeat(40),
  message: "A commit",
});

/** A run's pull request onto which somebody pushed a commit. */
function pullOf(commands: CommandRequest[], over: Partial<PullSnapshot["judged"]> = {}, entries = story): PullSnapshot {
  const judged = {
    ...facts({ policy, changes: [change("web/step-1/a.ts")] }),
    head: { sha: foreign },
    commits: known([commit(made, base), commit(foreign, made)]),
    ...over,
  };
  return pullContext(judged, { number: 11, commands, entries });
}

const max = (line: string, duties: Duty[] = ["executors"]) => say(line, "max", duties);
const adoption = `/adopt ${foreign} because I read it and it only fixes a typo`;

const statusOf = (given: PullSnapshot, gate: string) => last(recorded(given), "verdict.given")?.body.gates[gate];

describe("A15: a commit that somebody else pushed to a run's branch", () => {
  test("parks the run: neither trace nor evidence passes", () => {
    expect([statusOf(pullOf([]), "trace"), statusOf(pullOf([]), "evidence")]).toEqual(["fail", "fail"]);
  });

  test("passes once a person with the duty stands for it, by name and with a reason", () => {
    const request = max(adoption);
    const adopted = pullOf([request]);
    expect([statusOf(adopted, "trace"), statusOf(adopted, "evidence")]).toEqual(["pass", "pass"]);
    const entries = recorded(adopted);
    expect(last(entries, "change.adopted")?.body).toEqual({
      author: { id: 1, login: "ada", type: "User" },
      tree: "a".repeat(40),
      pull: 11,
      head: foreign,
      baseRef: "main",
      commits: [foreign],
      reason: "I read it and it only fixes a typo",
      comment: request.source.id,
    });
    const trace = tracePull(entries, 11);
    expect(trace.ok).toBe(true);
    expect(trace.links.find(({ link }) => link === "adoption")?.text).toContain("@max (id 30)");
  });

  test("a later commit is not covered by it", () => {
    const later = "6".repeat(40);
    const commits = known([commit(made, base), commit(foreign, made), commit(later, foreign)]);
    const given = pullOf([], { head: { sha: later }, commits }, recorded(pullOf([max(adoption)])));
    expect([statusOf(given, "trace"), statusOf(given, "evidence")]).toEqual(["fail", "fail"]);
  });

  test("T066: an adoption for another branch than the one it was judged for, or entered, carries no trace", () => {
    const entries = recorded(pullOf([max(adoption)]));
    const onto = (ref: string) =>
      recorded(pullOf([], { base: { ref, sha: base }, retargetedAt: known("2026-11-21T10:00:00Z") }, entries));
    expect(tracePull(onto("main"), 11).ok).toBe(true);
    expect(tracePull(onto("other"), 11)).toMatchObject({
      ok: false,
      links: expect.arrayContaining([expect.objectContaining({ link: "commit", seq: null })]),
    });
    const closed = (ref: string) => ({
      ...pullOf([], { base: { ref, sha: base } }, entries),
      state: "closed" as const,
      merged: { commit: "4".repeat(40), tree: "5".repeat(40), by: null },
    });
    expect(tracePull(recorded(closed("main")), 11).ok).toBe(true);
    expect(tracePull(recorded(closed("other")), 11).ok).toBe(false);
  });

  test("T066: is adopted for one branch: another base takes it back, and the first one gives it again", () => {
    const adopted = recorded(pullOf([max(adoption)]));
    const onto = (ref: string, commands: CommandRequest[] = []) =>
      pullOf(commands, { base: { ref, sha: base }, retargetedAt: known("2026-11-21T10:00:00Z") }, adopted);
    const statuses = (given: PullSnapshot) => [statusOf(given, "trace"), statusOf(given, "evidence")];
    expect(statuses(onto("other"))).toEqual(["fail", "fail"]);
    expect(statuses(onto("main"))).toEqual(["pass", "pass"]);
    const again = { ...max(adoption), at: "2026-11-21T10:00:01Z" };
    expect(statuses(onto("other", [again]))).toEqual(["pass", "pass"]);
    expect(last(recorded(onto("other", [max(adoption)])), "command")?.body).toMatchObject({
      accepted: false,
      code: "retargeted",
    });
  });

  test("T066: adopted by an older version, it is unknown while it could not be read when the base was changed", () => {
    const adopted = recorded(pullOf([max(adoption)])).map((entry): TypedEntry => {
      if (entry.kind !== "change.adopted") return entry;
      const { baseRef: _, ...body } = entry.body;
      return { ...entry, body };
    });
    const given = (retargetedAt: PullSnapshot["judged"]["retargetedAt"]) => pullOf([], { retargetedAt }, adopted);
    const statuses = (lookedAt: PullSnapshot) => {
      const { policy: reading, judged, entries } = lookedAt;
      const verdict = judge({ ...judged, policy: reading, record: recordOf(entries, 11, judged) }, { settle: "all" });
      return verdict.gates.flatMap(({ gate, status }) => (gate === "trace" || gate === "evidence" ? [status] : []));
    };
    expect(statuses(given(unknown("HTTP 502")))).toEqual(["unknown", "unknown"]);
    expect(statuses(given(known(null)))).toEqual(["pass", "pass"]);
    expect(statuses(given(known("2026-11-21T10:00:00Z")))).toEqual(["fail", "fail"]);
  });

  test("is from then on the work of who adopted it: somebody else signs it off", () => {
    const adopted = recorded(pullOf([max(adoption)]));
    const signed = (request: CommandRequest) => last(recorded(pullOf([request], {}, adopted)), "command")?.body;
    const line = `/sign-off ${foreign} pass manual`;
    expect(signed(max(line, ["approvers"]))).toMatchObject({ accepted: false, code: "own-work" });
    expect(signed(say(line, "quinn", ["approvers"]))).toMatchObject({ accepted: true });
  });

  test("T114: is signed off by nobody before its evidence is recorded or a person stands for it", () => {
    const quinn = say(`/sign-off ${foreign} pass manual`, "quinn", ["approvers"]);
    const entries = recorded(pullOf([quinn]));
    expect(last(entries, "command")?.body).toMatchObject({
      accepted: false,
      code: "no-evidence",
    });
    expect(last(entries, "sign-off.given")).toBeUndefined();
  });

  test.each<[string, CommandRequest, Partial<PullSnapshot["judged"]>, string]>([
    ["without the duty", max(adoption, ["planners"]), {}, "not-in-duty"],
    ["of an older head", max(`/adopt ${made} because x`), {}, "head-moved"],
    ["for a story: the run has one", max(`/adopt ${foreign} for #2 because x`), {}, "has-story"],
    ["without a reason", max(`/adopt ${foreign}`), {}, "badly-written"],
    ["by a short id", max(`/adopt ${foreign.slice(0, 12)} because x`), {}, "badly-written"],
    [
      "where every commit is recorded",
      max(`/adopt ${made} because x`),
      { head: { sha: made }, commits: known([commit(made, base)]) },
      "nothing-foreign",
    ],
    [
      "with more commits than anybody reads",
      max(adoption),
      {
        commits: known(Array.from({ length: 1_001 }, (_, at) => commit(String(at).padStart(40, "7"), base))),
      },
      "too-many",
    ],
  ])("is not adopted %s", (_, request, over, code) => {
    const given = pullOf([request], over);
    expect(last(recorded(given), "change.adopted")).toBeUndefined();
    const command = last(recorded(given), "command");
    expect(command?.body).toMatchObject({ accepted: false, code });
  });

  test("is not adopted while the commits cannot be read: the command waits", () => {
    const given = pullOf([max(adoption)], { commits: unknown("cut short") });
    expect(recorded(given).filter((entry) => entry.kind === "command")).toHaveLength(
      story.filter((entry) => entry.kind === "command").length,
    );
  });
});
