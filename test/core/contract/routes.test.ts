import { describe, expect, test } from "@jest/globals";
import { parseCommand } from "../../../core/commands.ts";
import { chooseRoute, routeOf } from "../../../core/contract/routes.ts";
import { entriesOf } from "../../../core/entries.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import { Policy } from "../../../schemas/policy.ts";
import { bodiesOf, gitOf, sourcesOf } from "../../builders/recorded-run.ts";
import { approve, policy as base, playStory, type Story } from "../../builders/story.ts";

const routes = [
  { role: "web", use: "openai", model: "gpt-w", effort: "low" },
  { name: "fast", label: "quick", use: "anthropic", model: "claude-f", effort: "high" },
  { name: "docs", role: "docs", use: "openai", model: "gpt-d" },
];
const policy = Policy.parse({
  version: 1,
  extends: "default",
  people: base.people,
  roles: { web: { allow: ["web/**"] }, docs: { allow: ["docs/**"] } },
  agents: { model: "claude-x", effort: "medium", routes },
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

test.each<[string[], string | undefined, object]>([
  [[], undefined, { ok: true }],
  [["quick"], undefined, { ok: true, route: "fast" }],
  [["quick"], "docs", { ok: true, route: "docs" }],
  [[], "slow", { ok: false, why: "The policy has no route `slow` in `agents.routes`; it has: `fast`, `docs`." }],
])("D16: labels %j and the wish %s", (labels, asked, chosen) => {
  expect(chooseRoute(policy, labels, asked)).toEqual(chosen);
});

describe("a policy's routes", () => {
  test.each<[string, object, boolean]>([
    ["one for nobody", { use: "anthropic" }, false],
    ["one that a label chooses, without a name", { role: "web", label: "quick", use: "anthropic" }, false],
    ["one of a role that is none", { name: "a", role: "gone", use: "anthropic" }, false],
    ["one with a name for all roles", { name: "a", use: "anthropic" }, true],
  ])("%s", (_, route, isValid) => {
    const { success } = Policy.safeParse({
      version: 1,
      roles: { web: { allow: ["web/**"] } },
      agents: { routes: [route] },
    });
    expect(success).toBe(isValid);
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
  expect(unknown.replies().at(-1)?.line).toContain("it has: `fast`, `docs`");
  expect(run(unknown)).toBeUndefined();
  const other = playStory();
  other.state.policy = policy;
  approve(other).say("quinn", "/run with fast");
  expect(run(other)).toBeUndefined();
});
