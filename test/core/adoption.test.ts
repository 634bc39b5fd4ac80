import { describe, expect, test } from "@jest/globals";
import type { Ask } from "../../core/authority.ts";
import { parseCommand } from "../../core/commands.ts";
import type { TypedEntry } from "../../core/entries.ts";
import type { CommitFact } from "../../core/facts.ts";
import { judge } from "../../core/judge.ts";
import { known, unknown } from "../../core/known.ts";
import { decidePull } from "../../core/pull.ts";
import type { PullLookFacts } from "../../core/pull-facts.ts";
import { recordOf } from "../../core/record.ts";
import { tracePull } from "../../core/trace.ts";
import type { Duty } from "../../schemas/policy-values.ts";
import { mergedStory } from "./merged-story.ts";
import { base, change, facts, policyOf } from "./sample-facts.ts";

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

let comments = 129;
function say(line: string, id: number, login: string, duties: Duty[]): Ask {
  return {
    source: { type: "comment", id: ++comments },
    command: parseCommand(line) ?? { name: "status" },
    by: { id, login, type: "User" },
    at: "2026-11-21T10:00:00.000Z",
    edited: false,
    viaApp: false,
    atOpening: false,
    standing: known({ role: "write", duties }),
  };
}

/** A run's pull request onto which somebody pushed a commit. */
function look(asks: Ask[], over: Partial<PullLookFacts["judged"]> = {}, entries = story): PullLookFacts {
  const judged = {
    ...facts({ policy, changes: [change("web/step-1/a.ts")] }),
    head: { sha: foreign },
    commits: known([commit(made, base), commit(foreign, made)]),
    ...over,
  };
  return {
    now: "2026-11-21T10:00:00.000Z",
    ourselves: { appId: 9, slug: "sallyport", bot: { id: 99, login: "sallyport[bot]", type: "Bot" } },
    repository: { id: judged.repository.id, name: judged.repository.name, defaultBranch: "main" },
    policy: known({ state: "loaded", ...policyOf(policy) }),
    base: known(judged.base.sha),
    asks,
    entries,
    outcomes: new Map(),
    sticky: null,
    judged,
    number: 11,
    state: "open",
    merged: null,
    ourCheck: known(null),
    twins: known([]),
    reviews: known({ reviews: [], more: false }),
  };
}

const max = (line: string, duties: Duty[] = ["executors"]) => say(line, 30, "max", duties);
const adoption = `/adopt ${foreign} because I read it and it only fixes a typo`;

/** What a look records, round by round, as entries behind those that are there. */
function recorded(given: PullLookFacts): TypedEntry[] {
  const { drafts } = decidePull(given);
  if (drafts.length === 0) return given.entries;
  const entries = drafts.map((draft, place) => ({
    ...draft,
    seq: given.entries.length + place + 1,
    hash: `${given.entries.length + place}`.padStart(64, "0"),
    at: given.now,
  }));
  return recorded({ ...given, asks: [], entries: [...given.entries, ...entries] });
}

const statusOf = (given: PullLookFacts, gate: string) => {
  const last = recorded(given).findLast((entry) => entry.kind === "verdict.given");
  return last?.kind === "verdict.given" ? last.body.gates[gate] : undefined;
};

