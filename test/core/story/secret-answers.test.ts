import { expect, test } from "@jest/globals";
import { reviewResult } from "../../../core/contract/review.ts";
import { mergeRedactions, redactionReport } from "../../../core/redaction/redaction.ts";
import type { AnswerRedaction } from "../../../schemas/step.ts";
import { begin, playStory, samplePlan } from "../../builders/story.ts";
import { samplePack } from "../../hosts/model-service.ts";

const cuts: AnswerRedaction[] = [
  { rule: "privatekey", where: "file", path: "web/step-1/a.ts", line: 3, count: 1 },
  { rule: "github", where: "summary", count: 1 },
  { rule: "github", where: "summary", count: 1 },
];

test("T218 a secret in a file of the answer refuses it, with the path and line, whatever else it says", () => {
  const result = {
    version: 1,
    outcome: "finished",
    code: "finished",
    summary: "Done.",
    questions: [],
    files: [{ path: "src/a/one.ts", content: "[secret cut]\n" }],
    claims: [{ criterion: "It is done.", how: "It is." }],
  } as const;
  const answer = { ...result, questions: [], files: [...result.files], claims: [...result.claims] };
  const pack = samplePack();
  expect(reviewResult(pack, answer)).toEqual([]);
  expect(reviewResult(pack, { ...answer, redacted: cuts.slice(1) })).toEqual([]);
  expect(reviewResult(pack, { ...answer, redacted: cuts })).toEqual([
    {
      source: "review",
      code: "secret-in-answer",
      path: "web/step-1/a.ts",
      message: expect.stringMatching(/^Line 3 holds what looks like a secret \(privatekey\)/),
    },
  ]);
});

test("T218 the entry tells what was cut, nothing becomes evidence, and the next try is told why", () => {
  const story = begin();
  story.answer({ outcome: "failed", code: "secret-in-answer", files: [], redacted: cuts });
  expect(story.entries.find((entry) => entry.kind === "response.recorded")?.body).toMatchObject({
    code: "secret-in-answer",
    redacted: [
      { rule: "privatekey", where: "file", count: 1 },
      { rule: "github", where: "summary", count: 2 },
    ],
  });
  expect(story.entries.find((entry) => entry.kind === "attempt.closed")?.body).toMatchObject({
    accepted: false,
    reasons: [{ code: "secret-in-answer", path: "web/step-1/a.ts" }],
  });
  expect(story.kinds()).not.toContain("evidence.captured");
  expect(story.kinds().filter((kind) => kind === "prompt.recorded")).toHaveLength(2);
});

test("an answer without a cut has no report", () => {
  const story = begin();
  story.answer();
  const recorded = story.entries.find((entry) => entry.kind === "response.recorded");
  expect(Object.keys(recorded?.body ?? {})).not.toContain("redacted");
});

test("a prompt that must not be sent closes the run at once, with the reason", () => {
  const story = begin();
  const message = "The agent was not asked for #3: its contract holds what looks like a secret (github).";
  story.finish("run-agent", { status: "failed", code: "secret-in-prompt", message });
  expect(story.entries.at(-3)).toMatchObject({ kind: "attempt.closed", body: { accepted: false } });
  expect(story.entries.at(-2)).toMatchObject({
    kind: "run.closed",
    body: { status: "failed", reason: message },
  });
  expect(story.kinds().filter((kind) => kind === "prompt.recorded")).toHaveLength(1);
});

test("the entry of a plan tells what was cut out of it", () => {
  const redacted = [{ rule: "github", where: "plan", count: 2 }];
  const story = playStory();
  story.say("lena", "/plan");
  story.propose(samplePlan, redacted);
  expect(story.entries.at(-1)).toMatchObject({ kind: "plan.proposed", body: { redacted } });
});

test("a report counts by rule and part, and tells neither path nor line", () => {
  expect(redactionReport([])).toEqual([]);
  expect(redactionReport([...cuts, ...cuts])).toEqual([
    { rule: "privatekey", where: "file", count: 2 },
    { rule: "github", where: "summary", count: 4 },
  ]);
  expect(
    mergeRedactions([...cuts, ...cuts, { rule: "privatekey", where: "file", path: "b", line: 1, count: 1 }]),
  ).toEqual([
    { rule: "privatekey", where: "file", path: "web/step-1/a.ts", line: 3, count: 2 },
    { rule: "github", where: "summary", count: 4 },
    { rule: "privatekey", where: "file", path: "b", line: 1, count: 1 },
  ]);
});
