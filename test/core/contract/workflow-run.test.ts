import { expect, test } from "@jest/globals";
import {
  artifactBytes,
  type Dispatched,
  judgeArtifact,
  judgeRun,
  judgeSealed,
  refusalText,
  type SealedArtifact,
  type WorkflowJob,
  type WorkflowRun,
} from "../../../core/contract/workflow-run.ts";

const head = "a".repeat(40);
const asked: Dispatched = {
  repository: 9,
  workflow: { path: ".github/workflows/sallyport-agent.yml", blob: "b".repeat(40) },
  bot: 41,
  nonce: "n0",
  pack: "c".repeat(64),
  base: "d".repeat(40),
  deadline: "2026-11-30T10:00:00Z",
  run: 7,
};
const run: WorkflowRun = {
  id: 7,
  repository: 9,
  headRepository: 9,
  event: "workflow_dispatch",
  path: ".github/workflows/sallyport-agent.yml",
  attempt: 1,
  actor: 41,
  status: "completed",
  conclusion: "success",
  headSha: head,
  updatedAt: "2026-11-30T09:59:00Z",
  blob: "b".repeat(40),
};
const job = (name: string, more: Partial<WorkflowJob> = {}): WorkflowJob => ({
  ...{ id: 1, run: 7, name, conclusion: "success", seconds: 1 },
  ...more,
});
const jobs = ["prepare", "agent", "seal"].map((name) => job(name));
const artifact: SealedArtifact = {
  ...{ id: 3, size: 900, digest: `sha256:${"e".repeat(64)}`, isExpired: false },
  ...{ run: 7, headSha: head, repository: 9, headRepository: 9 },
};

test("the run that was asked for is believed, also where GitHub names the ref behind the path", () => {
  expect(judgeRun(asked, run, jobs)).toBeNull();
  expect(judgeRun(asked, { ...run, path: `${run.path}@main` }, jobs)).toBeNull();
});

test.each<[string, string, Partial<WorkflowRun>, WorkflowJob[]?]>([
  ["T136: another run than GitHub gave for our request", "other-run", { id: 8 }],
  ["T136: one of another repository", "other-run", { repository: 10 }],
  ["T136: one of a fork's commit", "other-run", { headRepository: 10 }],
  ["T136: one by a push", "other-run", { event: "push" }],
  ["T136: one of another workflow", "other-run", { path: ".github/workflows/other.yml" }],
  ["T136: one that a person started by hand", "other-run", { actor: 5 }],
  ["T138: one whose starters differ", "other-run", { actor: null }],
  ["one that was started again", "run-again", { attempt: 2 }],
  ["T177: one of an edited workflow", "workflow-edited", { blob: "f".repeat(40) }],
  ["one of a workflow that is gone", "workflow-edited", { blob: null }],
  ["one that ended after its deadline", "late", { updatedAt: "2026-11-30T10:00:01Z" }],
  ["one that failed", "run-failed", { conclusion: "failure" }, [job("agent", { conclusion: "failure" })]],
  ["one that was cancelled", "run-failed", { conclusion: "cancelled" }],
  ["one without the job that seals", "run-failed", {}, [job("prepare"), job("agent")]],
  ["one whose sealing failed", "run-failed", {}, [job("agent"), job("seal", { conclusion: "failure" })]],
  ["one with two jobs of that name", "run-failed", {}, [job("seal"), job("seal", { id: 2 })]],
  ["one whose job is of another run", "run-failed", {}, [job("seal", { run: 8 })]],
])("%s is refused", (_title, code, more, own = jobs) => {
  const refusal = judgeRun(asked, { ...run, ...more }, own);
  expect(refusal?.code).toBe(code);
  expect(refusal === null ? "" : refusalText(refusal)).toMatch(/^Nothing came of the run on Actions: .+ Next: .+\.$/);
});

test.each<[string, string, SealedArtifact[]]>([
  ["none", "no-artifact", []],
  ["one that is gone", "no-artifact", [{ ...artifact, isExpired: true }]],
  ["two of the name", "several-artifacts", [artifact, { ...artifact, id: 4 }]],
  ["one of another run", "other-artifact", [{ ...artifact, run: 8 }]],
  ["one of another commit", "other-artifact", [{ ...artifact, headSha: "0".repeat(40) }]],
  ["one of another repository", "other-artifact", [{ ...artifact, repository: 10 }]],
  ["one of a fork", "other-artifact", [{ ...artifact, headRepository: 10 }]],
  ["one without a digest", "artifact-changed", [{ ...artifact, digest: null }]],
  ["one that is too large", "artifact-too-large", [{ ...artifact, size: artifactBytes + 1 }]],
])("of artifacts, %s is refused", (_title, code, artifacts) => {
  expect(judgeArtifact(asked, run, artifacts)).toMatchObject({ ok: false, refusal: { code } });
});

test("the run's one artifact is read", () => {
  expect(judgeArtifact(asked, run, [artifact])).toEqual({ ok: true, artifact });
});

test.each<[string, object]>([
  ["nonce", { nonce: "n1" }],
  ["pack", { pack: "0".repeat(64) }],
  ["base", { base: "0".repeat(40) }],
  ["run", { run: 8 }],
])("T136: a result of another %s answers another request", (_part, more) => {
  const result = {
    ...{ version: 1 as const, outcome: "finished" as const, code: "finished" as const },
    ...{ summary: "", questions: [], claims: [] },
  };
  const { nonce, pack, base } = asked;
  const sealed = { version: 1 as const, nonce, pack, base, run: 7, result, files: [] };
  expect(judgeSealed(asked, sealed)).toBeNull();
  expect(judgeSealed(asked, { ...sealed, ...more })?.code).toBe("other-result");
});
