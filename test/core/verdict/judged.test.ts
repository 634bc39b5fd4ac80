import { describe, expect, test } from "@jest/globals";
import { sha256 } from "../../../core/digest.ts";
import type { PullFacts } from "../../../core/facts.ts";
import { known } from "../../../core/known.ts";
import { engine } from "../../../core/verdict/engine.ts";
import { judge, verdictText } from "../../../core/verdict/judge.ts";
import { givenFacts, judgeWhole, verdictBody } from "../../../core/verdict/judged.ts";
import { givenFactsBytes } from "../../../schemas/limits.ts";
import { base, change, facts, head, policyOf, recordOf, runRecord } from "../../builders/pull-facts.ts";

const policy =
  "version: 1\nroles: { web: { allow: [web] } }\ngates:\n  secrets: {}\n  diff-size: { story: { files: 9 } }\n";
const ofRun = facts({ policy, record: runRecord() });
const secret = { rule: "aws", where: "title" as const, commit: null, path: null, line: null };

describe("a verdict with all that its entry tells", () => {
  test("is of all gates, with its digest, what it adds to its story and what crashed", () => {
    const judged = judgeWhole(ofRun);
    expect(judged.verdict).toEqual(judge(ofRun, { settle: "all" }));
    expect(judged).toMatchObject({
      ...{ shared: judged.verdict.conclusion, size: { files: 1, lines: 10 }, crashes: [] },
      digest: sha256(verdictText(judged.verdict)),
    });
    const broken = {
      ...ofRun,
      record: known({
        ...runRecord(),
        get signOffs(): never {
          throw new Error("lost");
        },
      }),
      policy: known({
        state: "loaded" as const,
        ...policyOf("version: 1\ngates: { manual-test: { when: { always: true } } }"),
      }),
    };
    expect(judgeWhole(broken).crashes).toMatchObject([{ gate: "manual-test" }]);
  });

  test("is shared without what the pull request's own title says", () => {
    const judged = judgeWhole({ ...ofRun, secrets: known([secret]) });
    expect([judged.verdict.conclusion, judged.shared]).toEqual(["failure", "success"]);
  });
});

describe("the body of a verdict's entry", () => {
  const judged = judgeWhole(ofRun);
  const { conclusion, policy: read, gates } = judged.verdict;
  const whole = {
    ...{ pull: 3, head, base, baseRef: "main", conclusion, policy: read },
    gates: Object.fromEntries(gates.map(({ gate, status }) => [gate, status])),
    verdictSha256: judged.digest,
  };
  const given = { sha256: sha256("{}"), text: "{}", mediaType: "application/json" };

  test("says no more than there is to say", () => {
    expect(verdictBody(3, "main", { ...judged, size: null, given: null })).toEqual(whole);
    expect(whole.gates).toMatchObject({ secrets: "pass", "diff-size": "pass" });
  });

  test("names another conclusion that is shared, the size, and the facts for a replay", () => {
    expect(verdictBody(3, "main", { ...judged, shared: "failure", given })).toEqual({
      ...whole,
      ...{ shared: "failure", size: { files: 1, lines: 10 } },
      facts: { sha256: given.sha256, bytes: 2, mediaType: "application/json" },
    });
  });
});

describe("what GitHub alone told of a change, for a replay", () => {
  test("is kept of a run's change that was read whole", () => {
    const kept = givenFacts(ofRun);
    expect(kept).toMatchObject({ sha256: sha256(kept?.text ?? ""), mediaType: "application/json" });
    const { pull, retargetedAt, defaultBranch, authorPermission, day, reviews, checks, attachments } = ofRun;
    expect(JSON.parse(kept?.text ?? "")).toEqual({
      ...{ version: 1, engine, repository: { id: 5, name: "acme/site" }, pull, baseRef: "main" },
      ...{ retargetedAt, defaultBranch, authorPermission, day, reviews, checks, attachments },
    });
  });

  const loaded = { state: "loaded" as const, ...policyOf(policy) };
  const away = { known: false as const, why: "HTTP 502" };
  const report = {
    name: "coverage",
    digest: null,
    expired: false,
    workflow: "ci.yml",
    reports: { lcov: known("TN:") },
  };
  const attachments = { headAt: null, textAt: "", artifacts: [report], comments: [], schemaProblems: [] };
  test.each<[string, Partial<PullFacts>]>([
    ["no pull request asks to merge it", { pull: null }],
    ["no run made it", { record: known(recordOf()) }],
    ["the ledger was not read", { record: away }],
    ["the merge base was not read", { mergeBase: away }],
    ["the texts were not read", { texts: away }],
    ["the commits were not read", { commits: away }],
    ["the proposed policy was not read", { proposed: away }],
    ["the changes were not read", { changes: away }],
    ["a file was not counted", { changes: known([change("a"), change("b", { uncounted: away })]) }],
    ["nothing was searched for secrets", { secrets: away }],
    ["a secret was found, which the title may hold", { secrets: known([secret]) }],
    ["the policy was not read", { policy: away }],
    ["there is no policy", { policy: known({ state: "absent", ref: base, removedBy: null }) }],
    ["nobody asked for a search", { policy: known({ ...loaded, ...policyOf("version: 1") }) }],
    ["an artifact's report was read, which nobody searched", { attachments: known(attachments) }],
    ["the policy stands elsewhere", { policy: known({ ...loaded, isRepair: true }) }],
  ])("is not kept where %s", (_, over) => {
    expect(givenFacts({ ...ofRun, ...over })).toBeNull();
  });

  test("is kept as far as there is room", () => {
    const { pull } = ofRun;
    if (pull === null) throw new Error("there is a pull request");
    const sized = (length: number) => givenFacts({ ...ofRun, pull: { ...pull, body: "x".repeat(length) } });
    const room = givenFactsBytes - Buffer.byteLength(sized(0)?.text ?? "");
    expect(Buffer.byteLength(sized(room)?.text ?? "")).toBe(givenFactsBytes);
    expect(sized(room + 1)).toBeNull();
  });
});
