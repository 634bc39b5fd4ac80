import { describe, expect, test } from "@jest/globals";
import { type Draft, entriesOf } from "../../../core/entries.ts";
import { known } from "../../../core/known.ts";
import { agentAnswers, answersFor } from "../../../core/record/answers.ts";
import { recordOf } from "../../../core/record/pull.ts";
import { requirementsOf } from "../../../core/record/requirements.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import type { StoryFacts } from "../../../core/story/facts.ts";
import { type EntryKind, entryBodies } from "../../../schemas/entries.ts";
import { Plan } from "../../../schemas/plan.ts";
import type { Duty } from "../../../schemas/policy-values.ts";
import { facts } from "../../builders/pull-facts.ts";
import { bodiesOf, sourcesOf } from "../../builders/recorded-run.ts";
import { approve, begin, form, playStory, policy, type Story, samplePlan } from "../../builders/story.ts";

const commit = { type: "commit", commit: "d".repeat(40), tree: "e".repeat(40), parent: "b".repeat(40) } as const;
const app = { type: "app", id: 99, login: "sallyport[bot]" } as const;
const max = { id: 30, login: "max", type: "User" } as const;

const draft = <K extends EntryKind>(kind: K, body: unknown): Draft =>
  ({ kind, actor: app, subject: [], body: entryBodies[kind].parse(body) }) as Draft;

/** The labels, the comment and the last reply of a story. */
function shown(story: Story) {
  return { state: story.labels(), text: story.state.sticky ?? "", reply: story.replies().at(-1) };
}

function opened(story: Story = begin(), index = 1): Story {
  story.answer({}, index);
  story.finish("write-change", { status: "done", result: commit });
  story.finish("open-pull", { status: "done", result: { type: "pull", number: 10 + index } });
  return story;
}

function merge(story: Story, pull: number, judged: boolean): void {
  const body = { pull, head: "d".repeat(40), merged: "f".repeat(40), tree: "e".repeat(40), judged, by: max };
  story.append(draft("merge.observed", body));
}

const pastCheck = (pull: number) =>
  draft("concern.raised", {
    concern: `merged/${pull}`,
    story: 2,
    pull: null,
    prompt: 3,
    code: "merged-past-check",
    message: `#${pull} was merged.`,
    raisedBy: "app",
    about: { type: "merge", pull, merged: "f".repeat(40), by: max },
  });

describe("T1: the risk and the manual test that hold", () => {
  const asking = (risk: string, manual: string) =>
    `${form.replace("\nhigh", `\n${risk}`)}\n\n### Manual test\n\n${manual}`;
  const low = Plan.parse({ ...samplePlan, risk: "low" });

  test.each([
    ["the story's, where it is the highest", asking("critical", "no"), "", "critical", false],
    ["the epic's, where it is the highest", asking("low", "no"), "### Risk\n\nhigh", "high", false],
    ["the plan's, where nobody asks for more", asking("low", "no"), "### Risk\n\nlow", "low", false],
    ["a person's yes", asking("low", "yes"), "", "low", true],
    ["an epic's yes", asking("low", "no"), "### Manual test\n\nyes", "low", true],
  ])("is %s", (_, body, epic, risk, needsManualTest) => {
    const story = playStory();
    Object.assign(story.state, { body, epic });
    story.say("lena", "/plan");
    story.propose(low);
    expect(story.state.sticky).toContain(`**Risk**: ${risk}`);
    expect(story.state.sticky?.includes("the story or its epic says yes")).toBe(needsManualTest);
    story.say("quinn", `/approve ${story.digest()}`);
    expect(story.replies().at(-1)?.line).toContain(`risk ${risk}`);
    const frozen = story.entries.find((entry) => entry.kind === "contract.frozen");
    if (frozen?.kind !== "contract.frozen") throw new Error("nothing is frozen");
    expect(requirementsOf(frozen.body)).toEqual({ risk, needsManualTest });
    expect(frozen.body.risk).toBe("low");
  });

  test("is what the gates of its pull requests are told", () => {
    const story = playStory();
    story.state.body = asking("critical", "yes");
    story.say("lena", "/plan");
    story.propose(low);
    story.say("quinn", `/approve ${story.digest()}`);
    story.openPrompts();
    story.say("lena", "/run");
    const record = recordOf(opened(story).entries, 11, facts());
    expect(record.known && record.value.run).toMatchObject({ risk: "critical", needsManualTest: true });
  });

  test("is the plan's alone in a contract of an older version", () => {
    expect(requirementsOf({ risk: "medium", manualTest: null })).toEqual({ risk: "medium", needsManualTest: false });
  });
});

