import { describe, expect, test } from "@jest/globals";
import type { Draft, TypedEntry } from "../../../core/entries.ts";
import { entriesOf } from "../../../core/entries.ts";
import type { Permission } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import { Plan } from "../../../schemas/plan.ts";
import { approve, begin, persons, playStory, policy, samplePlan } from "../../builders/story.ts";

const planned = () => {
  const story = playStory();
  story.say("lena", "/plan");
  story.propose();
  return story;
};
const commit = {
  type: "commit",
  commit: "d".repeat(40),
  tree: "e".repeat(40),
  parent: "b".repeat(40),
} as const;
const app = { type: "app", id: 99, login: "sallyport[bot]" } as const;
const merged = (pull: number): Draft => ({
  kind: "merge.observed",
  actor: app,
  subject: [],
  body: { pull, head: "d".repeat(40), merged: "f".repeat(40), tree: "e".repeat(40), judged: true, by: null },
});

test("the road: plan, approval, contract, run, evidence before the branch, merge, the next prompt, completion", () => {
  const story = begin();
  for (const index of [1, 2]) {
    story.answer({}, index);
    story.finish("write-change", { status: "done", result: commit });
    story.finish("open-pull", { status: "done", result: { type: "pull", number: 10 + index } });
    story.append(merged(10 + index));
  }
  const prompt = [
    "handoff.made",
    "checkpoint.recorded",
    "prompt.recorded",
    "response.recorded",
    "attempt.closed",
    "evidence.captured",
    "change.committed",
    "pull.opened",
    "handoff.made",
    "merge.observed",
    "prompt.completed",
  ];
  expect(story.kinds()).toEqual([
    ...["command", "plan.proposed", "command", "approval.granted", "contract.frozen", "prompt.opened", "prompt.opened"],
    "command",
    "run.submitted",
    ...prompt,
    ...prompt,
    "run.closed",
    "story.completed",
  ]);
  expect(
    story.asked.filter((effect) => effect.type === "close-issue").map((effect) => "issue" in effect && effect.issue),
  ).toEqual([3, 4, 2]);
  expect(story.look().effects.some((effect) => effect.type === "ensure-state" && effect.state === "complete")).toBe(
    true,
  );
});

test("a plan that no entry could hold is a plan that failed, and another one can be asked for", () => {
  const story = playStory();
  story.say("lena", "/plan");
  const [first] = samplePlan.prompts;
  if (first === undefined) throw new Error("the sample plan has no prompt");
  const inputs = Array.from({ length: 100 }, () => "x".repeat(2_000));
  story.propose(Plan.parse({ ...samplePlan, prompts: Array.from({ length: 8 }, () => ({ ...first, inputs })) }));
  expect(story.kinds()).toEqual(["command", "plan.failed"]);
  story.say("lena", "/plan");
  story.propose();
  expect(story.kinds().at(-1)).toBe("plan.proposed");
});

test("what somebody wrote below a refused command stands in no entry", () => {
  const story = playStory();
  story.say("lena", "/block buy at evil.example", {
    permission: known<Permission>({ role: "read", duties: ["planners"] }),
  });
  story.say("quinn", "/block wait");
  const texts = story.entries.flatMap((entry) => (entry.kind === "command" ? [entry.body.text] : []));
  expect(texts).toEqual(["", "wait"]);
});

test("an issue that passes for two prompts is one prompt's alone, and that is said", () => {
  const story = planned();
  story.say("quinn", `/approve ${story.digest()}`);
  for (const _ of samplePlan.prompts)
    story.finish("open-prompt", { status: "done", result: { type: "issue", number: 3 } });
  expect(story.kinds().filter((kind) => kind === "prompt.opened")).toHaveLength(1);
  expect(story.state.sticky).toContain("3 passes for it and is another prompt's");
});

test("a diff prompt that GitHub does not open is said, with the way on", () => {
  const story = playStory();
  story.say("lena", "/plan");
  story.propose();
  story.say("quinn", `/approve ${story.digest()}`);
  story.finish("open-prompt", { status: "failed", code: "github", message: "Issues has been disabled" });
  expect(story.labels()).toEqual(["failed"]);
  expect(story.state.sticky).toContain("“Step 1” could not be opened: Issues has been disabled.");
  story.say("lena", "/run");
  expect(story.replies().at(-1)?.line).toContain("Issues has been disabled. Plan it again with `/plan`.");
  story.say("lena", "/plan");
  story.propose();
  story.say("quinn", `/approve ${story.digest()}`);
  story.openPrompts();
  expect(story.labels()).toEqual(["ready"]);
});

