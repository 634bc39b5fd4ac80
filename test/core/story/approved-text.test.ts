import { expect, test } from "@jest/globals";
import { labelCommand } from "../../../core/commands.ts";
import { entriesOf } from "../../../core/entries.ts";
import { known } from "../../../core/known.ts";
import { decideStory } from "../../../core/story/story.ts";
import { say } from "../../builders/pull-context.ts";
import { approve, type begin, form, playStory } from "../../builders/story.ts";

const lastCode = (story: ReturnType<typeof playStory>) => entriesOf(story.entries, "command").at(-1)?.body.code;

test("T121: a label that is taken off and put on again begins one run", () => {
  const story = approve();
  const command = labelCommand("ai:run");
  if (command === null) throw new Error("it is a command's label");
  for (const id of [71, 72, 73]) story.say("lena", "/run", { command, source: { type: "label", id, label: "ai:run" } });
  expect(entriesOf(story.entries, "run.submitted")).toHaveLength(1);
  expect(lastCode(story)).toBe("run-open");
});

test("T123: a text that is edited and edited back is the text that was planned, and nothing in between is", () => {
  const story = playStory();
  story.say("lena", "/plan");
  story.propose();
  const digest = story.digest();
  story.state.body = `${form}\n\nAnd mine.`;
  story.look();
  expect(story.digest()).toBe("");
  story.say("quinn", `/approve ${digest}`);
  expect(entriesOf(story.entries, "approval.granted")).toEqual([]);
  story.state.body = form;
  story.look();
  expect(story.digest()).toBe(digest);
  story.say("quinn", `/approve ${digest}`);
  expect(entriesOf(story.entries, "approval.granted")).toHaveLength(1);
});

test("T124: what strangers comment reaches neither planner nor agent", () => {
  const story = approve();
  const permission = known({ role: "read" as const, duties: [] });
  const stranger = say("/refine evil words", "otto", [], { by: { id: 77, login: "otto", type: "User" }, permission });
  const { effects } = decideStory({ ...story.facts(), commands: [stranger] });
  expect(JSON.stringify(effects)).not.toContain("evil");
  expect(effects.some(({ type }) => type === "ask-planner" || type === "run-agent")).toBe(false);
});

test("T128: an issue that came from another repository has nothing of that one's approvals", () => {
  const there = approve();
  const here = { ...there.facts(), repository: { id: 8, name: "acme/vault", defaultBranch: "main" }, entries: [] };
  const run = say("/run", "lena", ["executors"]);
  const { drafts } = decideStory({ ...here, outcomes: new Map(), commands: [run] });
  expect(drafts).toMatchObject([{ kind: "command", body: { accepted: false, code: "not-approved" } }]);
});

test("T129: an epic that is put above an approved story, or edited, widens nothing of its contract", () => {
  const packs = (story: ReturnType<typeof begin>) =>
    entriesOf(story.entries, "prompt.recorded").map(({ body }) => story.pack(body.pack.sha256));
  const moved = approve();
  moved.state.epic = "### Risk\n\nlow\n\n### Paths\n\n**";
  moved.say("lena", "/run");
  const plain = approve();
  plain.say("lena", "/run");
  const scopes = (story: ReturnType<typeof begin>) => packs(story).map((pack) => pack?.kind === "step" && pack.paths);
  for (const scope of scopes(moved)) expect(scopes(plain)).toContainEqual(scope);
  const frozen = (story: ReturnType<typeof begin>) =>
    entriesOf(story.entries, "contract.frozen").map(({ body }) => body);
  expect(frozen(moved)).toEqual(frozen(plain));
});

test("T134: a text as long as GitHub takes is planned whole, or not at all", () => {
  const story = playStory();
  story.state.body = `${form}\n\n${"x".repeat(65_536 - form.length - 2)}`;
  story.say("lena", "/plan");
  const asked = story.asked.find(({ type }) => type === "ask-planner");
  expect(asked?.type === "ask-planner" && asked.body).toBe(story.state.body);
});
