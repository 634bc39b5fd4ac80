import { describe, expect, test } from "@jest/globals";
import { entriesOf, type TypedEntry } from "../../../core/entries.ts";
import { canonicalJson } from "../../../core/json.ts";
import { agentAnswers } from "../../../core/record/answers.ts";
import { openConcerns } from "../../../core/record/concerns.ts";
import { recordOf } from "../../../core/record/pull.ts";
import { facts } from "../../builders/pull-facts.ts";
import { begin, playStory } from "../../builders/story.ts";

const stopping = [
  ["stopped", "agent-stopped"],
  ["asked", "agent-asked"],
] as const;

describe("an agent that does not go on", () => {
  test.each(stopping)("B11: has %s: nothing begins until a person answers, and then it is told", (outcome, code) => {
    const story = begin();
    story.answer({ outcome, code, files: [], summary: "Unclear.", questions: ["Which colour?"] });
    expect(story.entries.at(-1)).toMatchObject({
      kind: "concern.raised",
      actor: { type: "agent", login: "m" },
      body: {
        concern: "run-2-1/3/R0S0",
        story: 2,
        pull: null,
        prompt: 3,
        code,
        message: "Unclear.\nWhich colour?",
        raisedBy: "agent",
        about: { type: "answer", run: "run-2-1", attempt: { r: 0, s: 0 } },
      },
    });
    expect(story.state.sticky).toContain("Sallyport: blocked");
    expect(story.state.sticky).toContain("Which colour?");
    story.settle();
    expect(story.kinds().filter((kind) => kind === "prompt.recorded")).toHaveLength(1);

    story.say("lena", "/clarify Blue, <b>always</b>.");
    const kinds = story.kinds();
    expect(kinds.slice(kinds.lastIndexOf("command"))).toEqual([
      "command",
      "concern.answered",
      "checkpoint.recorded",
      "prompt.recorded",
    ]);
    expect(entriesOf(story.entries, "concern.answered")).toMatchObject([
      { actor: { id: 1 }, body: { concern: "run-2-1/3/R0S0", text: "Blue, <b>always</b>." } },
    ]);
    expect(agentAnswers(story.entries)).toEqual([
      { story: 2, prompt: 3, finding: { source: "@lena", code: "answer", message: "Blue, <b>always</b>." } },
    ]);
    const asked = story.asked.findLast((effect) => effect.type === "run-agent");
    const pack = asked?.type === "run-agent" ? story.pack(asked.packSha256) : undefined;
    expect(pack?.kind === "rework" ? pack.failures.map(({ message }) => message) : []).toEqual([
      expect.stringContaining("Unclear."),
      "Blue, <b>always</b>.",
    ]);
  });

  test("raises no concern when it only failed: it is tried again", () => {
    const story = begin();
    story.answer({ outcome: "failed", code: "bad-answer", files: [] });
    expect(story.kinds()).not.toContain("concern.raised");
    expect(story.kinds().filter((kind) => kind === "prompt.recorded")).toHaveLength(2);
  });

  test("whoever answers it is one of those who asked for the change", () => {
    const story = begin();
    story.answer({ outcome: "asked", code: "agent-asked", files: [], questions: ["Which?"] });
    story.say("quinn", "/clarify The second.");
    story.answer();
    const commit = { commit: "d".repeat(40), tree: "e".repeat(40), parent: "b".repeat(40) };
    story.finish("write-change", { status: "done", result: { type: "commit", ...commit } });
    story.finish("open-pull", { status: "done", result: { type: "pull", number: 11 } });
    const record = recordOf(story.entries, 11, facts());
    expect(record.known && record.value.run?.requesters.map(({ login }) => login)).toEqual(["lena", "quinn"]);
  });
});

