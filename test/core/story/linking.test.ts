import { describe, expect, test } from "@jest/globals";
import type { Decision } from "../../../core/decision.ts";
import type { Permission } from "../../../core/facts.ts";
import { type Known, known, unknown } from "../../../core/known.ts";
import { decideEpic } from "../../../core/story/epic.ts";
import type { StoryFacts } from "../../../core/story/facts.ts";
import { isTakenOver } from "../../../core/story/linking.ts";
import { decideStory } from "../../../core/story/story.ts";
import { say } from "../../builders/pull-context.ts";
import { persons, playStory } from "../../builders/story.ts";

const epic: StoryFacts["namedEpic"] = {
  number: 1,
  title: "An epic",
  body: "",
  state: "open",
  locked: false,
  author: persons.lena,
  labels: ["epic"],
};

/** What becomes of a story without a parent whose text names an epic, by what its writer may do. */
function decide(permission: Known<Permission>, over: Partial<StoryFacts> = {}) {
  const namedBy = { by: { id: 40, login: "otto", type: "User" as const }, permission };
  const decision = decideStory({ ...playStory().facts(), parent: null, namedEpic: epic, namedBy, ...over });
  const sticky = decision.effects.find(({ type }) => type === "ensure-sticky");
  return {
    linked: decision.effects.some(({ type }) => type === "link-story"),
    line: sticky?.type === "ensure-sticky" ? (/^Not a sub-issue.*$/m.exec(sticky.body)?.[0] ?? null) : null,
    again: decision.requeueAfter,
  };
}

const who =
  "Not a sub-issue of #1: @&#8203;otto wrote that and may not link it. @&#8203;lena or whoever may write here can, there or by editing this text.";

test.each<[string, Known<Permission>, boolean, string | null]>([
  ["somebody who may only read", known({ role: "read", duties: [] }), false, who],
  ["a triager", known({ role: "triage", duties: [] }), false, who],
  ["an approver who may only read", known({ role: "read", duties: ["approvers"] }), false, who],
  ["a planner", known({ role: "read", duties: ["planners"] }), true, null],
  ["somebody who may write", known({ role: "write", duties: [] }), true, null],
  ["somebody whose permission was not read", unknown("HTTP 500"), false, null],
])("H9: a story whose epic is named by %s", (_, permission, linked, line) => {
  expect(decide(permission)).toEqual({ linked, line, again: permission.known ? null : 15 });
});

test("H9: nothing is said of an issue that is no epic, or of a story that has a parent", () => {
  const reader = known<Permission>({ role: "read", duties: [] });
  expect(decide(reader, { namedEpic: { ...epic, labels: [] } })).toEqual({ linked: false, line: null, again: null });
  expect(decide(reader, { parent: epic })).toEqual({ linked: false, line: null, again: null });
});

describe("G6: what somebody without the duty opened is a request until a planner takes it over", () => {
  const opener = { by: { id: 41, login: "olga", type: "User" as const }, isPlanner: false };
  const shown = (decision: Decision) => {
    const sticky = decision.effects.find(({ type }) => type === "ensure-sticky");
    return sticky?.type === "ensure-sticky" ? sticky.body : "";
  };
  const request = /#\d is a request of @&#8203;olga, who is no planner here: .* \(@&#8203;lena\)/;

  test("a story says who can, and is planned once one asks for its plan", () => {
    const story = playStory({ openers: { issue: opener, epic: null } });
    expect(shown(story.look())).toMatch(request);
    story.say("lena", "/plan");
    expect(story.asked.map(({ type }) => type)).toContain("ask-planner");
    expect(isTakenOver(story.entries, 2)).toBe(true);
  });

  test("no story of an epic that is one is planned", () => {
    const story = playStory({ openers: { issue: null, epic: opener } });
    story.say("lena", "/plan");
    const line = expect.stringMatching(/\*\*Epic\*\*: #1 is a request/);
    expect(story.replies().at(-1)).toMatchObject({ accepted: false, line });
    expect(isTakenOver(story.entries, 1)).toBe(false);
  });

  test.each<[string, string, "lena" | "quinn", boolean]>([
    ["a planner", "/take-over", "lena", true],
    ["an approver", "/take-over", "quinn", false],
    ["a planner with another command", "/plan", "lena", false],
    ["a planner with words behind it", "/take-over now", "lena", false],
  ])("an epic is taken over by %s: %s", (_, line, person, isTaken) => {
    const { facts } = playStory({ openers: { issue: opener, epic: null } });
    const decision = decideEpic({ ...facts(), commands: [say(line, person, persons[person].duties)] });
    expect(shown(decision)).toMatch(request);
    const [command] = decision.drafts;
    expect(command?.kind === "command" && command.body.accepted).toBe(isTaken);
  });
});
