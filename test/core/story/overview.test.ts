import { expect, test } from "@jest/globals";
import { known } from "../../../core/known.ts";
import { approve, begin, playStory, policy } from "../../builders/story.ts";

test.each([
  [["@quinn", "@lena", "@acme/qa"], "@quinn, @acme/qa, but not @lena, who asked for it"],
  [
    ["@lena"],
    "nobody else yet: name somebody else under `people.approvers` in the policy, but not @lena, who asked for it",
  ],
])("U6: of the approvers %j those who may approve are named", (approvers, who) => {
  const people = { ...policy.people, approvers };
  const at = { state: "loaded", ref: "b".repeat(40), blob: "c".repeat(40), lines: {} } as const;
  const story = playStory({ policy: known({ ...at, policy: { ...policy, people } }) });
  story.say("lena", "/plan");
  story.propose();
  expect(story.look().overview?.who).toBe(who);
});

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
