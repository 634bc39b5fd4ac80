import { describe, expect, test } from "@jest/globals";
import { parseCommand } from "../../../core/commands.ts";
import { keptRoutes, planRoute, routeOf, routeOfOwn, runRoutes } from "../../../core/contract/routes.ts";
import { entriesOf } from "../../../core/entries.ts";
import { entryDetail } from "../../../core/evidence/entry-text.ts";
import { unknown } from "../../../core/known.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import type { StoryFacts } from "../../../core/story/facts.ts";
import { decideStory } from "../../../core/story/story.ts";
import { entryBodies } from "../../../schemas/entries.ts";
import { Policy } from "../../../schemas/policy.ts";
import { bodiesOf, gitOf, sourcesOf } from "../../builders/recorded-run.ts";
import { approve, policy as base, playStory, type Story } from "../../builders/story.ts";

const routes = [
  { role: "web", use: "openai", model: "gpt-w", effort: "low" },
  { name: "fast", label: "quick", use: "anthropic", model: "claude-f", effort: "high" },
  { name: "docs", role: "docs", use: "openai", model: "gpt-d" },
  { name: "fast", label: "quick", role: "planner", use: "openai", model: "gpt-p" },
  { name: "deep", label: "hard", role: "planner", use: "anthropic", model: "claude-d", effort: "max" },
  { name: "strict", label: "hard", role: "reviewer", use: "openai", model: "gpt-r" },
];
const policy = Policy.parse({
  version: 1,
  extends: "default",
  people: base.people,
  roles: { web: { allow: ["web/**"] }, docs: { allow: ["docs/**"] } },
  agents: { model: "claude-x", effort: "medium", routes, reviewer: { model: "claude-v", effort: "low" } },
});

test.each<[string, string | undefined, object]>([
  ["web", undefined, { use: "openai", model: "gpt-w", effort: "low" }],
  ["docs", undefined, { use: "anthropic", model: "claude-x", effort: "medium" }],
  ["web", "fast", { use: "anthropic", model: "claude-f", effort: "high" }],
  ["docs", "docs", { use: "openai", model: "gpt-d", effort: "medium" }],
  ["web", "docs", { use: "openai", model: "gpt-w", effort: "low" }],
  ["web", "gone", { use: "openai", model: "gpt-w", effort: "low" }],
])("D16: the role %s in a run by the route %s", (role, chosen, route) => {
  expect(routeOf(policy, role, chosen)).toEqual(route);
});

const runs = "routes for runs: `fast`, `docs`, `strict`.";
test.each<[string[], string | undefined, object]>([
  [[], undefined, { ok: true }],
  [["quick"], undefined, { ok: true, route: "fast" }],
  [["hard"], undefined, { ok: true, reviewer: "strict" }],
  [["hard", "quick"], undefined, { ok: true, route: "fast", reviewer: "strict" }],
  [["quick"], "docs", { ok: true, route: "docs" }],
  [["quick"], "strict", { ok: true, route: "fast", reviewer: "strict" }],
  [[], "slow", { ok: false, why: `The policy has no route \`slow\` in \`agents.routes\`; ${runs}` }],
  [[], "deep", { ok: false, why: `\`deep\` in \`agents.routes\` only plans; ${runs}` }],
])("D16: a run with the labels %j and the wish %s", (labels, asked, chosen) => {
  expect(runRoutes(policy, labels, { route: asked, reviewer: asked })).toEqual(chosen);
});

test.each<[string[], string | undefined, object]>([
  [[], undefined, { ok: true }],
  [["quick", "hard"], undefined, { ok: true, route: "fast" }],
  [["hard"], undefined, { ok: true, route: "deep" }],
  [["hard"], "fast", { ok: true, route: "fast" }],
  [[], "docs", { ok: false, why: "`docs` in `agents.routes` does not plan; routes for plans: `fast`, `deep`." }],
])("E7: a plan with the labels %j and the wish %s", (labels, asked, chosen) => {
  expect(planRoute(policy, labels, asked)).toEqual(chosen);
});

