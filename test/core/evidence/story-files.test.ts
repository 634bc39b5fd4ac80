import { expect, test } from "@jest/globals";
import { storyFiles } from "../../../core/evidence/story-files.ts";
import { Plan } from "../../../schemas/plan.ts";
import { entries } from "../../builders/altered-replay.ts";
import { begin, samplePlan } from "../../builders/story.ts";

const files = storyFiles(entries, 2);
const file = (name: string) => files?.get(name) ?? "";

test("C2: a story is told as a brief, its plan, each prompt as its agent saw it, progress, traces and its log", () => {
  expect([...(files?.keys() ?? [])]).toEqual([
    ...["README.md", "PLAN.md", "prompts/1.md", "prompts/2.md", "PROGRESS.md", "TRACEABILITY.md", "LOG.md"],
  ]);
  expect(file("README.md")).toContain("- Title: A story\n");
  expect(file("README.md")).toMatch(/Approved by `@quinn` on 2026-11-21, entry \d+: `[0-9a-f]{64}`/);
  expect(file("README.md")).toContain("- State: complete");
  expect(file("prompts/1.md")).toMatch(/^# .+\n\nStory #2: A story\n/);
  expect(file("LOG.md")).toContain("### Prompt #3, R0/S1");
});

test("C7: how far each prompt is, and which entry proves what of it", () => {
  expect(file("PROGRESS.md")).toMatch(/^\| 1 \| .+ \| #3 \| succeeded \| 2 \| 0 \| #11 \|$/m);
  expect(file("PROGRESS.md")).toMatch(/^\| 2 \| .+ \| #4 \| succeeded \| 1 \| 0 \| #12 \|$/m);
  for (const link of ["merge", "pull request", "commit", "evidence", "answer", "prompt", "run", "contract", "approval"])
    expect(file("TRACEABILITY.md")).toMatch(new RegExp(`^\\| ${link} \\| \\d+ \\|`, "m"));
  expect(file("TRACEABILITY.md")).not.toContain("missing");
});

test("what has not happened is told as such; a story of which nothing was approved is none", () => {
  const begun = storyFiles(begin().entries, 2);
  expect(begun?.get("PROGRESS.md")).toMatch(/^\| 2 \| .+ \| #4 \| queued \| 0 \| 0 \| {2}\|$/m);
  expect(begun?.get("TRACEABILITY.md")).toContain("No pull request was opened for it.");
  expect(begun?.get("README.md")).toContain("0 of 2 prompts merged");
  expect(storyFiles(entries, 9)).toBeNull();
});

test("a plan that nobody approved, and what was answered of it, are no part of the brief", () => {
  const story = begin();
  story.say("lena", "/stop");
  story.say("lena", "/refine Ask.");
  story.propose(Plan.parse({ ...samplePlan, unknowns: ["Which zone?"], acceptance: ["Another criterion."] }));
  story.say("lena", "/clarify UTC.");
  const brief = storyFiles(story.entries, 2)?.get("README.md") ?? "";
  expect(brief).toContain("- It works.");
  expect(brief).not.toMatch(/Another criterion|UTC/);
});
