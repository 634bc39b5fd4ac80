import { describe, expect, test } from "@jest/globals";
import { type Draft, entriesOf } from "../../../core/entries.ts";
import { assembleBundle } from "../../../core/evidence/bundle.ts";
import { tracePull } from "../../../core/evidence/trace.ts";
import { storyStage } from "../../../core/record/progress.ts";
import { recordOf } from "../../../core/record/pull.ts";
import { foldStory } from "../../../core/record/story.ts";
import { facts } from "../../builders/pull-facts.ts";
import { begin, playStory, type Story } from "../../builders/story.ts";

const app = { type: "app", id: 99, login: "sallyport[bot]" } as const;
const [first, second, third] = ["1", "2", "3"].map((digit) => digit.repeat(40)) as [string, string, string];
const base = "b".repeat(40);

/** A story whose first prompt stands as one commit on #11. */
function written(): Story {
  const story = begin();
  story.answer();
  commit(story, first, base);
  story.finish("open-pull", { status: "done", result: { type: "pull", number: 11 } });
  return story;
}

function commit(story: Story, sha: string, parent: string): void {
  const result = { type: "commit" as const, commit: sha, tree: "e".repeat(40), parent };
  story.finish("write-change", { status: "done", result });
}

/** The same, and a later run that put a second commit on top. */
function writtenTwice(): Story {
  const story = written();
  story.say("lena", "/stop");
  story.say("lena", "/run");
  story.answer();
  commit(story, second, first);
  return story;
}

const merged: Draft = {
  kind: "merge.observed",
  actor: app,
  subject: [],
  body: { pull: 11, head: first, merged: "f".repeat(40), tree: "e".repeat(40), judged: true, by: null },
};
const bodies = (story: Story, kind: "checkpoint.recorded" | "prompt.recorded") =>
  entriesOf(story.entries, kind).map(({ body }) => body);
const last = (story: Story) => story.entries.findLast(({ kind }) => kind === "command")?.body;
const record = (story: Story) => foldStory(2, story.entries);

describe("a checkpoint", () => {
  test("D14: is recorded with each attempt, right before its prompt, and its name is shown", () => {
    const story = written();
    expect(bodies(story, "checkpoint.recorded")).toEqual([
      {
        checkpoint: "run-2-1/3/R0S0",
        run: "run-2-1",
        story: 2,
        prompt: 3,
        attempt: { r: 0, s: 0 },
        branch: "sallyport/run-2-1/3",
        base,
        head: null,
      },
    ]);
    const kinds = story.kinds();
    expect(kinds[kinds.indexOf("checkpoint.recorded") + 1]).toBe("prompt.recorded");
    expect(story.state.sticky).toContain("`run-2-1/3/R0S0`");
  });

  test("of a later run tells that it goes on at the open pull request", () => {
    const story = writtenTwice();
    expect(bodies(story, "checkpoint.recorded").at(-1)).toMatchObject({
      checkpoint: "run-2-2/3/R0S1",
      branch: "sallyport/run-2-1/3",
      base: first,
      head: first,
    });
    expect(bodies(story, "prompt.recorded").at(-1)).toMatchObject({
      base: first,
      branch: "sallyport/run-2-1/3",
    });
    expect(story.asked.filter(({ type }) => type === "open-pull")).toHaveLength(1);
    expect(record(story).prompts[0]?.branchState.commits).toEqual([first, second]);
  });
});