test.each<[string, { route?: string; reviewer?: string }, string | null]>([
  ["nothing", {}, null],
  ["both", { route: "fast", reviewer: "strict" }, null],
  ["a route that is gone", { route: "slow" }, "slow"],
  ["a route that only reviews now", { route: "strict" }, "strict"],
  ["a reviewer's that only writes now", { reviewer: "fast" }, "fast"],
])("E7: another try keeps %s of the one before, or is refused", (_, before, lost) => {
  const why = `The run before was by the route \`${lost}\`, which \`agents.routes\` has no more for that. \`/run\` chooses anew.`;
  expect(keptRoutes(policy, before)).toEqual(lost === null ? { ok: true, ...before } : { ok: false, why });
});

test.each<["planner" | "reviewer", string | undefined, object | null]>([
  ["planner", undefined, { use: "anthropic", model: "claude-x", effort: "medium" }],
  ["planner", "deep", { use: "anthropic", model: "claude-d", effort: "max" }],
  ["planner", "fast", { use: "openai", model: "gpt-p", effort: "medium" }],
  ["planner", "docs", null],
  ["reviewer", undefined, { use: "anthropic", model: "claude-v", effort: "low" }],
  ["reviewer", "strict", { use: "openai", model: "gpt-r", effort: "medium" }],
  ["reviewer", "fast", null],
])("E7: the %s by the route %s", (who, chosen, route) => {
  expect(routeOfOwn(policy, who, chosen)).toEqual(route);
});

test("E7: in a policy that has a role of that name a route serves the role, as it always did", () => {
  const old = Policy.parse({
    version: 1,
    roles: { planner: { allow: ["plans/**"] } },
    agents: { routes: [{ name: "a", role: "planner", use: "openai", model: "gpt-p", tool: "codex@0.171.0" }] },
  });
  expect(routeOf(old, "planner", "a")).toMatchObject({ use: "openai", tool: "codex@0.171.0" });
  expect(routeOfOwn(old, "planner")).toEqual({ use: "anthropic", model: null });
  expect(routeOfOwn(old, "planner", "a")).toBeNull();
  expect(runRoutes(old, [], { route: "a", reviewer: "a" })).toEqual({ ok: true, route: "a" });
});

describe("a policy's routes", () => {
  test.each<[string, object, boolean]>([
    ["one for nobody", { use: "anthropic" }, false],
    ["one that a label chooses, without a name", { role: "web", label: "quick", use: "anthropic" }, false],
    ["one of a role that is none", { name: "a", role: "gone", use: "anthropic" }, false],
    ["one with a name for all roles", { name: "a", use: "anthropic" }, true],
    ["one of the planner", { name: "a", role: "planner", use: "anthropic" }, true],
    ["one of the reviewer", { name: "a", role: "reviewer", use: "anthropic" }, true],
    ["one of the planner without a name", { role: "planner", use: "anthropic" }, false],
    ["one of the reviewer without a name", { role: "reviewer", use: "anthropic" }, false],
    ["one of the planner with a program", { name: "a", role: "planner", use: "anthropic", tool: "custom" }, false],
    [
      "one of the reviewer on Actions",
      { name: "a", role: "reviewer", use: "anthropic", tool: "custom", backend: "actions" },
      false,
    ],
  ])("%s", (_, route, isValid) => {
    const actions = { workflow: ".github/workflows/a.yml", blob: "a".repeat(40) };
    const { success } = Policy.safeParse({
      version: 1,
      roles: { web: { allow: ["web/**"] } },
      agents: { routes: [route], reviewer: {}, actions },
    });
    expect(success).toBe(isValid);
  });

  test("E7: one of a reviewer that the policy does not have, and the sentence that each refusal has", () => {
    const agents = {
      routes: [
        { name: "a", role: "reviewer", use: "anthropic" },
        { name: "b", role: "planner", use: "anthropic", tool: "custom" },
        { role: "planner", use: "anthropic" },
      ],
    };
    const { error } = Policy.safeParse({ version: 1, agents });
    expect(error?.issues.map(({ path, message }) => [path.join("."), message])).toEqual([
      ["agents.routes.0.role", "nobody reviews: `agents.reviewer` asks a reviewer, and a route only says whose model"],
      ["agents.routes.1.tool", "planner and reviewer are Sallyport's own agents and use no program"],
      [
        "agents.routes.2.name",
        "a route of the planner has a name: what it uses without a choice stands in `agents.planner`",
      ],
    ]);
  });
});

