import { expect, test } from "@jest/globals";
import { decideEpic } from "../../../core/story/epic.ts";
import type { ChildFacts, StoryFacts } from "../../../core/story/facts.ts";
import { playStory } from "../../builders/story.ts";

/** What an epic with these sub-issues comes to, where story #5 of its repository is complete. */
function decide(children: ChildFacts[]) {
  const entry: StoryFacts["entries"][number] = {
    seq: 1,
    hash: "1".repeat(64),
    at: "2026-11-21T09:00:00.000Z",
    actor: { type: "app", id: 99, login: "sallyport[bot]" },
    kind: "story.completed",
    body: { story: 5, prompts: [6], pulls: [7] },
  };
  return decideEpic({ ...playStory().facts(), entries: [entry], children });
}

const story = { number: 5, title: "@acme/all", state: "closed", labels: ["story"] } as const;

test.each<[string, Partial<ChildFacts>, string]>([
  ["complete", {}, "| #5 | complete |"],
  [
    "not so by a story of another repository that has the same number",
    { elsewhere: true },
    "| @&#8203;acme/all (in another repository) | not known here |",
  ],
])("an epic is %s", (_what, over, row) => {
  const { drafts, effects } = decide([{ ...story, labels: [...story.labels], ...over }]);
  expect(drafts.map(({ kind }) => kind)).toEqual(over.elsewhere ? [] : ["epic.completed"]);
  const sticky = effects.find((effect) => effect.type === "ensure-sticky");
  expect(sticky?.type === "ensure-sticky" && sticky.body).toContain(row);
});
