import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { TypedEntry } from "../../../core/entries.ts";
import { gateProperty, summariseMerge, summaryStatement } from "../../../core/evidence/vsa.ts";
import type { EntryBody } from "../../../schemas/entries.ts";
import { SummaryStatement, VerificationSummary } from "../../../schemas/vsa.ts";

const [head, other, base, merged] = ["d", "c", "b", "e"].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
];
const actor = { type: "app" as const, id: 9, login: "sallyport[bot]" };
const summariser = {
  page: "https://github.com/apps/sallyport",
  repository: "acme/web",
  now: "2026-11-21T10:00:00.000Z",
};

const place = (seq: number) => ({
  seq,
  hash: seq.toString(16).padStart(64, "0"),
  at: "2026-11-21T09:00:00.000Z",
  actor,
});

function verdict(seq: number, over: Partial<EntryBody<"verdict.given">> = {}): TypedEntry {
  const gates = { "diff-size": "pass", scope: "not-applicable", "manual-test": "pass" } as const;
  const body = { pull: 5, head, base, conclusion: "success", gates, verdictSha256: "2".repeat(64) } as const;
  return { ...place(seq), kind: "verdict.given", body: { ...body, ...over } };
}

function waiver(seq: number, over: Partial<EntryBody<"waiver.given">> = {}): TypedEntry {
  const body = {
    pull: 5,
    sha: head,
    gate: "diff-size",
    until: "2026-11-21",
    reason: "generated",
    comment: 7,
  };
  return { ...place(seq), kind: "waiver.given", body: { ...body, ...over } };
}

function sealed(seq: number, commit = head): TypedEntry {
  const step = { run: "run-2-1", story: 2, prompt: 3, attempt: { r: 0, s: 0 } };
  const seal = {
    pull: 5,
    commit,
    tree: base,
    ci: "pass" as const,
    checks: [],
    validator: "pass" as const,
  };
  const digests = { verdictSha256: "2".repeat(64), captured: "3".repeat(64) };
  return { ...place(seq), kind: "evidence.sealed", body: { ...step, ...seal, ...digests } };
}

const sumUp = (entries: TypedEntry[]) =>
  VerificationSummary.parse(summariseMerge(entries, { pull: 5, head, merged, branch: "main" }, summariser));
const inputsOf = (entries: TypedEntry[]) => sumUp(entries).inputAttestations.map(({ digest }) => digest.sha256);
const hashOf = (seq: number) => place(seq).hash;

describe("a merge of a head that was judged a success", () => {
  test("passes at the first source level, with a property for each gate that passed and no other", () => {
    expect(sumUp([verdict(1)])).toEqual({
      verifier: { id: "https://github.com/apps/sallyport", version: { sallyport: expect.any(String) } },
      timeVerified: summariser.now,
      resourceUri: "git+https://github.com/acme/web",
      policy: { uri: "git+https://github.com/acme/web#.github/sallyport.yml" },
      inputAttestations: [
        {
          uri: "git+https://github.com/acme/web@sallyport/evidence#ledger/0001.jsonl",
          digest: { sha256: hashOf(1) },
        },
      ],
      slsaVersion: "1.2",
      verificationResult: "PASSED",
      verifiedLevels: ["SLSA_SOURCE_LEVEL_1", "ORG_SOURCE_SALLYPORT_DIFF_SIZE", "ORG_SOURCE_SALLYPORT_MANUAL_TEST"],
    });
  });

  test("on a GitHub Enterprise of one's own, names that server and none of github.com's", () => {
    const page = "https://ghe.acme.dev/github-apps/sallyport";
    const merge = { pull: 5, head, merged, branch: "main" };
    const summary = VerificationSummary.parse(summariseMerge([verdict(1)], merge, { ...summariser, page }));
    expect(summary).toMatchObject({ verifier: { id: page }, resourceUri: "git+https://ghe.acme.dev/acme/web" });
    expect(JSON.stringify(summary)).not.toContain("github.com");
  });

  test("names the policy that it was judged by, where the verdict tells it", () => {
    const policy = { ref: base, blob: "a".repeat(40) };
    expect(sumUp([verdict(1, { policy })]).policy).toEqual({
      uri: `git+https://github.com/acme/web@${base}#.github/sallyport.yml`,
      digest: { gitBlob: policy.blob },
    });
    expect(sumUp([verdict(1, { policy: null })]).policy).not.toHaveProperty("digest");
  });

  test("rests on its verdict, the waivers that held and the sealed evidence of that commit", () => {
    const entries = [waiver(1), verdict(2), sealed(3), sealed(4, other)];
    expect(inputsOf(entries)).toEqual([hashOf(2), hashOf(1), hashOf(3)]);
  });
});

