import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { addedLines, ownersOf } from "../../../core/analysis/added-lines.ts";
import { harnessLines } from "../../../core/analysis/harness-lines.ts";
import { loopholes } from "../../../core/analysis/loopholes.ts";
import { thresholdsIn } from "../../../core/analysis/thresholds.ts";
import { lostEvents } from "../../../core/analysis/workflow.ts";
import { readWorkflowLines } from "../../../core/analysis/workflow-lines.ts";

const lines = (text: string) => text.split("|");

describe("lines that a change adds", () => {
  test.each([
    ["nothing", "a|b|c", "a|b|c", []],
    ["a new line", "a|b", "a|x|b", [1]],
    ["a second one of the same", "a|x|b", "a|x|x|b", [2]],
    ["a line that moves", "x|a|b", "a|b|x", [2]],
    ["none for spacing", "a|  b", "  a|b", []],
    ["none for a blank line", "a|b", "a||b", []],
    ["a block that moves stays as it was", "a:|  x|b:|  y|c:", "b:|  y|c:|a:|  x", [3]],
    ["all of a new text", "", "a|b", [0, 1]],
    ["none of a text that goes", "a|b", "", []],
  ])("%s", (_, before, after, added) => {
    expect(addedLines(lines(before), lines(after))).toEqual(added);
  });

  const text = fc.array(fc.constantFrom("a", "b", "c", "  a", "  b", "- a", "", "d", "e", "f"), {
    maxLength: 30,
  });
  const count = (all: readonly string[], line: string) => all.filter((one) => one.trim() === line).length;

  test("what is not added was there before, line for line", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const added = new Set(addedLines(before, after));
        const kept = after.filter((line, index) => line.trim() !== "" && !added.has(index));
        for (const line of new Set(kept.map((one) => one.trim())))
          expect(count(kept, line)).toBeLessThanOrEqual(count(before, line));
      }),
    );
  });

  test("lines put in between are all that is added", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1 }).filter((one) => one.trim() === one)),
        fc.nat(),
        (some, at) => {
          const index = at % (some.length + 1);
          expect(addedLines(some, [...some.slice(0, index), "a new line of its own", ...some.slice(index)])).toEqual([
            index,
          ]);
        },
      ),
    );
  });
});

test("a line stands under the key that it is set in further than, and an item under its list's key", () => {
  expect(ownersOf(["a:", "  b:", "", "  - c: 1", "    d: 2", "  - e", "f:", "- g"])).toEqual([
    -1, 0, -1, 1, 3, 1, -1, 6,
  ]);
});

describe("a workflow's text", () => {
  const read = (text: string) => readWorkflowLines(text.split("\n"));
  test.each([
    ["jobs:\n  a:\n    b: 1\n  'c-d':\n    e: 2\nenv:\n  f: 3\n", ["a", "c-d"]],
    ["jobs:\n\n      a:\n        b: 1\n      c:\n", ["a", "c"]],
    ["on: push\n", []],
    ["jobs: { a: { b: 1 } }\n", []],
    ["jobs:\n  a:\n    run: |\n      b:\n", ["a"]],
  ])("%j has the jobs %j", (text, jobs) => {
    expect(read(text).jobs).toEqual(jobs);
  });
  test.each([
    ["on: push\n", ["push"]],
    ["'on': [push, pull_request]\n", ["push", "pull_request"]],
    ["on:\n- push\n- merge_group\njobs:\n", ["push", "merge_group"]],
    ["on:\n  pull_request_target:\n    types: [opened]\n", ["pull_request_target"]],
    ["jobs:\n  push:\n", []],
  ])("%j starts on %j", (text, events) => {
    expect(read(text).events).toEqual(events);
  });
  test.each([
    ["pull_request", ["pull_request"], [], ["pull_request"]],
    ["nothing when it only gains", ["push"], ["push", "pull_request"], []],
    ["nothing by running on pull requests only", ["push", "pull_request"], ["pull_request"], []],
    ["pushes when nothing else is left", ["push"], [], ["push"]],
    ["merge_group", ["merge_group", "push"], ["push"], ["merge_group"]],
    ["nothing by leaving secrets behind", ["pull_request_target"], ["pull_request"], []],
    ["nothing by not following another workflow", ["workflow_run"], [], []],
  ])("it loses %s", (_, before, after, lost) => {
    expect(lostEvents(before, after)).toEqual(lost);
  });
});

test.each([" ", "\n", "  exit 0\n", "|| ", "if: a && ", "a: |\n", "lines: { ", "'\"", "- ", " #", "# \r"])(
  "T038: half a megabyte of %j is read in linear time",
  (piece) => {
    const text = piece.repeat(500_000 / piece.length);
    for (const kind of ["workflow", "shell", "make", "package", "program"] as const) {
      const lines = harnessLines("a.ts", kind, text);
      const added = addedLines([], lines);
      expect(loopholes(kind, lines, added, false).length).toBeLessThanOrEqual(2 * added.length);
    }
    for (const path of ["codecov.yml", "jest.config.ts"]) expect(thresholdsIn(path, `${text}\rx`)).toEqual([]);
  },
);
