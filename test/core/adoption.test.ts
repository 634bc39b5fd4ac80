import { describe, expect, test } from "@jest/globals";
import type { Ask } from "../../core/authority.ts";
import { parseCommand } from "../../core/commands.ts";
import type { TypedEntry } from "../../core/entries.ts";
import type { CommitFact } from "../../core/facts.ts";
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
  };
}

const max = (line: string, duties: Duty[] = ["executors"]) => say(line, 30, "max", duties);
const adoption = `/adopt ${foreign} because I read it and it only fixes a typo`;

/** What a look records, as entries behind those that are there. */
function recorded(given: PullLookFacts): TypedEntry[] {
  const { drafts } = decidePull(given);
  const entries = drafts.map((draft, place) => ({
    ...draft,
    seq: given.entries.length + place + 1,
    hash: `${place}`.padStart(64, "0"),
    at: given.now,
  }));
  return [...given.entries, ...entries];
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
      pull: 11,
      head: foreign,
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

  test("of a pull request that no run made is nothing to adopt", () => {
    const given = { ...look([max(adoption)], {}, []), number: 12 };
    expect(recorded(given).find((entry) => entry.kind === "command")?.body).toMatchObject({ code: "no-run" });
    expect(recordOf([], 12)).toMatchObject({ value: { adoptions: [] } });
  });
});
