import { describe, expect, test } from "@jest/globals";
import { agentTrace } from "../../../core/evidence/agent-trace.ts";
import { assembleBundle } from "../../../core/evidence/bundle.ts";
import { testResult } from "../../../core/evidence/test-result.ts";
import { mergedStory } from "../../builders/merged-story.ts";

const [base, head, tree] = ["8".repeat(40), "2".repeat(40), "3".repeat(40)];
const commits = { base, head, tree, merged: "9".repeat(40), mergedTree: tree };
const bundle = assembleBundle(mergedStory(commits, { upTo: "merged" }), 11, {
  repository: "acme/web",
  body: () => null,
});
if (bundle === null) throw new Error("there is no bundle");

test("an agent-trace names the commit, the model and the lines, by an id that the evidence determines", () => {
  const files = [{ path: "web/a.ts", ranges: [{ start_line: 1, end_line: 3 }] }];
  const trace = agentTrace(bundle, "anthropic", files);
  expect(trace).toMatchObject({
    version: expect.stringMatching(/^[0-9]+\.[0-9]+$/),
    id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/),
    timestamp: bundle.at,
    vcs: { type: "git", revision: head },
    files: [
      {
        path: "web/a.ts",
        conversations: [
          {
            url: "https://github.com/acme/web/pull/11",
            contributor: { type: "ai", model_id: "anthropic/m" },
            ranges: [{ start_line: 1, end_line: 3 }],
          },
        ],
      },
    ],
    metadata: { sallyport: { merged: commits.merged } },
  });
  expect(agentTrace(bundle, "anthropic", files)).toEqual(trace);
  expect(agentTrace(bundle, null, files).files[0]?.conversations[0]?.contributor.model_id).toBe("m");
});

describe("a test-result", () => {
  const check = (name: string, conclusion: string) => ({ name, app: "ci", conclusion });
  test("sorts the sealed checks; one that was skipped tested nothing", () => {
    const checks = [check("a", "success"), check("b", "timed_out"), check("c", "neutral"), check("d", "skipped")];
    const statement = testResult({ ...bundle, ci: "fail", checks }, "c".repeat(40));
    expect(statement?.predicate).toMatchObject({
      result: "FAILED",
      configuration: [{ name: ".github/sallyport.yml", digest: { gitBlob: "c".repeat(40) } }],
      passedTests: ["@ci/a"],
      warnedTests: ["@ci/c"],
      failedTests: ["@ci/b"],
    });
    expect(statement?.subject).toEqual([{ name: "head", digest: { gitCommit: head } }]);
  });

  test("names the commands that Sallyport ran beside the checks; they are enough where there are none", () => {
    const ran = (argv: string[], exit: number) => ({ argv, exit, seconds: 1, output: "a".repeat(64), excerpt: "" });
    const verification = [ran(["npm", "ci"], 0), ran(["npm", "test"], 0)];
    const predicate = (more: object) => testResult({ ...bundle, verification, ...more }, null)?.predicate;
    expect(predicate({ ci: "pass", checks: [check("a", "success")] })).toMatchObject({
      ...{ result: "PASSED", passedTests: ["@ci/a", "sallyport: npm ci", "sallyport: npm test"], failedTests: [] },
    });
    expect(predicate({ ci: "none", checks: [] })).toMatchObject({ result: "PASSED" });
    expect(predicate({ ci: "none", checks: [], verification: [ran(["make"], 2)] })).toMatchObject({
      ...{ result: "FAILED", passedTests: [], failedTests: ["sallyport: make"] },
    });
    expect(predicate({ ci: null, checks: null })).toBeUndefined();
  });

  test.each([
    ["nothing was sealed", { ci: null, checks: null }],
    ["there were no checks", { ci: "none" as const, checks: [] }],
  ])("is none where %s", (_, given) => expect(testResult({ ...bundle, ...given }, null)).toBeNull());
});