test.each<[string, object]>([
  ["/run", { name: "run" }],
  ["/run independent", { name: "run", mode: "independent" }],
  ["/run with fast", { name: "run", route: "fast" }],
  ["/run independent with fast", { name: "run", mode: "independent", route: "fast" }],
  ["/run with", { name: "run", reply: expect.any(String) }],
  ["/run fast", { name: "run", reply: expect.any(String) }],
  ["/run with fast independent", { name: "run", reply: expect.any(String) }],
  ["/run with `fast`", { name: "run", reply: expect.any(String) }],
  ["/plan", { name: "plan" }],
  ["/plan with deep", { name: "plan", route: "deep" }],
  ["/plan deep", { name: "plan", reply: expect.stringContaining("`/plan [with <route>]`") }],
  ["/plan with", { name: "plan", reply: expect.any(String) }],
])("%s", (text, command) => {
  expect(parseCommand(text)).toEqual(command);
});

const started = (say: string, labels: string[] = []): Story => {
  const story = playStory();
  story.state.policy = policy;
  approve(story);
  story.state.labels.push(...labels);
  story.say("lena", say);
  return story;
};
const asked = (story: Story) => story.asked.findLast(({ type }) => type === "run-agent");
const run = (story: Story) => entriesOf(story.entries, "run.submitted").at(-1)?.body;

test("D16: an executor chooses a route for a run, which the ledger records and a replay derives the holder from", () => {
  const story = started("/run with fast");
  expect(run(story)).toMatchObject({ route: "fast", by: { login: "lena" } });
  expect(asked(story)).toMatchObject({ backend: "anthropic", model: "claude-f", effort: "high" });
  const git = gitOf(story.state.blob, story.state.policy);
  const packs = bodiesOf([...story.packs.values()]);
  const steps = replayRun("run-2-1", story.entries, { ...sourcesOf(story.entries, { packs }), git })?.steps ?? [];
  expect(steps.filter(({ result }) => result === "differs")).toEqual([]);
  expect(steps.some(({ step }) => step === "hand-off")).toBe(true);
});

test("D16: a label of the story chooses one too; without either each role has its own", () => {
  expect(asked(started("/run", ["quick"]))).toMatchObject({ model: "claude-f" });
  const plain = started("/run");
  expect(asked(plain)).toMatchObject({ backend: "openai", model: "gpt-w", effort: "low" });
  expect(run(plain)).not.toHaveProperty("route");
});

test("D16: a route that is none is refused with those that are, and people without the right choose none", () => {
  const unknown = started("/run with slow");
  expect(unknown.replies().at(-1)?.line).toContain("`fast`, `docs`, `strict`");
  expect(run(unknown)).toBeUndefined();
  const other = playStory();
  other.state.policy = policy;
  approve(other).say("quinn", "/run with fast");
  expect(run(other)).toBeUndefined();
});

