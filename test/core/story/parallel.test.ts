import { describe, expect, test } from "@jest/globals";
import { parseCommand } from "../../../core/commands.ts";
import { entriesOf } from "../../../core/entries.ts";
import { known } from "../../../core/known.ts";
import { mayOverlap } from "../../../core/paths/cover.ts";
import { recordOf } from "../../../core/record/pull.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import { entryBodies } from "../../../schemas/entries.ts";
import { Plan } from "../../../schemas/plan.ts";
import { Policy } from "../../../schemas/policy.ts";
import { facts } from "../../builders/pull-facts.ts";
import { bodiesOf, sourcesOf } from "../../builders/recorded-run.ts";
import { playStory, policy, type Story, samplePlan } from "../../builders/story.ts";

test.each<[string, string, boolean]>([
  ["web/one/**", "web/two/**", false],
  ["web/one", "web/one/two.ts", true],
  ["web/a.ts", "web/b.ts", false],
  ["web/A.ts", "web/a.ts", true],
  ["web/*.ts", "web/one/a.ts", true],
  ["**/a.ts", "web/b.ts", true],
  ["web/one", "web/oneself", false],
  ["web/[id]/a.ts", "web/b/a.ts", true],
])("whether %s and %s may match one file", (one, other, overlaps) => {
  expect([mayOverlap(one, other), mayOverlap(other, one)]).toEqual([overlaps, overlaps]);
});

/** A run of two prompts with these paths, under a policy that lets so many be in work at a time. */
function run(
  parallel: number,
  paths: [string, string],
  { dependsOn = [] as number[], gates = {}, command = "/run" } = {},
): Story {
  const given = Policy.parse({ ...JSON.parse(JSON.stringify(policy)), agents: { parallel }, gates });
  const loaded = { state: "loaded" as const, ref: "b".repeat(40), blob: "c".repeat(40), policy: given, lines: {} };
  const story = playStory({ policy: known(loaded) });
  const prompts = samplePlan.prompts.map((prompt, index) => ({
    ...prompt,
    paths: [paths[index] ?? ""],
    dependsOn: index === 0 ? [] : dependsOn,
  }));
  story.say("lena", "/plan");
  story.propose(Plan.parse({ ...samplePlan, prompts }));
  story.say("quinn", `/approve ${story.digest()}`);
  story.openPrompts();
  story.say("lena", command);
  return story;
}

/** The second prompt's agent is done first: #12 opens, then #11. */
function openBoth(story: Story): void {
  for (const [pull, index, sha] of [
    [12, 2, "d"],
    [11, 1, "e"],
  ] as const) {
    story.answer({}, index);
    const commit = { commit: sha.repeat(40), tree: "f".repeat(40), parent: "b".repeat(40) };
    story.finish("write-change", { status: "done", result: { type: "commit", ...commit } });
    story.finish("open-pull", { status: "done", result: { type: "pull", number: pull } });
  }
}

const begun = (story: Story) => entriesOf(story.entries, "prompt.recorded").map(({ body }) => body.prompt);
const apart: [string, string] = ["web/step-1/**", "web/step-2/**"];