describe("T2: a plan's open questions", () => {
  const asking = Plan.parse({ ...samplePlan, unknowns: ["Which zone?", "Which <b>colour</b>?"] });
  const planned = (plan = asking) => {
    const story = playStory();
    story.say("lena", "/plan");
    story.propose(plan);
    return story;
  };
  const digestOf = (story: Story) => {
    const other = playStory();
    other.say("lena", "/plan");
    other.propose(asking);
    other.say("lena", "/clarify Any.");
    return other.digest() || story.digest();
  };

  test("block the approval, which is refused with the list, until they are answered", () => {
    const story = planned();
    expect(shown(story).state).toEqual(["blocked", "needs-answer"]);
    story.say("quinn", `/approve ${digestOf(story)}`);
    expect(shown(story).reply).toMatchObject({ accepted: false });
    expect(shown(story).reply?.line).toContain("Which zone?");
    expect(shown(story).reply?.line).not.toContain("<b>");
    story.say("lena", "/clarify question-2-1-2 Leave it open.");
    expect(shown(story).text).toContain("Which zone?");
    story.say("lena", "/clarify UTC.");
    story.say("quinn", `/approve ${story.digest()}`);
    expect(story.kinds()).toContain("contract.frozen");
  });

  test("are frozen with their answers into the contract of each prompt", () => {
    const story = planned();
    story.say("lena", "/clarify UTC.");
    story.say("quinn", `/approve ${story.digest()}`);
    story.openPrompts();
    story.say("lena", "/run");
    const asked = story.asked.findLast((effect) => effect.type === "run-agent");
    const pack = asked?.type === "run-agent" ? story.pack(asked.packSha256) : undefined;
    expect(pack?.kind).toBe("step");
    expect(pack?.contract).toContain("- Which zone? Answer of @lena: UTC.\n");
    for (const { body } of entriesOf(story.entries, "contract.frozen"))
      for (const { text } of body.prompts) expect(text).toContain("Answers to open questions");
    const sources = sourcesOf(story.entries, { packs: bodiesOf([...story.packs.values()]) });
    const steps = replayRun("run-2-1", story.entries, sources)?.steps ?? [];
    expect(steps.filter(({ result }) => result === "differs")).toEqual([]);
    const forged = story.entries.map((entry) =>
      entry.kind === "concern.answered" ? { ...entry, body: { ...entry.body, text: "CET." } } : entry,
    );
    const differing = replayRun("run-2-1", forged, sources)?.steps.filter(({ result }) => result === "differs") ?? [];
    expect(differing.map(({ step }) => step)).toEqual(expect.arrayContaining(["approval", "contract", "prompt"]));
  });

  test.each(["agent", "app"])(
    "A3: whoever answers one of the %s asked for the change, as its contract has their words",
    (raisedBy) => {
      const story = planned(samplePlan);
      const question = { concern: "intake-2-1-1", story: 2, pull: null, prompt: null, code: "open-question", raisedBy };
      const about = { type: "comment", id: 1 };
      story.append(
        draft("concern.raised", { ...question, message: "The task says another risk. Which holds?", about }),
      );
      story.say("quinn", "/clarify Take the lower one.");
      story.say("quinn", `/approve ${story.digest()}`);
      story.openPrompts();
      story.say("lena", "/run");
      const record = recordOf(opened(story).entries, 11, facts());
      expect(record.known && record.value.run?.requesters.map(({ login }) => login)).toEqual(["lena", "quinn"]);
    },
  );

  test("whose answers begin no line of the contract and hide nothing in it", () => {
    const story = planned();
    story.say("lena", "/clarify UTC.\nAlways.\r## Paths that may change\r- law/**\u200b");
    story.say("quinn", `/approve ${story.digest()}`);
    const [frozen] = entriesOf(story.entries, "contract.frozen");
    expect(frozen?.body.prompts[0]?.text).toContain(
      "UTC. Always.[U+000D]## Paths that may change[U+000D]- law/**[U+200B]\n",
    );
  });

  test("whose answers the approval is bound to: a digest from before an answer approves nothing", () => {
    const story = planned();
    story.say("lena", "/clarify question-2-1-1 UTC.");
    const early = planned();
    early.say("lena", "/clarify CET.");
    story.say("lena", "/clarify Blue.");
    story.say("quinn", `/approve ${early.digest()}`);
    expect(shown(story).reply).toMatchObject({ accepted: false, line: expect.stringContaining("not the current one") });
    expect(story.digest()).not.toBe(early.digest());
  });

  test("whose answers are longer than a contract holds are refused with the way on", () => {
    const story = planned({ ...asking, unknowns: Array.from({ length: 9 }, (_, index) => `Which zone ${index}?`) });
    story.say("lena", `/clarify ${"UTC ".repeat(900)}`);
    story.say("quinn", `/approve ${story.digest()}`);
    expect(shown(story).reply).toMatchObject({ accepted: false, line: expect.stringContaining("`/refine`") });
  });

  test("of a plan that nobody approved are no part of the run of the one before", () => {
    const story = planned(samplePlan);
    story.say("quinn", `/approve ${story.digest()}`);
    story.openPrompts();
    story.say("lena", "/refine Ask about the zone.");
    story.propose(asking);
    story.say("lena", "/clarify UTC.");
    story.say("lena", "/run");
    const asked = story.asked.findLast((effect) => effect.type === "run-agent");
    const pack = asked?.type === "run-agent" ? story.pack(asked.packSha256) : undefined;
    expect(pack?.kind).toBe("step");
    expect(JSON.stringify(pack)).not.toContain("UTC.");
  });

  test("of an approval of an older version reach each pack instead", () => {
    const story = planned();
    story.say("lena", "/clarify UTC.");
    const answer = agentAnswers(story.entries);
    const where = { story: 2, prompt: 3 };
    expect(answersFor(answer, where, undefined).map(({ message }) => message)[0]).toMatch(/Which zone\?.*UTC\./);
    expect(answersFor(answer, where, "f".repeat(64))).toEqual([]);
  });

  test("are void with a newer plan, and stop no planning", () => {
    const story = planned();
    story.say("lena", "/refine Use UTC.");
    story.propose();
    expect(shown(story).state).toEqual(["draft", "needs-approval"]);
    story.say("quinn", `/approve ${story.digest()}`);
    expect(story.kinds()).toContain("contract.frozen");
  });
});