test("D16: a policy that changed after a prompt was recorded sends it to no other model: the run ends", () => {
  const story = started("/run with fast");
  const at = story.entries.findIndex(({ kind }) => kind === "prompt.recorded");
  const entries = story.entries.slice(0, at + 1);
  const outcomes = new Map([...story.facts().outcomes].filter(([key]) => key !== asked(story)?.key));
  const look = () => decideStory({ ...story.facts(), entries, outcomes });
  expect(look().effects).toContainEqual(asked(story));
  story.state.policy = Policy.parse({ ...policy, agents: { ...policy.agents, routes: [] } });
  story.state.blob = "9".repeat(40);
  const { drafts, effects } = look();
  expect(effects.filter(({ type }) => type === "run-agent")).toEqual([]);
  expect(drafts.filter(({ kind }) => kind === "run.closed")).toMatchObject([
    { body: { status: "failed", reason: expect.stringContaining("The policy changed") } },
  ]);
});

describe("E7: the planner's route", () => {
  const open = (labels: string[] = [], chosen = policy): Story => {
    const story = playStory();
    story.state.policy = chosen;
    story.state.labels.push(...labels);
    return story;
  };
  const planner = (story: Story) => story.asked.findLast(({ type }) => type === "ask-planner");
  const plan = (story: Story) => entriesOf(story.entries, "plan.proposed").at(-1)?.body;
  const told = (story: Story) => story.replies().at(-1)?.line;

  test("is chosen by a planner, recorded with the command and the plan, and kept for a refinement", () => {
    const story = open(["hard"]);
    story.say("lena", "/plan with fast");
    expect(planner(story)).toMatchObject({ backend: "openai", model: "gpt-p", effort: "medium" });
    expect(told(story)).toBe(
      "Planning starts, by the route `fast`; the plan will appear in Sallyport's comment on this issue.",
    );
    story.propose();
    const [command] = entriesOf(story.entries, "command");
    expect([command?.actor.login, command?.body.route, plan(story)?.route]).toEqual(["lena", "fast", "fast"]);
    expect(story.entries.map(entryDetail)).toContainEqual(["revision 1", "risk high", "route fast"]);
    story.say("lena", "/refine Smaller.");
    expect(planner(story)).toMatchObject({ model: "gpt-p", refinement: "Smaller." });
    story.propose();
    expect(plan(story)).toMatchObject({ revision: 2, route: "fast" });
    for (const { kind, body } of story.entries) entryBodies[kind].parse(body);
  });

  test("is chosen by a label; a route that serves all roles is not the planner's, and without one it is as ever", () => {
    const story = open(["hard"]);
    story.say("lena", "/plan");
    expect(planner(story)).toMatchObject({ backend: "anthropic", model: "claude-d", effort: "max" });
    const all = Policy.parse({ ...policy, agents: { ...policy.agents, routes: policy.agents.routes.slice(0, 3) } });
    const plain = open(["quick"], all);
    plain.say("lena", "/plan");
    plain.propose();
    expect(planner(plain)).toMatchObject({ model: "claude-x" });
    expect(plan(plain)).not.toHaveProperty("route");
    expect(entriesOf(plain.entries, "command")[0]?.body).not.toHaveProperty("route");
  });

  test("E7: a refinement is not by a label that came since", () => {
    const story = open();
    story.say("lena", "/plan");
    story.propose();
    story.state.labels.push("hard");
    story.say("lena", "/refine Smaller.");
    expect(planner(story)).toMatchObject({ model: "claude-x", refinement: "Smaller." });
    expect(story.replies().at(-1)?.line).not.toContain("route");
  });

  test("stays what it was when labels change while the planner waits", () => {
    const story = open(["hard"]);
    story.say("lena", "/plan");
    story.state.labels.pop();
    story.propose();
    expect(plan(story)).toMatchObject({ route: "deep" });
  });

  test("is no other one where the policy lost it before the planner was asked", () => {
    const over: Partial<StoryFacts> = { base: unknown("not read") };
    const story = playStory(over);
    story.state.policy = policy;
    story.say("lena", "/plan with deep");
    story.state.policy = base;
    delete over.base;
    story.settle();
    expect(planner(story)).toBeUndefined();
    expect(entriesOf(story.entries, "plan.failed")[0]?.body).toMatchObject({
      code: "no-route",
      message: "The policy has no route `deep` of the planner any more.",
    });
  });

  test("is refused in one line where there is none, and no planner is asked", () => {
    const story = open();
    story.say("lena", "/plan with slow");
    expect(told(story)).toBe("The policy has no route `slow` in `agents.routes`; routes for plans: `fast`, `deep`.");
    story.say("quinn", "/plan with fast");
    expect(planner(story)).toBeUndefined();
    expect(entriesOf(story.entries, "command").map(({ body }) => [body.accepted, body.route])).toEqual([
      [false, undefined],
      [false, undefined],
    ]);
  });
});