describe("prompts of one run that do not touch each other are in work at the same time", () => {
  test.each<[string, Story, number[]]>([
    ["up to the policy's limit", run(2, apart), [3, 4]],
    ["one after the other without one", run(1, apart), [3]],
    ["not where one depends on the other", run(2, apart, { dependsOn: [1] }), [3]],
    ["not where their paths overlap", run(2, ["web/**", "web/step-2/**"]), [3]],
    [
      "not where both write the story's casefiles",
      run(2, apart, { gates: { casefile: { log: "tasks/{story}/LOG.md" } } }),
      [3],
    ],
  ])("%s", (_, story, prompts) => {
    expect(begun(story)).toEqual(prompts);
    expect(story.asked.filter(({ type }) => type === "run-agent")).toHaveLength(prompts.length);
  });

  test("each goes its own way, and the run ends once both are merged", () => {
    const story = run(2, apart);
    openBoth(story);
    expect(begun(story)).toEqual([3, 4]);
    expect(entriesOf(story.entries, "pull.opened").map(({ body }) => [body.prompt, body.pull])).toEqual([
      [4, 12],
      [3, 11],
    ]);
    const actor = { type: "app" as const, id: 99, login: "sallyport[bot]" };
    for (const [pull, sha] of [
      [12, "d"],
      [11, "e"],
    ] as const) {
      expect(entriesOf(story.entries, "run.closed")).toEqual([]);
      const [head, tree] = [sha.repeat(40), "f".repeat(40)];
      const body = { pull, head, merged: head, tree, judged: true, by: null };
      story.append({ kind: "merge.observed", actor, subject: [], body });
    }
    expect(entriesOf(story.entries, "run.closed").map(({ body }) => body.status)).toEqual(["succeeded"]);
  });

  test("T11: one that failed is told before what else is green or waits, and where it is sent back", () => {
    const story = run(2, apart);
    openBoth(story);
    const judge = (pull: number, sha: string, conclusion: "success" | "failure" | "pending", gates: object) =>
      story.append({
        kind: "verdict.given",
        actor: { type: "app", id: 99, login: "sallyport[bot]" },
        subject: [],
        body: entryBodies["verdict.given"].parse({
          ...{ pull, head: sha.repeat(40), base: "b".repeat(40), conclusion, gates, verdictSha256: "7".repeat(64) },
        }),
      });
    judge(11, "e", "success", {});
    expect(story.state.sticky).toContain("#11 is green.");
    judge(12, "d", "failure", { tests: "fail" });
    expect(story.labels()).toEqual(["failed"]);
    expect(story.state.sticky).toContain("#12 fails: tests.");
    expect(story.state.sticky).toContain("Write `/rework` on #12.");
    judge(11, "e", "pending", { "manual-test": "pending", ci: "pass" });
    expect(story.labels()).toEqual(["failed"]);
    judge(12, "d", "success", {});
    expect(story.labels()).toEqual(["manual_test", "needs-sign-off"]);
  });

  test("A3: whoever wrote `/rework` on the story asked for the change that it went to, whatever round came first", () => {
    const story = run(2, apart);
    openBoth(story);
    story.say("quinn", "/rework Leave the test out.", {
      permission: known({ role: "write", duties: ["executors", "approvers"] }),
    });
    for (const [pull, prompt, sha, cause] of [
      [12, 4, "d", "ci"],
      [11, 3, "e", "command"],
    ] as const) {
      const body = {
        ...{ run: "run-2-1", story: 2, prompt, pull, head: sha.repeat(40), round: 1, causes: [cause], by: null },
        ...{ signature: "1".repeat(64), reviewers: [], reviews: [], threads: [], comments: [] },
        report: { sha256: "2".repeat(64), bytes: 2, mediaType: "application/json" },
      };
      const actor = { type: "app" as const, id: 99, login: "sallyport[bot]" };
      story.append({ kind: "rework.opened", actor, subject: [], body });
    }
    const asking = (pull: number) => {
      const record = recordOf(story.entries, pull, facts());
      return record.known && record.value.run?.requesters.map(({ login }) => login);
    };
    expect(asking(11)).toEqual(["lena", "quinn"]);
    expect(asking(12)).toEqual(["lena"]);
  });

  test("/stop ends all of it", () => {
    const story = run(2, apart);
    story.say("lena", "/stop");
    story.settle();
    expect(entriesOf(story.entries, "run.closed")).toHaveLength(1);
    expect(begun(story)).toEqual([3, 4]);
  });
});

