import { describe, expect, test } from "@jest/globals";
import { jobChecks, parseWorkflow, workflowPattern } from "../../../collect/repository/workflows.ts";

const checksOf = (text: string) => jobChecks("ci.yml", parseWorkflow("ci.yml", text));

/** The fixed pieces of the names that one job's checks have. */
function piecesOf(job: string): (readonly string[])[] {
  const read = checksOf(`on: push\njobs:\n  test:\n${job.replace(/^/gm, "    ")}\n`);
  if (!read.known) throw new Error(read.why);
  return read.value.map(({ pieces }) => pieces);
}

describe("the checks of a job", () => {
  test.each([
    ["runs-on: ubuntu-latest", [["test"]]],
    ["name: Unit tests", [["Unit tests"]]],
    [`name: on $\{{ matrix.os }}!`, [["on ", "!"]]],
    ["strategy: { matrix: { node: [20, 24] } }", [["test"], ["test (", ")"]]],
    ["uses: ./.github/workflows/build.yml", [["test / ", ""]]],
    [
      "uses: a/b/.github/workflows/c.yml@v1\nstrategy: { matrix: { node: [20] } }",
      [
        ["test / ", ""],
        ["test (", ") / ", ""],
      ],
    ],
    ["name: 7", [["test"]]],
  ])("%j: %j", (job, expected) => {
    expect(piecesOf(job)).toEqual(expected);
  });

  test.each([
    ["on: push\njobs: [", /^ci\.yml:2:8: this is not valid YAML/],
    ["on: push", /has no jobs/],
    ["- a\n- b", /has no jobs/],
    ["", /^ci\.yml:1:1: the file is empty/],
  ])("are unknown for %j", (text, why) => {
    expect(checksOf(text)).toMatchObject({ known: false, why: expect.stringMatching(why) });
  });

  test("a job that is null makes the check of its name", () => {
    expect(checksOf("jobs: { lint: }")).toEqual({
      known: true,
      value: [{ file: "ci.yml", pieces: ["lint"] }],
    });
  });
});

test.each([
  [".github/workflows/ci.yml", true],
  [".github/workflows/ci.yaml", true],
  [".github/workflows/old/ci.yml", false],
  ["docs/.github/workflows/ci.yml", false],
  [".github/workflows/ci.yml.txt", false],
])("%s is a workflow: %s", (path, expected) => {
  expect(workflowPattern.test(path)).toBe(expected);
});
