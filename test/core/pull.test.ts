import { describe, expect, test } from "@jest/globals";
import type { Ask } from "../../core/authority.ts";
import { parseCommand } from "../../core/commands.ts";
import type { TypedEntry } from "../../core/entries.ts";
import { known, unknown } from "../../core/known.ts";
import { decidePull } from "../../core/pull.ts";
import type { PullLookFacts } from "../../core/pull-facts.ts";
import { change, earlier, facts, head } from "./sample-facts.ts";

const gates =
  'version: 1\npeople: { approvers: ["@quinn"] }\ngates: { manual-test: { when: { always: true } } }\n';

/** An open pull request by a person, with overrides. */
function look(overrides: Partial<PullLookFacts> = {}, text = "version: 1\n"): PullLookFacts {
  const judged = facts({ policy: text, changes: [change("web/a.ts")] });
  return {
    now: "2026-11-21T10:00:00.000Z",
    ourselves: { appId: 9, slug: "sallyport", bot: { id: 99, login: "sallyport[bot]", type: "Bot" } },
    repository: { id: judged.repository.id, name: judged.repository.name, defaultBranch: "main" },
    policy: judged.policy,
    base: known(judged.base.sha),
    asks: [],
    entries: [],
    outcomes: new Map(),
    sticky: null,
    judged,
    number: 5,
    state: "open",
    merged: null,
    checks: known([]),
    ourCheck: known(null),
    twins: known([]),
    ...overrides,
  };
}

const checkOf = (given: PullLookFacts) => {
  const effect = decidePull(given).effects.find((one) => one.type === "ensure-check");
  return effect?.type === "ensure-check"
    ? { sha: effect.sha, status: effect.status, conclusion: effect.conclusion }
    : null;
};

const verdictOf = (pull: number, conclusion: "success" | "failure"): TypedEntry => ({
  seq: 1,
  hash: "1".repeat(64),
  at: "2026-11-21T09:00:00.000Z",
  actor: { type: "app", id: 99, login: "sallyport[bot]" },
  kind: "verdict.given",
  body: { pull, head, base: earlier, conclusion, gates: {}, verdictSha256: "2".repeat(64) },
});

describe("the check", () => {
  test("is written to the judged commit alone, and ends with the verdict", () => {
    expect(checkOf(look())).toEqual({ sha: head, status: "completed", conclusion: "success" });
  });

  test.each([
    ["fails with it", [verdictOf(6, "failure")], known([6]), "completed", "failure"],
    ["waits for it while it was not judged", [], known([6]), "in_progress", null],
    [
      "waits while it is not known whether there is one",
      [],
      unknown("GitHub did not answer"),
      "in_progress",
      null,
    ],
    ["succeeds with it", [verdictOf(6, "success")], known([6]), "completed", "success"],
  ] as const)(
    "T065: shared with another pull request on the same commit, it %s",
    (_, entries, twins, status, conclusion) => {
      expect(checkOf(look({ entries: [...entries], twins }))).toMatchObject({ status, conclusion });
    },
  );
});

describe("a sign-off", () => {
  const ask = (line: string, over: Partial<Ask> = {}): Ask => ({
    source: { type: "comment", id: 70 },
    command: parseCommand(line) ?? { name: "status" },
    by: { id: 20, login: "quinn", type: "User" },
    at: "2026-11-21T10:00:00.000Z",
    edited: false,
    viaApp: false,
    atOpening: false,
    standing: known({ role: "write", duties: ["approvers"] }),
    ...over,
  });
  const codeOf = (one: Ask, over: Partial<PullLookFacts> = {}) => {
    const command = decidePull(look({ asks: [one], ...over }, gates)).drafts.find(
      (draft) => draft.kind === "command",
    );
    return command?.kind === "command" ? command.body.code : null;
  };

  test("by an approver on the exact head is recorded and turns the check", () => {
    const decision = decidePull(look({ asks: [ask(`/sign-off ${head} pass manual`)] }, gates));
    expect(decision.drafts.map((draft) => draft.kind)).toEqual([
      "command",
      "sign-off.given",
      "verdict.given",
    ]);
    expect(decision.effects.find((effect) => effect.type === "ensure-check")).toMatchObject({
      conclusion: "success",
    });
  });

  test.each<[string, Ask, string]>([
    ["T092: of a commit that is not the head", ask(`/sign-off ${earlier} pass manual`), "head-moved"],
    ["T093: of a short commit id", ask(`/sign-off ${head.slice(0, 12)} pass manual`), "badly-written"],
    ["of a test that the policy does not list", ask(`/sign-off ${head} pass other`), "not-a-listed-test"],
    ["T096: in an edited comment", ask(`/sign-off ${head} pass manual`, { edited: true }), "edited"],
    [
      "T104: by a person who may only read",
      ask(`/sign-off ${head} pass manual`, { standing: known({ role: "read", duties: ["approvers"] }) }),
      "no-write-access",
    ],
    [
      "T102: by the author",
      ask(`/sign-off ${head} pass manual`, { by: { id: 1, login: "ada", type: "User" } }),
      "own-work",
    ],
  ])("is refused %s", (_, one, code) => {
    expect(codeOf(one)).toBe(code);
  });

  test("T112: of a pull request that is closed is refused", () => {
    expect(codeOf(ask(`/sign-off ${head} pass manual`), { state: "closed" })).toBe("closed");
  });
});

test("T088: a merge that no success allowed is an incident", () => {
  const merged = { commit: "e".repeat(40), tree: "f".repeat(40), by: null };
  const kinds = (entries: TypedEntry[]) =>
    decidePull(look({ state: "closed", merged, entries })).drafts.map((draft) => draft.kind);
  expect(kinds([])).toEqual(["merge.observed", "incident.raised"]);
  expect(kinds([verdictOf(5, "success")])).toEqual(["merge.observed"]);
});