describe("E7: the reviewer's route", () => {
  const finish = (story: Story): Story => {
    story.answer();
    const commit = "1".repeat(40);
    const files = [{ path: "web/step-1/a.ts", blob: commit }];
    const result = { type: "commit" as const, commit, tree: commit, parent: story.state.base, files };
    story.finish("write-change", { status: "done", result });
    return story;
  };
  const reviewer = (story: Story) => story.asked.findLast(({ type }) => type === "ask-reviewer");

  test.each<[string, string[], object, object]>([
    ["/run with strict", [], { reviewer: "strict" }, { backend: "openai", model: "gpt-r", effort: "medium" }],
    ["/run", ["hard"], { reviewer: "strict" }, { backend: "openai", model: "gpt-r" }],
    ["/run with fast", ["hard"], { route: "fast", reviewer: "strict" }, { backend: "openai", model: "gpt-r" }],
    ["/run with fast", [], { route: "fast" }, { backend: "anthropic", model: "claude-v", effort: "low" }],
    ["/run", [], {}, { backend: "anthropic", model: "claude-v", effort: "low" }],
  ])("%s with the labels %j", (say, labels, chosen, asks) => {
    const story = finish(started(say, labels));
    const { route, reviewer: by } = run(story) ?? {};
    expect({ ...(route && { route }), ...(by && { reviewer: by }) }).toEqual(chosen);
    expect(reviewer(story)).toMatchObject(asks);
  });

  test("is told, and stays for another try as its prompts' does", () => {
    const story = started("/run with strict");
    expect(story.replies().at(-1)?.line).toMatch(/, reviewed by the route `strict`\.$/);
    expect(story.entries.map(entryDetail)).toContainEqual(["by @lena", "reviewer: route strict"]);
    for (let tried = 0; tried < 4; tried++) story.answer({ summary: `${tried}`, claims: [] });
    story.say("lena", "/retry");
    expect(run(story)).toMatchObject({ run: "run-2-2", reviewer: "strict" });
    expect(run(story)).not.toHaveProperty("route");
  });

  test.each<[string, string[], object, string]>([
    ["nobody chose one", [], {}, "quick"],
    ["a reviewer's was chosen", ["hard"], { reviewer: "strict" }, "quick"],
    ["a route was chosen", ["quick"], { route: "fast" }, "hard"],
  ])("E7: another try is not by a label that came since, where %s", (_, labels, before, since) => {
    const story = started("/run", labels);
    story.state.labels.push(since);
    for (let tried = 0; tried < 4; tried++) story.answer({ summary: `${tried}`, claims: [] });
    story.say("lena", "/retry");
    const { run: name, route, reviewer: by } = run(story) ?? {};
    expect({ name, ...(route && { route }), ...(by && { reviewer: by }) }).toEqual({ name: "run-2-2", ...before });
  });

  test("is nobody else's where the policy lost it: there is no advice, and the model of all others is not asked", () => {
    const story = started("/run with strict");
    story.state.policy = Policy.parse({ ...policy, agents: { ...policy.agents, routes: [] } });
    finish(story);
    expect(reviewer(story)).toBeUndefined();
    expect(entriesOf(story.entries, "advice.given")[0]?.body).toMatchObject({ outcome: "failed", code: "no-reviewer" });
  });
});
