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

test("U7: a pull request begins with the task, its criteria and how to test, and folds where it comes from", () => {
  const story = playStory();
  story.say("lena", "/plan");
  story.propose({ ...samplePlan, manualTest: { environment: "A browser", steps: ["Open @acme/all."] } });
  story.say("quinn", `/approve ${story.digest()}`);
  story.openPrompts();
  story.say("lena", "/run");
  story.answer({ claims: [{ criterion: "Step 1 is done.", how: "By <b>hand</b>." }] });
  const commit = { commit: "d".repeat(40), tree: "e".repeat(40), parent: "b".repeat(40) };
  story.finish("write-change", { status: "done", result: { type: "commit", ...commit } });
  const opened = story.asked.findLast((effect) => effect.type === "open-pull");
  const { body: shown, folds = [] } = opened?.type === "open-pull" ? opened : { body: "" };
  expect(shown).toMatch(/^Step 1 of the work is done and can be reviewed\. \(#3, part of #2\)\n/);
  expect(shown).toContain("- Step 1 is done. — claimed: By &lt;b&gt;hand&lt;/b&gt;.");
  expect(shown).toContain("### How to test (A browser)\n\n- Open @&#8203;acme/all.");
  expect(shown).not.toMatch(/sha|<[a-z/]/);
  expect(folds).toHaveLength(1);
  expect(folds[0]?.text).toContain("| run | run-2-1, submitted by @lena |");
});
