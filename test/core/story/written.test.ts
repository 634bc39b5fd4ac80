import { describe, expect, test } from "@jest/globals";
import { entriesOf } from "../../../core/entries.ts";
import { known, unknown } from "../../../core/known.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import type { ChildFacts, StoryFacts } from "../../../core/story/facts.ts";
import { gitOf, sourcesOf } from "../../builders/recorded-run.ts";
import { persons, playStory, policy, type Story } from "../../builders/story.ts";

const account = ({ id, login, type }: (typeof persons)[keyof typeof persons]) => ({ id, login, type });
const form = (over: Record<string, string> = {}) =>
  Object.entries({
    Inputs: "docs/one.md",
    Objective: "The page greets whoever opens it.",
    Role: "web",
    Paths: "- `web/page/**`",
    "Non-goals": "Nothing else.",
    "Acceptance criteria": "- It greets.",
    Output: "The page.",
    ...over,
  })
    .map(([label, text]) => `### ${label}\n\n${text}`)
    .join("\n\n");
const child = (number: number, over: Partial<ChildFacts["written"] & object> = {}, more: Partial<ChildFacts> = {}) => ({
  number,
  title: `Part ${number}`,
  state: "open" as const,
  labels: ["diff-prompt"],
  written: { body: form(), by: account(persons.lena), isPlanner: known(true), ...over },
  ...more,
});
const second = child(8, { body: form({ "Depends on": "#7", Paths: "web/test/**" }) });

/** Lena, or somebody else, asks for a plan of a story with these sub-issues. */
function planned(children: ChildFacts[], over: Partial<StoryFacts> = {}): Story {
  const facts = { children, ...over };
  const story = playStory(facts);
  story.say("lena", "/plan");
  return story;
}
const failure = (story: Story) => entriesOf(story.entries, "plan.failed").at(-1)?.body;

test("T18: diff prompts that people wrote are a plan with one digest, approved and run like any, with no planner", () => {
  const story = planned([child(7), second]);
  expect(story.asked.some(({ type }) => type === "ask-planner")).toBe(false);
  const [proposed] = entriesOf(story.entries, "plan.proposed");
  expect(proposed?.actor.type).toBe("app");
  expect(proposed?.body).toMatchObject({ compiled: "people", usage: { calls: 0 }, plan: { risk: "high" } });
  expect(proposed?.body.plan.prompts.map(({ paths, dependsOn }) => [paths, dependsOn])).toEqual([
    [["web/page/**"], []],
    [["web/test/**"], [1]],
  ]);
  expect(story.state.sticky).toContain("by @&#8203;lena</summary>");
  story.say("lena", `/approve ${story.digest()}`);
  expect(story.kinds()).not.toContain("contract.frozen");
  story.say("quinn", `/approve ${story.digest()}`);
  expect(entriesOf(story.entries, "prompt.opened").map(({ body }) => [body.index, body.issue])).toEqual([
    [1, 7],
    [2, 8],
  ]);
  story.say("lena", "/run");
  expect(entriesOf(story.entries, "run.submitted")[0]?.body.prompts).toEqual([7, 8]);
  const [asked] = entriesOf(story.entries, "prompt.recorded");
  expect(asked?.body.prompt).toBe(7);
  expect(story.pack(asked?.body.pack.sha256 ?? "")?.contract).toContain("The page greets whoever opens it.");
  const sources = sourcesOf(story.entries, { git: gitOf(story.state.blob, policy) });
  const replay = replayRun("run-2-1", story.entries, sources);
  expect(replay?.steps.filter(({ result }) => result === "differs")).toEqual([]);
});

test("whoever wrote one of them approves it as little as whoever asked for the plan", () => {
  const story = planned([child(7, { by: account(persons.quinn) })]);
  story.say("quinn", `/approve ${story.digest()}`);
  expect(entriesOf(story.entries, "command").at(-1)?.body.code).toBe("own-plan");
});

test("U6: of the approvers those who may approve are named: neither who asked for the plan nor who wrote a part of it", () => {
  const people = { ...policy.people, approvers: ["@Quinn", "@lena", "@acme/qa"] };
  const at = { state: "loaded", ref: "b".repeat(40), blob: "c".repeat(40), lines: {} } as const;
  const written = [child(7, { by: account(persons.quinn) }), second];
  const story = planned(written, { policy: known({ ...at, policy: { ...policy, people } }) });
  expect(story.look().overview?.who).toBe("@acme/qa, but not @lena, @quinn, who asked for it");
});

