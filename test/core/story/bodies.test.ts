import { expect, test } from "@jest/globals";
import {
  checkpointBody,
  contractBody,
  evidenceBody,
  pullBody,
  responseFiles,
  runBody,
  stepOf,
} from "../../../core/story/bodies.ts";
import { samplePlan } from "../../builders/story.ts";

// Written out here and nowhere else: rules and replay share the builders, so a replay cannot see that one of them changed.

const step = { run: "run-2-1", story: 2, prompt: 3, attempt: { r: 0, s: 1 } };
const [base, head] = ["b".repeat(40), "c".repeat(40)];
const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const usage = { model: "m", calls: 1, inputTokens: 2, outputTokens: 3 };
const ref = { sha256: "1".repeat(64), bytes: 9, mediaType: "application/json" };
const asked = { ...step, base, branch: "sallyport/run-2-1/3", pack: { ...ref, sha256: "2".repeat(64) } };
const files = [{ path: "a", sha256: empty }];

test.each<[string, unknown, unknown]>([
  ["the step of an attempt", stepOf(asked), step],
  [
    "a run after one other",
    runBody({ story: 2, digest: "d" }, 1, [3, 4], { id: 1, login: "lena", type: "User" }),
    {
      ...{ run: "run-2-2", story: 2, mode: "stop_on_failure", prompts: [3, 4], digest: "d" },
      by: { id: 1, login: "lena", type: "User" },
    },
  ],
  [
    "a checkpoint of a branch that is to be made",
    checkpointBody(asked, { branch: "sallyport/run-2-1/3", head: null }, base),
    { ...step, checkpoint: "run-2-1/3/R0S1", branch: "sallyport/run-2-1/3", base, head: null },
  ],
  [
    "a checkpoint of one that stands",
    checkpointBody(step, { branch: "sallyport/run-2-0/3", head }, base),
    { ...step, checkpoint: "run-2-1/3/R0S1", branch: "sallyport/run-2-0/3", base: head, head },
  ],
  [
    "an answer's files, one of them deleted",
    responseFiles({
      files: [
        { path: "a", content: "" },
        { path: "b", content: null },
      ],
    }),
    [...files, { path: "b", sha256: null }],
  ],
  [
    "the evidence of an answer",
    evidenceBody(
      asked,
      { ...step, result: ref, outcome: "finished", code: "finished", files, usage, seconds: 4 },
      null,
      "web",
    ),
    {
      ...{ ...step, base, promptSha256: "2".repeat(64), responseSha256: "1".repeat(64) },
      ...{ files, role: "web", usage, seconds: 4 },
    },
  ],
  [
    "a pull request",
    pullBody(asked, head, 11),
    { run: "run-2-1", story: 2, prompt: 3, pull: 11, branch: "sallyport/run-2-1/3", head },
  ],
])("%s", (_, built, written) => {
  expect(built).toEqual(written);
});

test("a contract freezes the plan's prompts, in their order and under the story's title", () => {
  const plan = { plan: samplePlan, revision: 3 };
  const { prompts, ...body } = contractBody({ number: 2, title: "A story" }, plan, "d", ["docs/one.md"], undefined);
  const decisions = ["docs/one.md"];
  expect(body).toEqual({ story: 2, revision: 3, digest: "d", risk: "high", manualTest: null, decisions });
  expect(prompts.map(({ index, title }) => [index, title])).toEqual([
    [1, "Step 1"],
    [2, "Step 2"],
  ]);
  for (const { text } of prompts) expect(text).toContain("Story #2: A story");
});