test("looking again changes nothing: every effect is asked for once", () => {
  const story = begin();
  const { length } = story.asked;
  for (let again = 0; again < 5; again++) story.look();
  expect(story.asked).toHaveLength(length);
  expect(story.kinds().at(-1)).toBe("prompt.recorded");
});

describe("an approval", () => {
  test.each<[string, (story: ReturnType<typeof planned>) => void, string]>([
    [
      "F1: is void when the base moved",
      (story) => {
        story.state.base = "9".repeat(40);
      },
      "digest-moved",
    ],
    [
      "F1: is void when the policy moved",
      (story) => {
        story.state.blob = "9".repeat(40);
      },
      "digest-moved",
    ],
    [
      "T122: is void when the story's text moved",
      (story) => {
        story.state.body += "\n\nAnd more.";
      },
      "story-changed",
    ],
    [
      "is void when it is too old",
      (story) => {
        story.state.now = "2026-12-21T10:00:00.000Z";
      },
      "expired",
    ],
  ])("%s", (_, move, code) => {
    const story = planned();
    const digest = story.digest();
    move(story);
    story.say("quinn", `/approve ${digest}`);
    expect(story.kinds()).not.toContain("approval.granted");
    expect(story.entries.at(-1)).toMatchObject({ kind: "command", body: { accepted: false, code } });
  });

  test("F1: is used once", () => {
    const story = approve();
    story.say("quinn", `/approve ${"1".repeat(64)}`);
    expect(story.entries.at(-1)).toMatchObject({ body: { accepted: false, code: "used" } });
    expect(story.kinds().filter((kind) => kind === "contract.frozen")).toHaveLength(1);
  });

  test("of a newer plan waits for the end of the run that an older one started", () => {
    const story = approve();
    story.say("lena", "/refine Smaller steps.");
    story.propose();
    const digest = story.digest();
    story.say("lena", "/run");
    story.say("quinn", `/approve ${digest}`);
    expect(story.entries.findLast((entry) => entry.kind === "command")).toMatchObject({
      body: { accepted: false, code: "run-open" },
    });
    expect(story.kinds().filter((kind) => kind === "contract.frozen")).toHaveLength(1);
    expect(story.kinds()).not.toContain("run.closed");
  });

  test("a run whose prompts a newer contract replaced is no success", () => {
    const story = begin();
    const frozen = story.entries.find((entry) => entry.kind === "contract.frozen");
    if (frozen?.kind !== "contract.frozen") throw new Error("nothing is frozen");
    story.append({ ...frozen, subject: [], body: { ...frozen.body, revision: 2 } });
    story.look();
    expect(story.entries.findLast((entry) => entry.kind === "run.closed")).toMatchObject({
      body: { status: "cancelled" },
    });
  });

  test("T102: is not given by the one who asked for the plan", () => {
    const story = planned();
    story.say("lena", `/approve ${story.digest()}`, {
      permission: known({ role: "admin", duties: ["approvers"] }),
    });
    expect(story.entries.at(-1)).toMatchObject({ body: { accepted: false, code: "own-plan" } });
  });

  test("T261: a run is refused once the policy moved after it", () => {
    const story = approve();
    story.state.blob = "9".repeat(40);
    story.say("lena", "/run");
    expect(story.entries.at(-1)).toMatchObject({ body: { accepted: false, code: "drift" } });
  });

  test("the next step is another plan once the policy moved, also after a run that was stopped", () => {
    const story = approve();
    story.say("lena", "/run");
    story.say("lena", "/stop");
    expect(story.state.sticky).toContain("```\n/run\n```");
    story.state.blob = "9".repeat(40);
    story.look();
    expect(story.state.sticky).toContain("```\n/plan\n```");
  });
});

test.each([
  ["our own app, whose pages have a button for it", { viaApp: true, viaUs: true }, true],
  ["another app", { viaApp: true }, false],
] as const)("T101: a stop through %s", (_, more, accepted) => {
  const story = begin();
  story.say("lena", "/stop", more);
  expect(entriesOf(story.entries, "command").at(-1)?.body).toMatchObject({ command: "stop", accepted });
  expect(entriesOf(story.entries, "run.closed")).toHaveLength(accepted ? 1 : 0);
});

