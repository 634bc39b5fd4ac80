import { expect, test } from "@jest/globals";
import { entriesOf } from "../../../core/entries.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import { entryBodies } from "../../../schemas/entries.ts";
import { Policy } from "../../../schemas/policy.ts";
import { gitOf, sourcesOf } from "../../builders/recorded-run.ts";
import { begin, playStory, policy, type Story, samplePlan } from "../../builders/story.ts";

const price = { input: 3_000, output: 15_000 };
const prices = { currency: "USD", models: { "claude-x": price } };

/** A story under a policy with prices, whose models are those of the builder's answers. */
function started(model: string, budget?: object): Story {
  const story = playStory();
  const agents = {
    model,
    prices: { ...prices, models: { [model]: price } },
    ...(budget === undefined ? {} : { budget }),
  };
  story.state.policy = Policy.parse({
    version: 1,
    people: policy.people,
    roles: policy.roles,
    extends: "default",
    agents,
  });
  return begin(story);
}

test("what models cost is recorded with the price, told on the story, and derived again", () => {
  const story = started("m");
  story.answer();
  for (const { kind, body } of story.entries) entryBodies[kind].parse(body);
  const micros = 3_000 + 15_000;
  const cost = { micros, currency: "USD", price };
  expect(entriesOf(story.entries, "plan.proposed")[0]?.body.cost).toEqual(cost);
  expect(entriesOf(story.entries, "response.recorded")[0]?.body.cost).toEqual(cost);
  expect(story.state.sticky).toContain("Models cost USD 0.04 for it so far.");

  const git = gitOf(story.state.blob, story.state.policy);
  const costs = (entries: Story["entries"]) =>
    replayRun("run-2-1", entries, { ...sourcesOf(entries), git })?.steps.filter(({ step }) => step === "cost");
  expect(costs(story.entries)?.map(({ result }) => result)).toEqual(["same", "same"]);
  const cheaper = story.entries.map((entry) =>
    entry.kind === "response.recorded" ? { ...entry, body: { ...entry.body, cost: { ...cost, micros: 1 } } } : entry,
  );
  expect(costs(cheaper)?.map(({ result }) => result)).toEqual(["same", "differs"]);
});

test("a plan that failed costs too, and says what; one that no model was asked for costs nothing", () => {
  const story = playStory();
  const agents = { model: "m", prices: { ...prices, models: { m: price } } };
  const { people, roles } = policy;
  story.state.policy = Policy.parse({ version: 1, people, roles, extends: "default", agents });
  const fail = (used: object) => {
    story.say("lena", "/plan");
    const failure = { type: "plan-failed" as const, code: "bad-answer", message: "It has no form.", ...used };
    story.finish("ask-planner", { status: "done", result: failure });
    return entriesOf(story.entries, "plan.failed").at(-1)?.body;
  };
  const usage = { model: "m", calls: 2, inputTokens: 1, outputTokens: 1 };
  expect(fail({ usage })).toMatchObject({ usage, cost: { micros: 18_000, currency: "USD", price } });
  expect(story.state.sticky).toContain("Models cost USD 0.02 for it so far.");
  expect(fail({})).not.toHaveProperty("cost");
  // A plan that came, and that the policy does not let stand, was paid for as well.
  story.say("lena", "/plan");
  story.propose({ ...samplePlan, prompts: samplePlan.prompts.map((prompt) => ({ ...prompt, role: "none" })) });
  expect(entriesOf(story.entries, "plan.failed").at(-1)?.body).toMatchObject({
    code: "plan-outside-policy",
    cost: { micros: 18_000 },
  });
});

test("without prices no entry speaks of money", () => {
  const story = begin();
  story.answer();
  expect(JSON.stringify(story.entries)).not.toContain("micros");
  expect(story.state.sticky).not.toContain("cost");
});

test("each question to a model names what pays for it", () => {
  const story = started("claude-x", { attempt: 1, day: 5 });
  const spending = { story: 2, currency: "USD", price, budget: { attempt: 1, day: 5 } };
  const asked = story.asked.filter(({ type }) => type === "ask-planner" || type === "run-agent");
  expect(asked).toMatchObject([{ spending }, { spending }]);
});

test("a budget that is used up ends the run with who raises it, and no further try is made", () => {
  const story = started("claude-x", { story: 1 });
  const why = "the budget of the story is used up; a maintainer raises `agents.budget.story` in the policy";
  story.answer({ outcome: "failed", code: "money-exceeded", summary: why, files: [], claims: [] });
  expect(entriesOf(story.entries, "run.closed").at(-1)?.body).toMatchObject({ status: "failed", reason: why });
  expect(story.asked.filter(({ type }) => type === "run-agent")).toHaveLength(1);
  expect(story.state.sticky).toContain("agents.budget.story");
});

test("work that waits for another day says so on the story", () => {
  const story = started("claude-x", { day: 1 });
  story.finish("run-agent", {
    status: "waiting",
    why: "the budget of this day is used up; it goes on tomorrow",
  });
  expect(story.state.sticky).toContain("A model's work waits: the budget of this day is used up; it goes on tomorrow.");
});
