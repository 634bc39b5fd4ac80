import { describe, expect, test } from "@jest/globals";
import type { Effect } from "../../../core/effects.ts";
import { notified } from "../../../core/people/notified.ts";
import { Policy } from "../../../schemas/policy.ts";
import { begin, persons, playStory, type Story, samplePlan } from "../../builders/story.ts";

const { lena } = persons;
const people = (approvers: string[], separation: "strict" | "solo" = "strict") =>
  Policy.parse({ version: 1, people: { approvers, separation } }).people;

test.each<[string, ReturnType<typeof people>, string[], string[]]>([
  ["people and teams", people(["@quinn", "@acme/qa#7"]), ["quinn"], ["acme/qa"]],
  ["not who asked", people(["@Lena", "@quinn"]), ["quinn"], []],
  ["who asked too, where one works alone", people(["@lena"], "solo"), ["lena"], []],
  ["nobody where nobody is named", people([]), [], []],
  [
    "at most ten",
    people(Array.from({ length: 30 }, (_, at) => `@p${at}`)),
    Array.from("0123456789", (at) => `p${at}`),
    [],
  ],
])("U6: %s", (_, given, users, teams) => {
  expect(notified(given, "approvers", [lena])).toEqual({ users, teams });
});

describe("U6: at each hand-over those who can act are told once", () => {
  const notices = (story: Story) =>
    story.asked.flatMap((effect: Effect) => (effect.type === "notify" ? [`#${effect.issue} ${effect.line}`] : []));

  test("a plan that waits for approval, and no edit of it", () => {
    const story = playStory();
    story.say("lena", "/plan");
    expect(notices(story)).toEqual([]);
    story.propose();
    for (let again = 0; again < 3; again++) story.look();
    expect(notices(story)).toEqual([
      expect.stringMatching(/^#2 @quinn: revision 1 of the plan waits for your approval/),
    ]);
    story.say("lena", "/refine Smaller.");
    story.propose();
    expect(notices(story)).toHaveLength(2);
  });

  test("an open question, with its words made harmless", () => {
    const story = playStory();
    story.say("lena", "/plan");
    story.propose({ ...samplePlan, unknowns: ["Which colour,\n@acme/all?", "And size?"] });
    expect(notices(story)).toEqual([
      "#2 @lena: this waits for an answer, `/clarify <answer>`: Which colour,<br>@&#8203;acme/all? (and 1 more, in the comment above)",
    ]);
  });

  test("a pull request: its approvers are asked for a review, and its issue is told", () => {
    const story = begin();
    story.answer({ summary: "Did it, @acme/all." });
    const commit = { commit: "d".repeat(40), tree: "e".repeat(40), parent: "b".repeat(40) };
    story.finish("write-change", { status: "done", result: { type: "commit", ...commit } });
    story.finish("open-pull", { status: "done", result: { type: "pull", number: 11 } });
    expect(story.asked).toContainEqual(expect.objectContaining({ type: "ask-review", pull: 11, reviewers: ["quinn"] }));
    expect(notices(story).at(-1)).toBe("#3 #11 is its pull request. The agent says: Did it, @&#8203;acme/all.");
  });
});
