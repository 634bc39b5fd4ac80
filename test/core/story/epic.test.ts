import { expect, test } from "@jest/globals";
import { labelCommand } from "../../../core/commands.ts";
import { known } from "../../../core/known.ts";
import { decideEpic, decideOtherIssue } from "../../../core/story/epic.ts";
import type { ChildFacts, StoryFacts } from "../../../core/story/facts.ts";
import { persons, playStory } from "../../builders/story.ts";

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

test.each([
  ["an epic", "ai:run", decideEpic],
  ["a diff prompt", "ai:run", decideOtherIssue],
  ["a diff prompt", "ai:campaign", decideOtherIssue],
])("T10: a label on %s, %s, is answered and taken off", (_, label, decide) => {
  const { lena } = persons;
  const command = labelCommand(label);
  if (command === null) throw new Error("it is no command label");
  const request = { command, by: lena, at: "2026-11-21T10:00:00.000Z", edited: false, viaApp: false, atOpening: false };
  const source = { type: "label" as const, id: 7, label };
  const commands = [{ ...request, source, permission: known({ role: "write" as const, duties: lena.duties }) }];
  const { effects } = decide({ ...playStory().facts(), commands });
  expect(effects).toContainEqual(expect.objectContaining({ type: "reply", accepted: false }));
  expect(effects).toContainEqual(expect.objectContaining({ type: "ensure-label-gone", label }));
});

test("T4: an epic says which pull requests of a story were merged past the check", () => {
  const actor = { type: "app" as const, id: 99, login: "sallyport[bot]" };
  const common = { hash: "1".repeat(64), at: "2026-11-21T09:00:00.000Z", actor };
  const sha = "d".repeat(40);
  const opened = { run: "run-5-1", story: 5, prompt: 6, pull: 7, branch: "sallyport/run-5-1/6", head: sha };
  const merge = { pull: 7, head: sha, merged: sha, tree: sha, judged: false, by: null };
  const entries: StoryFacts["entries"] = [
    { ...common, seq: 1, kind: "pull.opened", body: opened },
    { ...common, seq: 2, kind: "merge.observed", body: merge },
  ];
  const children = [{ ...story, labels: ["story", "sallyport:blocked", "sallyport:needs-answer"] }];
  const { effects } = decideEpic({ ...playStory().facts(), entries, children });
  const sticky = effects.find((effect) => effect.type === "ensure-sticky");
  expect(sticky?.type === "ensure-sticky" && sticky.body).toContain(
    "| #5 | blocked, needs-answer (#7 merged past the check) |",
  );
});

test("A1: an epic whose form names no risk and no decision of the repository is told so", () => {
  const facts = playStory().facts();
  const issue = { ...facts.issue, labels: ["epic"], body: "### Risk\n\nbanana\n\n### Decisions\n\ndocs/x.md" };
  const decisions = known([{ path: "docs/x.md", exists: false }]);
  const { effects } = decideEpic({ ...facts, issue, decisions });
  const sticky = effects.find((effect) => effect.type === "ensure-sticky");
  expect(sticky?.type === "ensure-sticky" && sticky.body).toMatch(/\*\*Risk\*\*: choose[\s\S]*docs\/x\.md` is not on/);
});
