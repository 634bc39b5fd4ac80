import { expect, test } from "@jest/globals";
import type { Permission } from "../../../core/facts.ts";
import { type Known, known, unknown } from "../../../core/known.ts";
import type { StoryFacts } from "../../../core/story/facts.ts";
import { decideStory } from "../../../core/story/story.ts";
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