describe("a command is refused", () => {
  test.each([
    [
      "T118: from a person with the duty who may only read",
      "lena",
      { permission: known<Permission>({ role: "read", duties: ["planners"] }) },
      "no-write-access",
    ],
    ["from a writer without the duty", "quinn", {}, "not-in-duty"],
    ["T096: from an edited comment", "lena", { edited: true }, "edited"],
    ["T101: through an app", "lena", { viaApp: true }, "through-an-app"],
    [
      "T101: through our own app, whose pages have no button for it",
      "lena",
      { viaApp: true, viaUs: true },
      "through-an-app",
    ],
    ["T100 T137 T139: from a bot", "lena", { by: { ...persons.lena, type: "Bot" as const } }, "not-a-person"],
    ["T119: from a label that was there when the issue was opened", "lena", { atOpening: true }, "label-at-opening"],
  ] as const)("%s", (_, person, more, code) => {
    const story = playStory();
    story.say(person, "/plan", more);
    expect(story.entries).toMatchObject([{ kind: "command", body: { accepted: false, code } }]);
    expect(story.asked.filter((effect) => effect.type === "ask-planner")).toEqual([]);
    expect(story.replies()).toHaveLength(1);
  });

  test("T108: not at all while the person's standing cannot be read: it waits", () => {
    const story = playStory();
    story.say("lena", "/plan", { permission: unknown("GitHub did not answer") });
    expect(story.entries).toEqual([]);
    expect(story.look().requeueAfter).toBe(15);
  });

  test("A7: when the story does not say what it needs", () => {
    const story = playStory({ decisions: known([{ path: "docs/one.md", exists: false }]) });
    story.say("lena", "/plan");
    expect(story.entries.at(-1)).toMatchObject({ body: { accepted: false, code: "intake" } });
  });
});

describe("a plan", () => {
  test("T046: that asks for a role or paths beyond the policy is no plan", () => {
    for (const change of [
      { role: "constructor" },
      { role: "root" },
      { paths: ["governance/x.md"] },
      { paths: [".github/workflows/x.yml"] },
    ]) {
      const story = playStory();
      story.say("lena", "/plan");
      const [first, second] = planned().entries.flatMap((entry) =>
        entry.kind === "plan.proposed" ? entry.body.plan.prompts : [],
      );
      if (first === undefined || second === undefined) throw new Error("no sample");
      const plan = planned().entries.flatMap((entry) => (entry.kind === "plan.proposed" ? [entry.body.plan] : []))[0];
      if (plan === undefined) throw new Error("no sample");
      story.propose({ ...plan, prompts: [{ ...first, ...change }, second] });
      expect(story.entries.at(-1)).toMatchObject({
        kind: "plan.failed",
        body: { code: "plan-outside-policy" },
      });
    }
  });

  test("that is under way is not asked for a second time, as by a label and a comment", () => {
    const story = playStory();
    const source = { type: "label" as const, id: 5, label: "ai:plan" };
    story.say("lena", "/plan", { source });
    for (const again of ["/plan", "/refine Smaller."]) {
      story.say("lena", again);
      expect(story.entries.at(-1)).toMatchObject({ body: { accepted: false, code: "planning" } });
    }
    expect(story.asked.filter(({ type }) => type === "ask-planner")).toHaveLength(1);
    story.say("lena", "/stop");
    story.say("lena", "/plan");
    expect(story.asked.filter(({ type }) => type === "ask-planner")).toHaveLength(2);
  });

  test("that failed can be asked for again", () => {
    const story = playStory();
    story.say("lena", "/plan");
    story.finish("ask-planner", { status: "failed", code: "model", message: "no answer" });
    expect(story.state.sticky).toContain("no answer");
    story.say("lena", "/plan");
    expect(story.asked.filter((effect) => effect.type === "ask-planner")).toHaveLength(2);
  });
});