describe("a person's block", () => {
  test("is answered by /clarify; T7: by no other command, which is told what is open", () => {
    const story = playStory();
    story.say("lena", "/plan");
    story.propose();
    const digest = story.digest();
    story.say("quinn", "/block Is this safe?");
    const raised = story.entries.at(-1);
    expect(raised).toMatchObject({
      kind: "concern.raised",
      actor: { id: 2 },
      body: { code: "blocked", message: "Is this safe?", raisedBy: "person", about: { type: "comment" } },
    });
    expect(openConcerns(story.entries)).toMatchObject([{ issue: 2, by: "@quinn", seq: raised?.seq }]);
    const others = [`/approve ${digest}`, "/run", "/retry", "/plan", "/refine Smaller."];
    for (const text of others) {
      story.say(text.startsWith("/approve") ? "quinn" : "lena", text);
      expect(story.replies().at(-1)).toMatchObject({ accepted: false, line: expect.stringContaining("Is this safe?") });
    }
    expect(openConcerns(story.entries)).toHaveLength(1);
    expect(story.asked.filter(({ type }) => type === "ask-planner")).toHaveLength(1);
    story.say("lena", "/clarify It is safe.");
    expect(openConcerns(story.entries)).toEqual([]);
    expect(story.kinds()).toContain("concern.answered");
  });

  test("T7: is answered alone where its name is given", () => {
    const story = playStory();
    story.say("lena", "/block One?");
    story.say("quinn", "/block Two?");
    story.say("lena", "/clarify comment/1001 Two is fine.");
    expect(openConcerns(story.entries).map(({ message }) => message)).toEqual(["One?"]);
    expect(story.replies().at(-1)?.line).toContain("One?");
  });

  test("two are two, and one answer is for both", () => {
    const story = playStory();
    story.say("lena", "/block One?");
    story.say("quinn", "/block Two?");
    expect(openConcerns(story.entries).map(({ message }) => message)).toEqual(["One?", "Two?"]);
    story.say("lena", "/clarify Both are fine.");
    expect(story.kinds().filter((kind) => kind === "concern.answered")).toHaveLength(2);
    expect(openConcerns(story.entries)).toEqual([]);
  });

  test("is kept whole characters only, because half of one could never be recorded", () => {
    const story = playStory();
    story.say("quinn", `/block ${"a".repeat(3_999)}\u{1F600} and more`);
    const said = story.entries.flatMap(({ kind, body }) =>
      kind === "command" ? [body.text] : kind === "concern.raised" ? [body.message] : [],
    );
    expect(said).toEqual(Array(2).fill(`${"a".repeat(3_999)}\uFFFD`));
    expect(() => story.entries.map(({ body }) => canonicalJson(body))).not.toThrow();
  });

  test("that was refused is none", () => {
    const story = playStory();
    story.say("rita", "/block No!");
    expect(openConcerns(story.entries)).toEqual([]);
  });

  test("holds the next attempt back while a run is open", () => {
    const story = begin();
    story.say("quinn", "/block Wait.");
    story.answer({ files: [{ path: "governance/a", content: "no" }] });
    expect(story.kinds().filter((kind) => kind === "prompt.recorded")).toHaveLength(1);
    story.say("quinn", "/clarify Go on.");
    expect(story.kinds().filter((kind) => kind === "prompt.recorded")).toHaveLength(2);
  });
});

describe("a ledger of an older version, whose blocks have no entry of their own", () => {
  const older = (entries: readonly TypedEntry[]) =>
    entries.filter(({ kind }) => kind !== "concern.raised" && kind !== "concern.answered");

  test("still stops, once for an issue, and is still taken up again", () => {
    const story = playStory();
    story.say("lena", "/block One?");
    story.say("quinn", "/block Two?");
    const blocked = older(story.entries);
    expect(openConcerns(blocked)).toMatchObject([{ code: "blocked", message: "Two?", issue: 2, seq: 3 }]);
    story.say("lena", "/clarify Fine.");
    expect(openConcerns(older(story.entries))).toEqual([]);
  });

  test("is not lost when something else is raised in the name of a comment", () => {
    const story = playStory();
    story.say("quinn", "/block One?");
    const blocked = older(story.entries);
    const about = { type: "comment" as const, id: 5_000 };
    const failed = { story: 2, pull: null, prompt: 3, code: "rollback-failed", message: "No.", about };
    const raised = {
      kind: "concern.raised" as const,
      actor: { type: "app" as const, id: 99, login: "sallyport[bot]" },
      subject: [],
      body: { ...failed, concern: "comment/5000", raisedBy: "app" as const },
    };
    expect(openConcerns([...blocked, raised]).map(({ message }) => message)).toEqual(["One?", "No."]);
    const answered = story.entries.flatMap((entry) => (entry.kind === "concern.raised" ? [entry] : []));
    expect(openConcerns([...blocked, ...answered]).map(({ message }) => message)).toEqual(["One?"]);
  });
});