describe("T3: /stop", () => {
  test.each<[string, (story: Story) => void, string]>([
    ["while the agent is at work", () => {}, "the agent at work on #3 is broken off"],
    ["with an open pull request", opened, "no agent is at work, and no further step of it begins. #11 stays open."],
  ])("%s says what is so", (_, act, line) => {
    const story = begin();
    act(story);
    story.say("lena", "/stop");
    expect(shown(story).reply).toMatchObject({ accepted: true, line: expect.stringContaining(line) });
    expect(shown(story).text).not.toContain("The agent is at work");
  });

  test("breaks the planner off too", () => {
    const story = playStory();
    story.say("lena", "/plan");
    story.say("lena", "/stop");
    expect(story.entries.at(-1)).toMatchObject({ kind: "plan.failed", body: { code: "stopped" } });
  });
});

describe("T4: a merge past the check", () => {
  test("completes nothing until an approver who did not merge it accepts it by its name", () => {
    const story = opened();
    const { length } = story.entries;
    story.append(pastCheck(11));
    merge(story, 11, false);
    expect(story.kinds().slice(length)).toEqual(["concern.raised", "merge.observed"]);
    expect(shown(story).state).toEqual(["blocked", "needs-answer"]);
    const refused = ["/clarify It is fine.", "/clarify merged/11 It is fine."];
    for (const text of refused) story.say("lena", text);
    story.say("quinn", "/clarify It is fine.");
    story.say("quinn", "/clarify merged/11 I merged it.", { by: max });
    expect(story.kinds()).not.toContain("prompt.completed");
    story.say("quinn", "/clarify merged/11 The check was down.");
    expect(story.kinds()).toContain("prompt.completed");
    const closing = story.asked.find((effect) => effect.type === "close-issue");
    expect(closing).toMatchObject({ comment: expect.stringContaining("past its check; @quinn accepted that") });
  });

  test("is accepted by nobody who asked for the change, also in an earlier run", () => {
    const both = { permission: known({ role: "write" as const, duties: ["executors", "approvers"] as Duty[] }) };
    const story = approve();
    story.say("quinn", "/run", both);
    opened(story).say("lena", "/stop");
    story.say("lena", "/run");
    story.append(pastCheck(11));
    merge(story, 11, false);
    story.say("quinn", "/clarify merged/11 The check was down.", both);
    expect(shown(story).reply).toMatchObject({ accepted: false });
    expect(story.kinds()).not.toContain("concern.answered");
    story.say("quinn", "/clarify merged/11 The check was down.", { ...both, by: { ...max, id: 31 } });
    expect(story.kinds()).toContain("prompt.completed");
  });

  test("of an older ledger, which has no concern of it, completes as it did, and its texts do not call it a success", () => {
    const story = opened();
    merge(story, 11, false);
    expect(story.kinds()).toContain("prompt.completed");
    expect(story.asked.find((effect) => effect.type === "close-issue")).toMatchObject({
      comment: expect.stringContaining("past its check; nobody accepted that"),
    });
  });

  /** What the ledger has of both merges, and the claims that the completion may make of it. */
  const signOff = draft("sign-off.given", {
    pull: 11,
    comment: 5,
    sha: "d".repeat(40),
    test: "manual",
    result: "pass",
    environment: "",
    notes: "",
    solo: false,
  });
  const waiver = draft("waiver.given", {
    pull: 11,
    comment: 6,
    sha: "d".repeat(40),
    gate: "diff-size",
    until: "2026-11-30",
    reason: "It is generated.",
  });
  const sealed = draft("evidence.sealed", {
    run: "run-2-1",
    story: 2,
    prompt: 3,
    attempt: { r: 0, s: 0 },
    pull: 11,
    commit: "d".repeat(40),
    tree: "e".repeat(40),
    ci: "none",
    checks: [],
    validator: "pass",
    verdictSha256: "7".repeat(64),
    captured: "8".repeat(64),
  });
  test.each<[string, Draft[], boolean, Record<string, boolean>]>([
    ["nothing but merges", [], false, { success: false }],
    ["successful verdicts", [], true, { success: true }],
    ["a sign-off", [signOff], true, { "manual` pass": true }],
    ["a waiver", [waiver], true, { "waiver of `diff-size`": true }],
    ["evidence", [sealed], true, { "entry ": true }],
  ])("the completion of a story with %s claims no more than its entries", (_, entries, judged, claims) => {
    const story = opened();
    for (const entry of entries) story.append(entry);
    merge(story, 11, judged);
    opened(story, 2);
    merge(story, 12, judged);
    const effect = story.asked.findLast((one) => one.type === "close-issue");
    const text = effect?.type === "close-issue" ? effect.comment : "";
    const [row = ""] = text.split("\n").filter((line) => line.startsWith("| #3"));
    const all = { success: judged, "manual` pass": false, "waiver of": false, "entry ": false, ...claims };
    for (const [claim, isMade] of Object.entries(all))
      expect([claim, row.replace("no success", "").includes(claim)]).toEqual([
        claim,
        isMade || (claim === "waiver of" && entries.includes(waiver)),
      ]);
    expect(text.split("\n")[0]).toBe("Complete: every diff prompt is merged. This is what the ledger has of each:");
  });
});

