import { expect, test } from "@jest/globals";
import type { CheckFact } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import { runNotes } from "../../../core/pull/run-notes.ts";
import { storyCost } from "../../../core/record/spent.ts";
import { commit, digest, verifiedStory as written } from "../../builders/verified-story.ts";

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

test("the minutes of Actions stand beside what models cost, each job's begun ones", () => {
  const price = { input: 10_000, output: 10_000 };
  const story = written("none", [], { model: "m", prices: { currency: "USD", models: { m: price } } });
  const onActions = (actions: object) =>
    story.entries.map((entry) =>
      entry.kind === "response.recorded"
        ? { ...entry, body: { ...entry.body, actions: { run: 7, workflow: commit, seconds: 61, ...actions } } }
        : entry,
    );
  const told = (actions: object) => runNotes(onActions(actions), commit, known([])).trim();
  expect(told({ minutes: 3 })).toBe(
    "Models cost USD 0.02 for #3, and USD 0.04 for #2. Its runs on Actions took 3 minutes.",
  );
  // An older entry has the seconds of all jobs alone.
  expect(told({})).toContain("took 2 minutes.");
  expect(storyCost(onActions({ minutes: 1 }), 2)).toBe(
    "Models cost USD 0.04 for it so far. Runs on Actions took 1 minute.",
  );
});