describe("`/rollback` is refused", () => {
  const cases: [string, (story: Story) => void, string, string, (() => Story)?][] = [
    ["without a checkpoint's name", () => {}, "R0/S0", "badly-written"],
    ["to a checkpoint that nobody recorded", () => {}, "run-2-1/3/R0S7", "unknown-checkpoint"],
    [
      "to one of another story",
      (story) => {
        const saved = entriesOf(story.entries, "checkpoint.recorded")[0];
        if (saved === undefined) throw new Error("no checkpoint");
        const body = { ...saved.body, checkpoint: "run-8-1/9/R0S0", run: "run-8-1", story: 8, prompt: 9 };
        story.append({ kind: "checkpoint.recorded", actor: app, subject: [], body });
      },
      "run-8-1/9/R0S0",
      "other-story",
    ],
    ["of a prompt that is merged", (story) => story.append(merged), "run-2-1/3/R0S0", "merged"],
    [
      "while an attempt is running",
      (story) => {
        story.say("lena", "/stop");
        story.say("lena", "/run");
      },
      "run-2-1/3/R0S0",
      "attempt-open",
    ],
    [
      "while a stopped attempt is still being written",
      (story) => {
        story.say("lena", "/stop");
        story.say("lena", "/run");
        story.answer();
        story.say("lena", "/stop");
      },
      "run-2-1/3/R0S0",
      "attempt-open",
    ],
    ["to where the branch stands already", () => {}, "run-2-2/3/R0S1", "nothing-to-undo", undoneOnce],
    [
      "before anything was written",
      (story) => {
        story.answer({ files: [{ path: "governance/a", content: "no" }] });
        story.say("lena", "/stop");
      },
      "run-2-1/3/R0S0",
      "nothing-to-undo",
      begin,
    ],
    [
      "to work that was taken back since",
      (story) => {
        story.say("lena", "/rollback run-2-1/3/R0S0");
        story.finish("roll-back", { status: "done", result: { type: "rolled-back", closed: [11] } });
      },
      "run-2-2/3/R0S1",
      "gone",
      writtenTwice,
    ],
    [
      "while another one is carried out",
      (story) => story.say("lena", "/rollback run-2-1/3/R0S0"),
      "run-2-1/3/R0S0",
      "rollback-open",
    ],
    [
      "of a plan that a newer one replaced",
      (story) => {
        const frozen = entriesOf(story.entries, "contract.frozen")[0];
        if (frozen === undefined) throw new Error("nothing is frozen");
        story.append({ ...frozen, subject: [], body: { ...frozen.body, revision: 2 } });
      },
      "run-2-1/3/R0S0",
      "replaced",
    ],
  ];
  test.each(cases)("%s", (_, prepare, name, code, begin = written) => {
    const story = begin();
    prepare(story);
    const decided = story.kinds().filter((kind) => kind === "rollback.decided").length;
    story.say("lena", `/rollback ${name}`);
    expect(last(story)).toMatchObject({ command: "rollback", accepted: false, code });
    expect(story.kinds().filter((kind) => kind === "rollback.decided")).toHaveLength(decided);
    expect(story.asked.filter(({ type }) => type === "roll-back")).toHaveLength(decided);
  });

  test("from somebody who is no executor", () => {
    const story = written();
    story.say("quinn", "/rollback run-2-1/3/R0S0");
    expect(last(story)).toMatchObject({ accepted: false, code: "not-in-duty" });
  });
});

function undoneOnce(): Story {
  const story = writtenTwice();
  story.say("lena", "/rollback run-2-2/3/R0S1");
  story.finish("roll-back", { status: "done", result: { type: "rolled-back", closed: [] } });
  return story;
}

describe("a rollback", () => {
  test("D14: to before the first attempt closes the pull request, and the next attempt is a revision", () => {
    const story = written();
    story.say("lena", "/rollback run-2-1/3/R0S0");
    expect(story.asked.findLast(({ type }) => type === "roll-back")).toMatchObject({
      branch: "sallyport/run-2-1/3",
      to: null,
      undone: [first],
    });
    const kinds = story.kinds();
    expect(kinds.slice(kinds.lastIndexOf("command"))).toEqual(["command", "rollback.decided", "run.closed"]);
    story.say("lena", "/retry");
    expect(last(story)).toMatchObject({ accepted: false, code: "rollback-open" });

    story.finish("roll-back", { status: "done", result: { type: "rolled-back", closed: [11] } });
    expect(story.entries.at(-1)).toMatchObject({
      kind: "rollback.done",
      body: { closed: [11], undone: [first] },
    });
    story.append({ kind: "pull.closed", actor: app, subject: [], body: { pull: 11, head: first } });
    expect(story.state.sticky).toContain("/retry");
    expect(story.state.sticky).toContain("**Execute**");
    story.state.base = "a".repeat(40);
    story.say("lena", "/retry");
    expect(bodies(story, "checkpoint.recorded").at(-1)).toMatchObject({
      checkpoint: "run-2-2/3/R1S0",
      branch: "sallyport/run-2-2/3",
      base: "a".repeat(40),
      head: null,
    });
    story.answer();
    commit(story, third, "a".repeat(40));
    story.finish("open-pull", { status: "done", result: { type: "pull", number: 12 } });
    expect(record(story).prompts[0]).toMatchObject({ pull: 12, branchState: { commits: [third] } });
  });

  test("to a commit keeps the pull request, whose evidence is that of what stands", () => {
    const story = undoneOnce();
    expect(story.asked.findLast(({ type }) => type === "roll-back")).toMatchObject({
      to: first,
      undone: [second],
    });
    const judged = recordOf(story.entries, 11, facts());
    expect(judged.known && judged.value.evidence.map((one) => one.commit)).toEqual([first]);
    expect(judged.known && judged.value.run?.requesters.map(({ login }) => login)).toEqual(["lena"]);
    expect(storyStage(record(story))).toBe("validate");
    story.say("lena", "/retry");
    expect(bodies(story, "checkpoint.recorded").at(-1)).toMatchObject({
      checkpoint: "run-2-3/3/R1S0",
      branch: "sallyport/run-2-1/3",
      base: first,
      head: first,
    });
  });

  test("T254: of a pull request that a person closed lets its prompt begin anew", () => {
    const story = written();
    story.append({ kind: "pull.closed", actor: app, subject: [], body: { pull: 11, head: first } });
    expect(story.state.sticky).toContain("/rollback run-2-1/3/R0S0");
    story.say("lena", "/rollback run-2-1/3/R0S0");
    story.finish("roll-back", { status: "done", result: { type: "rolled-back", closed: [11] } });
    story.say("lena", "/retry");
    expect(story.entries.at(-1)).toMatchObject({
      kind: "prompt.recorded",
      body: { attempt: { r: 1, s: 0 } },
    });
  });

  test("T258: is asked for once, however often it is looked at", () => {
    const story = written();
    story.say("lena", "/rollback run-2-1/3/R0S0");
    for (let again = 0; again < 3; again++) story.look();
    story.finish("roll-back", { status: "done", result: { type: "rolled-back", closed: [11] } });
    for (let again = 0; again < 3; again++) story.look();
    expect(story.asked.filter(({ type }) => type === "roll-back")).toHaveLength(1);
    expect(story.kinds().filter((kind) => kind === "rollback.done")).toHaveLength(1);
  });

  test("that the performer refuses takes nothing back: it is a concern until a person answers", () => {
    const story = written();
    story.say("lena", "/rollback run-2-1/3/R0S0");
    story.finish("roll-back", {
      status: "failed",
      code: "foreign-commit",
      message: "stands at another commit",
    });
    expect(story.kinds().slice(-2)).toEqual(["rollback.failed", "concern.raised"]);
    expect(story.entries.at(-1)).toMatchObject({ body: { raisedBy: "app", code: "rollback-failed" } });
    expect(record(story).prompts[0]).toMatchObject({
      pull: 11,
      branchState: { commits: [first] },
      rolledBack: null,
    });
    expect(story.state.sticky).toContain("stands at another commit");
    story.say("lena", "/clarify I moved the branch back.");
    expect(record(story).concerns).toEqual([]);
  });

  test("takes a commit along that was written after its run had been stopped", () => {
    const story = written();
    story.say("lena", "/stop");
    story.say("lena", "/run");
    story.answer();
    story.say("lena", "/stop");
    commit(story, second, first);
    expect(story.kinds().filter((kind) => kind === "change.committed")).toHaveLength(1);
    story.say("lena", "/rollback run-2-2/3/R0S1");
    expect(story.asked.findLast(({ type }) => type === "roll-back")).toMatchObject({
      to: first,
      undone: [second],
    });
  });
});