describe("A4: an independent run", () => {
  const command = "/run independent";
  /** Two answers out of scope, which is one more than the policy's limit of tries. */
  const fail = (story: Story, index: number) => {
    for (let tries = 0; tries < 4; tries++)
      if (entriesOf(story.entries, "run.closed").length === 0)
        story.answer({ files: [{ path: "law/a", content: "1" }] }, index);
  };
  const closed = (story: Story) => entriesOf(story.entries, "run.closed").map(({ body }) => body);
  const deliver = (story: Story, index: number, pull: number) => {
    story.answer({}, index);
    const commit = { commit: "d".repeat(40), tree: "f".repeat(40), parent: "b".repeat(40) };
    story.finish("write-change", { status: "done", result: { type: "commit", ...commit } });
    story.finish("open-pull", { status: "done", result: { type: "pull", number: pull } });
  };
  const merge = (story: Story, pull: number) =>
    story.append({
      kind: "merge.observed",
      actor: { type: "app", id: 99, login: "sallyport[bot]" },
      subject: [],
      body: { pull, head: "d".repeat(40), merged: "a".repeat(40), tree: "f".repeat(40), judged: true, by: null },
    });

  test("goes on with what does not depend on a prompt that failed, and ends as failed once that is merged", () => {
    const story = run(1, apart, { command });
    fail(story, 1);
    expect(closed(story)).toEqual([]);
    expect(begun(story)).toContain(4);
    deliver(story, 2, 12);
    merge(story, 12);
    expect(closed(story)).toMatchObject([{ status: "failed", reason: expect.stringContaining("#3 failed") }]);
    expect(entriesOf(story.entries, "prompt.completed").map(({ body }) => body.prompt)).toEqual([4]);
    expect(entriesOf(story.entries, "remediation.opened").map(({ body }) => body.prompt)).toEqual([3]);
    const sources = sourcesOf(story.entries, { packs: bodiesOf([...story.packs.values()]) });
    const steps = replayRun("run-2-1", story.entries, sources)?.steps ?? [];
    expect(steps.filter(({ result }) => result === "differs")).toEqual([]);
  });

  test("ends at once where all that is left depends on what failed, and never begins that", () => {
    const story = run(2, apart, { command, dependsOn: [1] });
    fail(story, 1);
    expect(begun(story)).not.toContain(4);
    expect(closed(story)).toMatchObject([{ status: "failed", reason: expect.stringContaining("#3 failed") }]);
  });

  test("tells every failure at its end", () => {
    const story = run(2, apart, { command });
    fail(story, 1);
    fail(story, 2);
    expect(closed(story)).toMatchObject([{ reason: expect.stringMatching(/#3 failed.*#4 failed/) }]);
  });

  test("says of a prompt that it left that it failed, and not that its agent is at work", () => {
    const story = run(1, apart, { command });
    fail(story, 1);
    const row = (prompt: number) => story.state.sticky?.split("\n").find((line) => line.includes(`| #${prompt} |`));
    expect(row(3)).toContain("| failed |");
    expect(row(4)).toContain("| submitted |");
    expect(story.state.sticky).toContain("The agent is at work on #4. Left, and told at the run's end: #3.");
    deliver(story, 2, 12);
    expect(story.state.sticky).toContain("#12 waits: it is not judged yet.");
  });

  test("records no failure of a prompt whose pull request a person closed", () => {
    const story = run(1, apart, { command });
    deliver(story, 1, 11);
    const actor = { type: "app" as const, id: 99, login: "sallyport[bot]" };
    story.append({ kind: "pull.closed", actor, subject: [], body: { pull: 11, head: "d".repeat(40) } });
    expect(closed(story)).toEqual([]);
    expect(story.labels()).toEqual(["executing"]);
    expect(story.state.sticky).toContain("The agent is at work on #4.");
    fail(story, 2);
    expect(closed(story)).toMatchObject([
      { status: "failed", reason: expect.stringMatching(/#11 was closed.*#4 failed/) },
    ]);
    expect(entriesOf(story.entries, "remediation.opened").map(({ body }) => body.prompt)).toEqual([4]);
  });

  test("is asked for by its name alone: without it a failure ends the run", () => {
    const story = run(2, apart);
    fail(story, 1);
    expect(closed(story)).toHaveLength(1);
    expect(parseCommand("/run quickly")).toMatchObject({ reply: expect.stringContaining("`independent`") });
  });
});