describe("a waived gate says so and does not pass for one that passed by itself", () => {
  const property = (entries: TypedEntry[]) =>
    sumUp(entries).verifiedLevels.find((level) => level.includes("DIFF_SIZE"));

  test.each<[string, TypedEntry, boolean]>([
    ["held on the verdict's day", waiver(1), true],
    ["had ended the day before", waiver(1, { until: "2026-11-20" }), false],
    ["is on another commit", waiver(1, { sha: other }), false],
    ["is on another pull request", waiver(1, { pull: 6 }), false],
    ["is of another gate", waiver(1, { gate: "scope" }), false],
    ["T066: is for the branch", waiver(1, { baseRef: "main" }), true],
    ["T066: is for another branch", waiver(1, { baseRef: "topic" }), false],
  ])("the waiver %s", (_, given, isWaived) => {
    expect(property([given, verdict(2, { baseRef: "main" })])).toBe(gateProperty("diff-size", isWaived));
  });
});

describe("refused: it failed, and no level is told", () => {
  test.each<[string, TypedEntry[]]>([
    ["nothing was judged", []],
    ["the verdict was failure", [verdict(1, { conclusion: "failure" })]],
    ["the verdict was still open", [verdict(1, { conclusion: "pending" })]],
    ["T088: the last of the verdicts was failure", [verdict(1), verdict(2, { conclusion: "failure" })]],
    ["T092: the success was for another head", [verdict(1, { head: other })]],
    ["T065: the success was for another pull request with this head", [verdict(1, { pull: 6 })]],
    ["T066 T068: the success was for another branch", [verdict(1, { baseRef: "own" })]],
    [
      "T066 T068: the last success was for another branch",
      [verdict(1, { baseRef: "main" }), verdict(2, { baseRef: "own" })],
    ],
  ])("%s", (_, entries) => {
    expect(sumUp(entries)).toMatchObject({ verificationResult: "FAILED", verifiedLevels: ["FAILED"] });
  });

  test("a success at another head, or of another pull request, after a failure at this one", () => {
    const failed = verdict(1, { conclusion: "failure" });
    for (const later of [verdict(2, { head: other }), verdict(2, { pull: 6 })])
      expect(sumUp([failed, later]).verificationResult).toBe("FAILED");
  });

  test("by its shape a summary that failed has no level, and one that passed is not marked as failed", () => {
    const passed = sumUp([verdict(1)]);
    const failed = sumUp([]);
    const wrong = [
      { ...failed, verifiedLevels: passed.verifiedLevels },
      { ...failed, verifiedLevels: [] },
      { ...failed, verifiedLevels: ["FAILED", "SLSA_SOURCE_LEVEL_1"] },
      { ...passed, verifiedLevels: ["FAILED"] },
      { ...passed, verifiedLevels: ["SLSA_BUILD_LEVEL_3"] },
      { ...passed, verifiedLevels: [] },
    ];
    for (const summary of wrong) expect(VerificationSummary.safeParse(summary).success).toBe(false);
  });
});

test("whatever was recorded, only a last success on the merged head passes", () => {
  const entry = fc.record({
    pull: fc.constantFrom(5, 6),
    head: fc.constantFrom(head, other),
    conclusion: fc.constantFrom("success" as const, "failure" as const, "pending" as const),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 6 }), (given) => {
      const last = given.findLast((one) => one.pull === 5 && one.head === head);
      const summary = sumUp(given.map((one, seq) => verdict(seq + 1, one)));
      expect(summary.verificationResult).toBe(last?.conclusion === "success" ? "PASSED" : "FAILED");
    }),
  );
});

describe("the statement", () => {
  const body = { pull: 5, head, merged, ref: "refs/heads/main", summary: sumUp([verdict(1)]) };

  test("is about the merged revision with its branch, and about the head that was judged", () => {
    const statement = SummaryStatement.parse(summaryStatement(body));
    expect(statement).toMatchObject({
      _type: "https://in-toto.io/Statement/v1",
      predicateType: "https://slsa.dev/verification_summary/v1",
      predicate: { verificationResult: "PASSED" },
    });
    expect(statement.subject).toEqual([
      { name: "merged", digest: { gitCommit: merged }, annotations: { sourceRefs: ["refs/heads/main"] } },
      { name: "judged", digest: { gitCommit: head } },
    ]);
  });

  test("names a commit that entered as it was once", () => {
    expect(summaryStatement({ ...body, merged: head }).subject).toHaveLength(1);
  });
});