describe("T6: a failed request for another plan", () => {
  const failed = (story: Story) =>
    story.finish("ask-planner", { status: "failed", code: "service", message: "Connection error." });

  test("is told, and the plan before it is not open for approval any more", () => {
    const story = playStory();
    story.say("lena", "/plan");
    story.propose();
    const digest = story.digest();
    story.say("lena", "/refine Smaller.");
    story.say("quinn", `/approve ${digest}`);
    expect(shown(story).reply).toMatchObject({ accepted: false, line: expect.stringContaining("not open any more") });
    failed(story);
    expect(shown(story).text).toContain("Connection error.");
    expect(shown(story).text).toContain("Revision 1 is not open for approval any more.");
    expect(shown(story).state).toEqual(["failed"]);
    story.say("quinn", `/approve ${digest}`);
    expect(story.kinds()).not.toContain("contract.frozen");
  });

  test("leaves an approved plan in force, and is told beside its next step", () => {
    const story = approve();
    story.say("lena", "/refine Smaller.");
    failed(story);
    expect(shown(story).text).toContain("The last request for another plan failed");
    expect(shown(story).text).toContain("/run");
  });
});

describe.each(["closed", "locked"] as const)("H6: a story that is %s", (shut) => {
  test("is not planned, approved or run", () => {
    const story = playStory();
    story.say("lena", "/plan");
    story.propose();
    const digest = story.digest();
    story.state.shut = shut;
    for (const [person, text] of [
      ["lena", "/plan"],
      ["lena", "/refine Smaller."],
      ["quinn", `/approve ${digest}`],
      ["lena", "/run"],
    ] as const) {
      story.say(person, text);
      expect(shown(story).reply).toMatchObject({ accepted: false, line: expect.stringContaining(shut) });
    }
    expect(shown(story).state).toEqual(["archived"]);
    expect(story.asked.filter(({ type }) => type === "ask-planner")).toHaveLength(1);
  });

  test("ends its run with a reply, once, and its planning", () => {
    const story = begin();
    story.state.shut = shut;
    story.settle();
    expect(story.entries.at(-1)).toMatchObject({ kind: "run.closed", body: { status: "cancelled" } });
    expect(shown(story).reply).toMatchObject({ line: expect.stringContaining("run-2-1 ended") });
    const replies = story.replies().length;
    story.settle();
    expect(story.replies()).toHaveLength(replies);

    const planning = playStory();
    planning.say("lena", "/plan");
    planning.state.shut = shut;
    planning.settle();
    expect(planning.entries.at(-1)).toMatchObject({ kind: "plan.failed", body: { code: shut } });
  });

  test("still takes a merge in", () => {
    const story = opened();
    story.state.shut = shut;
    merge(story, 11, true);
    expect(story.kinds()).toContain("prompt.completed");
  });
});

