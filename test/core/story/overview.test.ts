import { expect, test } from "@jest/globals";
import { approve, begin, playStory } from "../../builders/story.ts";

test("where a story stands, in words that are no Markdown, as it goes on", () => {
  const story = playStory();
  const seen = () => story.look().overview;
  expect(seen()).toMatchObject({ title: "A story", step: "/plan", who: "@lena", open: true, verdict: null });
  story.say("lena", "/plan");
  story.propose();
  expect(seen()).toMatchObject({ state: "draft", needs: "needs-approval", step: `/approve ${story.digest()}` });
  story.say("quinn", "/block Is *this* `safe`? <b>");
  expect(seen()).toMatchObject({ state: "blocked", needs: "needs-answer" });
  expect(seen()?.blocks).toMatch(/: Is \*this\* `safe`\? <b>$/);
});

test("a story in work waits for nobody, and one that is shut is over", () => {
  expect(approve().look().overview).toMatchObject({ state: "ready", step: "/run" });
  const story = begin();
  expect(story.look().overview).toMatchObject({ state: "executing", needs: null, step: "" });
  story.state.shut = "closed";
  expect(story.look().overview).toMatchObject({ state: "archived", open: false });
});