describe("A15: a commit that somebody else pushed to a run's branch", () => {
  test("parks the run: neither trace nor evidence passes", () => {
    expect([statusOf(look([]), "trace"), statusOf(look([]), "evidence")]).toEqual(["fail", "fail"]);
  });

  test("passes once a person with the duty stands for it, by name and with a reason", () => {
    const adopted = look([max(adoption)]);
    expect([statusOf(adopted, "trace"), statusOf(adopted, "evidence")]).toEqual(["pass", "pass"]);
    const entries = recorded(adopted);
    expect(entries.find((entry) => entry.kind === "change.adopted")?.body).toEqual({
      author: { id: 1, login: "ada", type: "User" },
      tree: "a".repeat(40),
      pull: 11,
      head: foreign,
      baseRef: "main",
      commits: [foreign],
      reason: "I read it and it only fixes a typo",
      comment: comments,
    });
    const trace = tracePull(entries, 11);
    expect(trace.ok).toBe(true);
    expect(trace.links.find(({ link }) => link === "adoption")?.text).toContain("@max (id 30)");
  });

  test("a later commit is not covered by it", () => {
    const later = "6".repeat(40);
    const commits = known([commit(made, base), commit(foreign, made), commit(later, foreign)]);
    const given = look([], { head: { sha: later }, commits }, recorded(look([max(adoption)])));
    expect([statusOf(given, "trace"), statusOf(given, "evidence")]).toEqual(["fail", "fail"]);
  });

  test("T066: is adopted for one branch: another base takes it back, and the first one gives it again", () => {
    const adopted = recorded(look([max(adoption)]));
    const onto = (ref: string, asks: Ask[] = []) =>
      look(asks, { base: { ref, sha: base }, retargetedAt: known("2026-11-21T10:00:00Z") }, adopted);
    const statuses = (given: PullLookFacts) => [statusOf(given, "trace"), statusOf(given, "evidence")];
    expect(statuses(onto("other"))).toEqual(["fail", "fail"]);
    expect(statuses(onto("main"))).toEqual(["pass", "pass"]);
    const again = { ...max(adoption), at: "2026-11-21T10:00:01Z" };
    expect(statuses(onto("other", [again]))).toEqual(["pass", "pass"]);
    expect(
      recorded(onto("other", [max(adoption)])).findLast(({ kind }) => kind === "command")?.body,
    ).toMatchObject({ accepted: false, code: "retargeted" });
  });

  test("T066: adopted by an older version, it is unknown while it could not be read when the base was changed", () => {
    const adopted = recorded(look([max(adoption)])).map((entry): TypedEntry => {
      if (entry.kind !== "change.adopted") return entry;
      const { baseRef: _, ...body } = entry.body;
      return { ...entry, body };
    });
    const given = (retargetedAt: PullLookFacts["judged"]["retargetedAt"]) =>
      look([], { retargetedAt }, adopted);
    const statuses = (lookedAt: PullLookFacts) => {
      const { policy: reading, judged, entries } = lookedAt;
      const verdict = judge({ ...judged, policy: reading, record: recordOf(entries, 11) }, { settle: "all" });
      return verdict.gates.flatMap(({ gate, status }) =>
        gate === "trace" || gate === "evidence" ? [status] : [],
      );
    };
    expect(statuses(given(unknown("HTTP 502")))).toEqual(["unknown", "unknown"]);
    expect(statuses(given(known(null)))).toEqual(["pass", "pass"]);
    expect(statuses(given(known("2026-11-21T10:00:00Z")))).toEqual(["fail", "fail"]);
  });

  test("is from then on the work of who adopted it: somebody else signs it off", () => {
    const adopted = recorded(look([max(adoption)]));
    const signed = (ask: Ask) =>
      recorded(look([ask], {}, adopted)).findLast((entry) => entry.kind === "command")?.body;
    const line = `/sign-off ${foreign} pass manual`;
    expect(signed(max(line, ["approvers"]))).toMatchObject({ accepted: false, code: "own-work" });
    expect(signed(say(line, 31, "quinn", ["approvers"]))).toMatchObject({ accepted: true });
  });

  test("T114: is signed off by nobody before its evidence is recorded or a person stands for it", () => {
    const quinn = say(`/sign-off ${foreign} pass manual`, 31, "quinn", ["approvers"]);
    const entries = recorded(look([quinn]));
    expect(entries.findLast((entry) => entry.kind === "command")?.body).toMatchObject({
      accepted: false,
      code: "no-evidence",
    });
    expect(entries.find((entry) => entry.kind === "sign-off.given")).toBeUndefined();
  });

  test.each<[string, Ask, Partial<PullLookFacts["judged"]>, string]>([
    ["without the duty", max(adoption, ["planners"]), {}, "not-allowed"],
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
  ])("is not adopted %s", (_, ask, over, code) => {
    const given = look([ask], over);
    expect(recorded(given).find((entry) => entry.kind === "change.adopted")).toBeUndefined();
    const command = recorded(given).findLast((entry) => entry.kind === "command");
    expect(command?.body).toMatchObject({ accepted: false });
    if (code !== "not-allowed") expect(command?.body).toMatchObject({ code });
  });

  test("is not adopted while the commits cannot be read: the command waits", () => {
    const given = look([max(adoption)], { commits: unknown("cut short") });
    expect(recorded(given).filter((entry) => entry.kind === "command")).toHaveLength(
      story.filter((entry) => entry.kind === "command").length,
    );
  });
});