describe("T11: where a story stands is said by label, heading and /status alike", () => {
  const verdict = (gates: object) =>
    draft("verdict.given", {
      pull: 11,
      head: "d".repeat(40),
      base: "b".repeat(40),
      conclusion: "pending",
      gates,
      verdictSha256: "7".repeat(64),
    });
  const lost = (story: Story) => {
    const outcome = { status: "failed", code: "internal", message: "No branch." } as const;
    story.answer();
    story.finish("write-change", outcome);
  };
  test("U6: a sign-off is waited for from those approvers who did not ask for the change", () => {
    const people = { ...policy.people, approvers: ["@Lena", "@quinn"] };
    const at = { state: "loaded", ref: "b".repeat(40), blob: "c".repeat(40), lines: {} } as const;
    const story = opened(begin(playStory({ policy: known({ ...at, policy: { ...policy, people } }) })));
    story.append(verdict({ "manual-test": "pending", ci: "pass" }));
    expect(story.state.sticky).toMatch(/^Who: @\u200bquinn$/m);
  });

  test.each<[string, (story: Story) => void, string[], string]>([
    ["the agent is at work", () => {}, ["executing"], "The agent is at work on #3."],
    ["its run failed", lost, ["failed"], "run-2-1 failed"],
    [
      "a block stands beside a failed run",
      (story) => {
        lost(story);
        story.say("quinn", "/block No.");
      },
      ["blocked", "needs-answer"],
      "No.",
    ],
    [
      "a sign-off is waited for",
      (story) => opened(story).append(verdict({ "manual-test": "pending", ci: "pass" })),
      ["manual_test", "needs-sign-off"],
      "#11 waits for a person who tries it.",
    ],
    [
      "T9: checks come before a sign-off",
      (story) => opened(story).append(verdict({ "manual-test": "pending", ci: "pending" })),
      ["executing"],
      "#11 waits: manual-test, ci.",
    ],
    [
      "a gate fails",
      (story) => opened(story).append(verdict({ tests: "fail", scope: "pass" })),
      ["executing"],
      "#11 fails: tests.",
    ],
  ])("%s", (_, act, labels, text) => {
    const story = begin();
    act(story);
    story.settle();
    expect(story.labels()).toEqual(labels);
    expect(story.state.sticky).toContain(text);
    const heading = story.state.sticky?.split("\n")[0]?.replace("### Sallyport: ", "") ?? "";
    story.say("quinn", "/status");
    expect(story.replies().at(-1)?.line).toContain(`**${heading}**`);
    expect(story.replies().at(-1)?.line).toContain(text);
  });
});