test("planned again as they were, they are approved again under the same digest, and run", () => {
  const story = planned([child(7), second]);
  const first = story.digest();
  story.say("quinn", `/approve ${first}`);
  story.say("quinn", `/approve ${first}`);
  expect(entriesOf(story.entries, "command").at(-1)?.body).toMatchObject({ accepted: false, code: "used" });
  story.say("lena", "/run");
  story.say("lena", "/stop");
  story.say("lena", "/plan");
  expect(story.digest()).toBe(first);
  story.say("quinn", `/approve ${first}`);
  expect(entriesOf(story.entries, "contract.frozen").map(({ body }) => body.revision)).toEqual([1, 2]);
  story.say("lena", "/run");
  expect(entriesOf(story.entries, "prompt.recorded").map(({ body }) => body.run)).toEqual(["run-2-1", "run-2-2"]);
  const sources = sourcesOf(story.entries, { git: gitOf(story.state.blob, policy) });
  for (const run of ["run-2-1", "run-2-2"])
    expect(replayRun(run, story.entries, sources)?.steps.filter(({ result }) => result === "differs")).toEqual([]);
});

describe("no plan, and why", () => {
  test.each<[string, ChildFacts[], RegExp]>([
    [
      "one by somebody who is no planner",
      [child(7, { by: account(persons.rita), isPlanner: known(false) })],
      /#7 is by @rita, who is no planner/,
    ],
    [
      "a part that is missing",
      [child(7, { body: form({ Paths: "", Role: "_No response_" }) })],
      /#7 lacks \*\*Role\*\*\. #7 lacks \*\*Paths\*\*/,
    ],
    [
      "a prompt that it cannot depend on",
      [child(7, { body: form({ "Depends on": "#8" }) }), child(8)],
      /#7 depends on #8, which is no diff prompt before it/,
    ],
    ["an objective of a word", [child(7, { body: form({ Objective: "Greet." }) })], /#7: objective: /],
    [
      "T046: paths outside the role",
      [child(7, { body: form({ Paths: "src/**" }) })],
      /outside what the role `web` may touch/,
    ],
    [
      "a role that is not there",
      [child(7, { body: form({ Role: "root" }) })],
      /the role `root`, which the policy does not have/,
    ],
  ])("%s", (_, children, why) => {
    const story = planned(children);
    expect(failure(story)).toMatchObject({ code: "prompts-unfit", message: expect.stringMatching(why) });
    expect(story.state.sticky).toMatch(/No plan:/);
  });

  test("what the story itself says too long, and not one of its prompts", () => {
    const story = playStory({ children: [child(7)] });
    story.state.body = story.state.body.replace("- It works.", "a".repeat(2_001));
    story.say("lena", "/plan");
    expect(failure(story)?.message).toMatch(/^The story: acceptance\.0: /);
  });

  test("a secret in one of them", () => {
    const story = planned([child(7)], { text: known({ editedAt: null, secret: "github-token" }) });
    expect(failure(story)?.code).toBe("secret-in-prompt");
  });

  test("what could not be read holds it up", () => {
    const story = planned([child(7, { isPlanner: unknown("GitHub is away") })]);
    expect(story.kinds()).toEqual(["command"]);
    expect(story.look().requeueAfter).not.toBeNull();
  });
});

test.each<[string, ChildFacts[]]>([
  ["closed ones", [child(7, {}, { state: "closed" })]],
  ["one of another repository", [child(7, {}, { elsewhere: true })]],
  ["those that Sallyport opened", [{ number: 7, title: "Ours", state: "open", labels: ["diff-prompt"] }]],
])("%s are nobody's prompts: the planner is asked", (_, children) => {
  expect(planned(children).asked.some(({ type }) => type === "ask-planner")).toBe(true);
});

test("A50: one that another contract has is not taken again: their commits would be each other's evidence", () => {
  const children = [child(7)];
  const story = playStory({ children });
  const opened = { story: 5, revision: 1, index: 1, issue: 7 };
  const actor = { type: "app" as const, id: 99, login: "sallyport[bot]" };
  story.append({ kind: "prompt.opened", actor, subject: [], body: opened });
  story.say("lena", "/plan");
  expect(failure(story)?.message).toMatch(/#7 was worked on for #5 already: write it anew/);
});

test("A50: one that another contract took since it was planned is not approved", () => {
  const story = planned([child(7)]);
  const actor = { type: "app" as const, id: 99, login: "sallyport[bot]" };
  const digest = story.digest();
  story.append({ kind: "prompt.opened", actor, subject: [], body: { story: 7, revision: 1, index: 1, issue: 7 } });
  story.say("quinn", `/approve ${digest}`);
  expect(entriesOf(story.entries, "command").at(-1)?.body.code).toBe("prompt-taken");
});

test("an edit of one after the approval ends what rests on it", () => {
  const children = [child(7)];
  const story = planned(children);
  story.say("quinn", `/approve ${story.digest()}`);
  children[0] = child(7, { body: form({ Objective: "The page insults whoever opens it." }) });
  story.say("lena", "/run");
  expect(entriesOf(story.entries, "command").at(-1)?.body.code).toBe("drift");
});
