import { expect, test } from "@jest/globals";
import type { CheckFact } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import { runNotes } from "../../../core/pull/run-notes.ts";
import { Policy } from "../../../schemas/policy.ts";
import { playStory, policy, type Story, samplePlan } from "../../builders/story.ts";

const commit = "1".repeat(40);
const digest = "2".repeat(64);

/** A story whose first prompt has its commit; at the level `tests` its commands ran. */
function written(execution: "none" | "tests", verification: string[], agents: object = {}): Story {
  const story = playStory();
  const roles = { web: { allow: ["web/**"], execution } };
  story.state.policy = Policy.parse({ version: 1, people: policy.people, roles, extends: "default", agents });
  story.say("lena", "/plan");
  story.propose({ ...samplePlan, verification });
  story.say("quinn", `/approve ${story.digest()}`);
  story.openPrompts();
  story.say("lena", "/run");
  story.answer();
  const ran = { argv: ["npm", "test"], exit: 0, seconds: 3, output: digest, excerpt: "" };
  if (execution === "tests")
    story.finish("run-commands", { status: "done", result: { type: "verification", commands: [ran], evidence: [] } });
  const parent = story.state.base;
  story.finish("write-change", { status: "done", result: { type: "commit", commit, tree: commit, parent, files: [] } });
  return story;
}

const check = (name: string, more: Partial<CheckFact> = {}): CheckFact => ({
  ...{ id: 1, suite: 1, name, app: "github-actions", status: "completed", conclusion: "success" },
  ...more,
});

test("G2: commands that Sallyport ran stand on the pull request with their end and the digest of what they printed", () => {
  const { entries } = written("tests", ["npm test"]);
  const text = runNotes(entries, commit, known([check("npm test", { conclusion: "failure" })]));
  expect(text).toContain(`\`npm test\` succeeded after 3 s, run by Sallyport; what it printed: \`${digest}\``);
  expect(text).not.toContain("failure");
});

test("G2: at the level none they are read from the check of their name, or told as not run", () => {
  const { entries } = written("none", ["`npm test`", "make lint"]);
  const checks = [check("NPM test"), check("npm test", { id: 2, conclusion: "failure" }), check("lint")];
  const text = runNotes(entries, commit, known(checks));
  expect(text).toContain("- `npm test`: `failure`, by the check `@github-actions/npm test`");
  expect(text).toContain("- `make lint`: not run by Sallyport, and no check has this name");
  expect(runNotes(entries, commit, unknown("GitHub is away"))).toContain("`npm test`: not run by Sallyport");
});

test("what models cost stands there, for the prompt and the story; without prices and commands there is nothing", () => {
  const price = { input: 10_000, output: 10_000 };
  const { entries } = written("none", [], { model: "m", prices: { currency: "USD", models: { m: price } } });
  expect(runNotes(entries, commit, known([]))).toContain("Models cost USD 0.02 for #3, and USD 0.04 for #2.");
  expect(runNotes(written("none", []).entries, commit, known([])).trim()).toBe("");
  expect(runNotes(entries, "3".repeat(40), known([]))).toBe("");
});