describe("T11: what was approved goes on", () => {
  test.each<[string, (story: Story) => void, string[]]>([
    ["in an open run", () => {}, ["executing"]],
    ["after a run that was stopped", (story) => story.say("lena", "/stop"), ["ready"]],
  ])("%s, whatever became of the records that the story names", (_, act, labels) => {
    const more: Partial<StoryFacts> = {};
    const story = begin(playStory(more));
    act(story);
    more.decisions = known([{ path: "docs/one.md", exists: false }]);
    story.settle();
    expect(story.labels()).toEqual(labels);
    expect(story.state.sticky).not.toContain("not ready");
    // Another plan still asks for them.
    story.say("lena", "/stop");
    story.say("lena", "/plan");
    expect(shown(story).reply).toMatchObject({ accepted: false, line: expect.stringContaining("docs/one.md") });
  });

  test("but not a plan that has become too old to be approved: the next step is another one", () => {
    const story = playStory();
    story.say("lena", "/plan");
    story.propose();
    expect(shown(story).state).toEqual(["draft", "needs-approval"]);
    story.state.now = "2026-12-21T10:00:00.000Z";
    story.settle();
    expect(shown(story).state).toEqual(["draft"]);
    expect(shown(story).text).toContain("older than 7 days");
    expect(shown(story).text).toContain("```\n/plan\n```");
  });

  test("while a newer plan waits, which can be approved after the run", () => {
    const story = approve();
    story.say("lena", "/refine Smaller steps.");
    story.propose();
    expect(shown(story).state).toEqual(["draft", "needs-approval"]);
    story.say("lena", "/run");
    expect(shown(story).state).toEqual(["executing"]);
    expect(shown(story).text).toContain("The agent is at work on #3. Revision 2 of the plan can be approved once");
    story.say("lena", "/stop");
    expect(shown(story).state).toEqual(["draft", "needs-approval"]);
  });
});

test("T10: a command label stays on while it cannot be answered yet, and goes with its answer", () => {
  const story = playStory();
  story.state.labels = ["story", "ai:plan"];
  const source = { type: "label" as const, id: 5, label: "ai:plan" };
  const gone = () => story.asked.filter((effect) => effect.type === "ensure-label-gone");
  story.say("lena", "/plan", { source, permission: { known: false, why: "HTTP 500" } });
  expect(gone()).toEqual([]);
  const other = playStory();
  other.say("lena", "/plan", { source });
  expect(other.kinds()).toContain("command");
  expect(
    other
      .look()
      .effects.concat(other.asked)
      .some((effect) => effect.type === "ensure-label-gone"),
  ).toBe(true);
});

test("T10: /help lists what this person may write here, and nothing else", () => {
  const story = playStory();
  story.say("quinn", "/help");
  const line = story.replies().at(-1)?.line ?? "";
  for (const form of ["/status", "/approve <digest>", "/block <why>"]) expect(line).toContain(`\`${form}\``);
  for (const form of ["/plan", "/run", "/sign-off"]) expect(line).not.toContain(`\`${form}`);
  expect(policy.people.approvers).toEqual(["@quinn"]);
});
