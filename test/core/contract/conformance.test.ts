import { describe, expect, test } from "@jest/globals";
import { conformanceOf, conformanceText } from "../../../core/contract/conformance.ts";
import { sha256 } from "../../../core/digest.ts";
import { type Draft, entriesOf, type TypedEntry } from "../../../core/entries.ts";
import { known } from "../../../core/known.ts";
import { foldStory } from "../../../core/record/story.ts";
import type { EntryBody } from "../../../schemas/entries.ts";
import { Policy } from "../../../schemas/policy.ts";
import { recordedRun } from "../../builders/recorded-run.ts";
import { playStory, samplePlan, policy as tierless } from "../../builders/story.ts";

const text = "# Acceptance criteria\n";
const story = playStory({ template: known({ path: "docs/contract.md", sha256: sha256(text), text }) });
const policy = Policy.parse({ ...tierless, tiers: { contract: { template: "docs/contract.md" } } });
story.state.policy = policy;
const acceptance = ["Step 1 is done.", "Step 2 is done."];
const plan = { ...samplePlan, acceptance, invariants: ["Old clients work."], verification: ["npm test"] };
const entries = recordedRun(policy, story, plan).entries.filter(({ kind }) => kind !== "story.completed");
const [merge] = entriesOf(entries, "merge.observed");
if (merge === undefined) throw new Error("nothing was merged");
const { pull, head, tree } = merge.body;

const verdict: EntryBody<"verdict.given"> = {
  ...{ pull, head, base: head, conclusion: "success", verdictSha256: "0".repeat(64) },
  gates: { "forbidden-paths": "not-applicable", scope: "pass", protected: "pass", secrets: "fail" },
};
const sealed: EntryBody<"evidence.sealed"> = {
  ...{ run: "run-2-1", story: 2, prompt: 3, attempt: { r: 0, s: 1 }, pull, commit: head, tree, ci: "pass" },
  checks: [{ name: "NPM test", app: "ci", conclusion: "success" }],
  ...{ validator: "pass", verdictSha256: "0".repeat(64), captured: "0".repeat(64) },
};
const signOff: EntryBody<"sign-off.given"> = {
  ...{ pull, comment: 5, sha: head, test: "by hand", result: "pass", environment: "", notes: "", solo: false },
};
const waiver: EntryBody<"waiver.given"> = {
  ...{ pull, comment: 6, sha: head, gate: "forbidden-paths", until: "2026-12-31", reason: "It is due." },
};
const quinn = { type: "user" as const, id: 2, login: "quinn" };

function reported(...added: Pick<Draft, "kind" | "body">[]) {
  const more = added.map((one, index) => ({
    ...{ seq: entries.length + 1 + index, hash: String(index).repeat(64), at: "", actor: quinn, ...one },
  })) as TypedEntry[];
  const all = [...entries, ...more];
  return conformanceOf(foldStory(2, all), all);
}

describe("of a merged prompt the report says", () => {
  const given = { kind: "verdict.given", body: verdict } as const;
  const shown = { evidence: null, held: false, ci: null };
  test.each<[string, Parameters<typeof reported>, object]>([
    ["nothing that the ledger lacks", [], shown],
    ["that it kept to its paths, by the last verdict on its head", [given], { ...shown, held: true }],
    ["nothing of a verdict on another head", [{ ...given, body: { ...verdict, head: "a".repeat(40) } }], shown],
    [
      "that it did not, where that gate failed",
      [{ ...given, body: { ...verdict, gates: { ...verdict.gates, scope: "fail" } } }],
      shown,
    ],
    ["that it did not, where a person waived that", [given, { kind: "waiver.given", body: waiver }], shown],
    ["its evidence", [{ kind: "evidence.sealed", body: sealed }], { ...shown, evidence: "0".repeat(64), ci: "pass" }],
  ])("%s", (_, added, row) => expect(reported(...added)?.prompts[0]).toMatchObject(row));
});

test("a command is seen where our host ran it on what was merged, or a check of its name passed there", () => {
  const failed = { ...sealed, checks: [{ name: "npm test", app: "ci", conclusion: "failure" }] };
  const seen = (body: typeof sealed) => reported({ kind: "evidence.sealed", body })?.commands[0]?.seen;
  const [step] = entriesOf(entries, "change.committed");
  const { run, story: of, prompt, attempt } = step?.body ?? sealed;
  const ran = (exit: number, more: object = {}) => {
    const command = { argv: ["npm", "test"], exit, seconds: 1, output: "0".repeat(64), excerpt: "" };
    const where = { run, story: of, prompt, attempt, ...more };
    const body = { ...where, result: "0".repeat(64), commands: [command], evidence: [] };
    return reported({ kind: "verification.recorded", body })?.commands[0]?.seen;
  };
  expect([ran(0), ran(1), ran(0, { attempt: { r: 7, s: 0 } })]).toEqual([true, false, false]);
  expect([seen(sealed), seen(failed), seen({ ...sealed, commit: "a".repeat(40) })]).toEqual([true, false, false]);
});

test("who tried it is told only while their last result of that test is a pass", () => {
  const given = (result: "pass" | "fail") => ({ kind: "sign-off.given" as const, body: { ...signOff, result } });
  const testers = (...results: ("pass" | "fail")[]) => reported(...results.map(given))?.testers.map(({ id }) => id);
  expect([testers("pass"), testers("pass", "fail"), testers("fail", "pass")]).toEqual([[2], [], [2]]);
});

test("a story without gaps says so, and one with gaps names each first", () => {
  const whole = reported(
    { kind: "verdict.given", body: verdict },
    { kind: "evidence.sealed", body: sealed },
    { kind: "sign-off.given", body: signOff },
  );
  if (whole === null) throw new Error("there is no report");
  const clean = { ...whole, prompts: whole.prompts.slice(0, 1), criteria: whole.criteria.slice(0, 1) };
  expect(conformanceText(clean)[0]).toContain("no gap.");
  const gaps = conformanceText({ ...clean, criteria: [{ criterion: "<b>", prompts: [] }], testers: [] });
  expect(gaps[0]).toContain("2 to know of.");
  expect(gaps.slice(2, 4)).toEqual([
    "- No prompt names the criterion: &lt;b&gt;",
    "- Nobody signed off a test of the invariant: Old clients work.",
  ]);
});

test("a story without a master contract, or with an open prompt, has no report", () => {
  const open = entries.filter((entry) => entry.kind !== "merge.observed" || entry.body.pull !== pull);
  expect(conformanceOf(foldStory(2, open), open)).toBeNull();
  const plain = recordedRun(tierless).entries;
  expect(conformanceOf(foldStory(2, plain), plain)).toBeNull();
});
