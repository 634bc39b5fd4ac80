import { expect, test } from "@jest/globals";
import { limitEnds } from "../../builders/limit-ends.ts";
import { begin } from "../../builders/story.ts";

test.each(Object.entries(limitEnds))(
  "work that ended at the limit of %s is told on the story as what it was, with the next step and who takes it",
  (_limit, [code, summary]) => {
    const story = begin();
    for (let tries = 0; story.asked.filter(({ type }) => type === "run-agent").length > tries; tries++)
      story.answer({ outcome: "failed", code, summary, files: [], claims: [] });
    const shown = story.state.sticky?.replaceAll(/\u200b|\\(?=`)/g, "");
    expect(shown).toContain(`${code === "money-exceeded" ? "run-2-1 failed: " : "The agent failed: "}${summary}`);
    // Another try would find as little money.
    const next =
      code === "money-exceeded"
        ? "Next step:\n\nRaise that line of the policy.\n\nWho: a maintainer"
        : "Next step, as a comment:\n\n```\n/retry\n```\n\nWho: @";
    expect(shown).toContain(next);
  },
);

test("a story that was planned and approved again after a run that failed waits for a run, not for another try", () => {
  const story = begin();
  story.answer({ outcome: "failed", code: "money-exceeded", summary: limitEnds.money[1], files: [], claims: [] });
  expect(story.labels()).toEqual(["failed"]);
  story.state.blob = "e".repeat(40);
  story.settle();
  expect(story.state.sticky).toContain("The policy changed after the approval.");
  story.say("lena", "/plan");
  story.propose();
  story.say("quinn", `/approve ${story.digest()}`);
  for (const number of [13, 14]) story.finish("open-prompt", { status: "done", result: { type: "issue", number } });
  expect(story.labels()).toEqual(["ready"]);
  expect(story.state.sticky).toContain("The contract is frozen; no run was started.");
  expect(story.state.sticky).toContain("```\n/run\n```");
});