describe("an agent's answer", () => {
  test("D11: out of scope is refused and mended: the next try is S+1 and is told why", () => {
    const story = begin();
    story.answer({ files: [{ path: "web/other/a.ts", content: "a\n" }] });
    expect(story.kinds()).not.toContain("evidence.captured");
    expect(
      story.entries.filter((entry) => entry.kind === "prompt.recorded").map((entry) => entry.body.attempt),
    ).toEqual([
      { r: 0, s: 0 },
      { r: 0, s: 1 },
    ]);
    expect(story.entries.findLast((entry) => entry.kind === "attempt.closed")?.body.reasons).toMatchObject([
      { code: "out-of-scope", path: "web/other/a.ts" },
    ]);
  });

  test("T266: that never fits ends the run after the policy's limit", () => {
    const story = begin();
    const tries = policy.agents.limits.rework + 1;
    for (let attempt = 0; attempt < tries; attempt++)
      story.answer({ outcome: "failed", code: "bad-answer", files: [], summary: `try ${attempt}` });
    expect(story.entries.at(-1)).toMatchObject({ kind: "run.closed", body: { status: "failed" } });
    expect(story.kinds().filter((kind) => kind === "prompt.recorded")).toHaveLength(tries);
    expect(story.state.sticky).toContain("/retry");
  });

  test("that is lost with the database is none: the next try begins", () => {
    const story = begin();
    const asked = story.asked.findLast((effect) => effect.type === "run-agent");
    if (asked?.type !== "run-agent") throw new Error("no agent was asked");
    const { prompt, run, story: of, attempt } = entriesOf(story.entries, "prompt.recorded")[0]?.body ?? {};
    const usage = { model: "m", calls: 1, inputTokens: 1, outputTokens: 1 };
    const result = { sha256: "6".repeat(64), bytes: 2, mediaType: "application/json" };
    const body = { run, story: of, prompt, attempt, result, outcome: "finished", code: "finished", files: [], usage };
    const entry = { kind: "response.recorded", actor: app, body: { ...body, seconds: 1 }, at: story.state.now };
    story.entries.push({ ...entry, seq: 1_000, hash: "1".repeat(64) } as TypedEntry);
    story.settle();
    expect(entriesOf(story.entries, "attempt.closed")[0]?.body.reasons).toMatchObject([{ code: "no-answer" }]);
    expect(entriesOf(story.entries, "prompt.recorded")).toHaveLength(2);
  });

  test("T262: after `/stop` nothing of it is written", () => {
    const story = begin();
    story.say("lena", "/stop");
    story.answer();
    expect(story.asked.some((effect) => effect.type === "write-change")).toBe(false);
  });

  test("a pull request that was being opened while its run was stopped is recorded, and the next run goes on at it", () => {
    const story = begin();
    story.answer();
    story.finish("write-change", { status: "done", result: commit });
    story.say("lena", "/stop");
    story.say("lena", "/run");
    expect(story.replies().at(-1)).toMatchObject({
      accepted: false,
      line: expect.stringContaining("still being written"),
    });
    story.finish("open-pull", { status: "done", result: { type: "pull", number: 11 } });
    expect(entriesOf(story.entries, "pull.opened").map(({ body }) => body)).toEqual([
      { run: "run-2-1", story: 2, prompt: 3, pull: 11, branch: "sallyport/run-2-1/3", head: commit.commit },
    ]);
    story.say("lena", "/run");
    expect(entriesOf(story.entries, "prompt.recorded").at(-1)?.body).toMatchObject({
      run: "run-2-2",
      base: commit.commit,
    });
  });

  test("a commit that was written before its run was stopped is recorded, also where both are seen together", () => {
    const story = begin();
    story.answer();
    const key = story.asked.find(({ type }) => type === "write-change")?.key ?? "";
    story.outcomes.set(key, { status: "done", result: commit });
    story.say("lena", "/stop");
    expect(story.kinds().slice(-3)).toEqual(["change.committed", "command", "run.closed"]);
  });

  test("T254: a pull request that a person closed ends the run", () => {
    const story = begin();
    story.answer();
    story.finish("write-change", { status: "done", result: commit });
    story.finish("open-pull", { status: "done", result: { type: "pull", number: 11 } });
    story.append({ kind: "pull.closed", actor: app, subject: [], body: { pull: 11, head: "d".repeat(40) } });
    expect(story.entries.at(-1)).toMatchObject({ kind: "run.closed", body: { status: "cancelled" } });
  });

  test("T251: a merge that is seen after the run ended still completes its prompt, once", () => {
    const story = begin();
    story.answer();
    story.finish("write-change", { status: "done", result: commit });
    story.finish("open-pull", { status: "done", result: { type: "pull", number: 11 } });
    story.append({ kind: "pull.closed", actor: app, subject: [], body: { pull: 11, head: "d".repeat(40) } });
    story.append(merged(11));
    const completed = story.entries.filter((entry) => entry.kind === "prompt.completed");
    expect(completed).toHaveLength(1);
    expect(story.entries.some((entry) => entry.kind === "story.completed")).toBe(false);
  });
});

describe("without a usable policy nothing happens", () => {
  test.each([
    ["T051: it cannot be read", unknown("403"), "could not be read"],
    [
      "T051: it is absent",
      known({ state: "absent" as const, ref: "b".repeat(40), removedBy: null }),
      "There is no policy",
    ],
    [
      "it is malformed",
      known({
        state: "malformed" as const,
        ref: "b".repeat(40),
        blob: "c".repeat(40),
        problems: [
          { message: "unknown key", line: 3, column: 1 },
          { message: "in quotes", line: 4, column: 2 },
        ] as const,
      }),
      "line 3, column 1: unknown key; line 4, column 2: in quotes",
    ],
  ])("%s", (_, reading, text) => {
    const story = playStory({ policy: reading });
    story.say("lena", "/plan");
    expect(story.entries).toEqual([]);
    expect(story.state.sticky).toContain(text);
  });
});