describe("a hand-off", () => {
  test("C3: is made once at each border, by who has the work and what it carries", () => {
    const story = writtenTwice();
    const { digest } = entriesOf(story.entries, "run.submitted")[0]?.body ?? {};
    const agent = "agent:anthropic/default";
    const toAgent = {
      from: { stage: "spec", holder: "people:approvers" },
      to: { stage: "execute", holder: agent },
    };
    const toGates = { from: { stage: "execute", holder: agent }, to: { stage: "validate", holder: "app" } };
    for (let again = 0; again < 3; again++) story.look();
    expect(entriesOf(story.entries, "handoff.made").map(({ body }) => body)).toEqual([
      { story: 2, prompt: 3, ...toAgent, carries: digest },
      { story: 2, prompt: 3, ...toGates, carries: first },
      { story: 2, prompt: 3, ...toAgent, carries: digest },
      { story: 2, prompt: 3, ...toGates, carries: second },
    ]);
  });

  test("C1: the stage follows from the record", () => {
    const story = playStory();
    const stage = () => storyStage(record(story));
    const seen = [stage()];
    story.say("lena", "/plan");
    seen.push(stage());
    story.propose();
    story.say("quinn", `/approve ${story.digest()}`);
    story.openPrompts();
    seen.push(stage());
    story.say("lena", "/run");
    seen.push(stage());
    story.answer();
    commit(story, first, base);
    story.finish("open-pull", { status: "done", result: { type: "pull", number: 11 } });
    seen.push(stage());
    const gates = { scope: "pass" } as const;
    const verdict = { pull: 11, head: first, base, conclusion: "success" as const, gates };
    const body = { ...verdict, verdictSha256: "7".repeat(64) };
    story.append({ kind: "verdict.given", actor: app, subject: [], body });
    seen.push(stage());
    expect(story.state.sticky).toContain("**Package**");
    story.append(merged);
    seen.push(stage());
    expect(seen).toEqual(["frame", "spec", "spec", "execute", "validate", "package", "execute"]);
  });
});

test("a commit that was taken back is no evidence when somebody pushes it again, and its trace is broken", () => {
  const story = written();
  const bundle = () => assembleBundle(story.entries, 11, { repository: "acme/web", body: () => null });
  expect(bundle()).toMatchObject({ commit: first });
  expect(tracePull(story.entries, 11).links.find(({ link }) => link === "commit")?.seq).toEqual(expect.any(Number));
  story.say("lena", "/rollback run-2-1/3/R0S0");
  story.finish("roll-back", { status: "done", result: { type: "rolled-back", closed: [11] } });
  const again = recordOf(story.entries, 11, facts());
  expect(again.known && again.value.evidence).toEqual([]);
  expect(bundle()).toBeNull();
  const trace = tracePull(story.entries, 11);
  expect(trace.ok).toBe(false);
  expect(trace.links.find(({ link }) => link === "commit")).toMatchObject({
    seq: null,
    text: `${first} was taken back by a rollback`,
  });
});
