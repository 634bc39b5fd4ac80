import { createHash } from "node:crypto";
import type { Draft } from "../core/entries.ts";
import type { EntryBody } from "../schemas/entries.ts";
import type { Plan } from "../schemas/plan.ts";

const app = { type: "app" as const, id: 41, login: "sallyport[bot]" };
const lena = { id: 1, login: "lena", type: "User" as const };
const quinn = { type: "user" as const, id: 2, login: "quinn" };
const usage = { model: "a-model", calls: 4, inputTokens: 12_000, outputTokens: 1_900 };
const lines = [
  "The rule holds for every role.",
  "A refusal says what, why and the next step.",
  "No other file changes.",
];

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const sha = (text: string) => sha256(text).slice(0, 40);
const commit = (id: string) => [{ name: "commit", digest: { gitCommit: id } }];

function planOf(story: number): Plan {
  return {
    approach: `Story ${story} is done in two steps, the module first and then what calls it, each with its tests.`,
    risks: lines,
    unknowns: [],
    risk: "medium",
    acceptance: lines,
    manualTest: { environment: "a browser", steps: lines },
    prompts: [1, 2].map((index) => ({
      title: `Step ${index} of story ${story}`,
      objective: `After step ${index} the module can be reviewed on its own and its tests tell what it does.`,
      role: "web",
      paths: [`web/story-${story}/step-${index}/**`, `test/story-${story}/**`],
      inputs: lines,
      nonGoals: lines,
      acceptance: lines,
      output: lines,
      evidence: [],
      dependsOn: index === 1 ? [] : [1],
    })),
  };
}

function command(story: number, name: string, id: number): Draft {
  const body: EntryBody<"command"> = {
    issue: story,
    source: { type: "comment", id },
    command: name,
    accepted: true,
    code: "accepted",
    message: "It was read and is being done.",
    text: "",
  };
  return { kind: "command", actor: quinn, subject: [{ digest: { sha256: sha256(`${name} ${id}`) } }], body };
}

/** The entries of one successful story: planned, approved, done in two prompts, tried by hand and merged. */
export function storyDrafts(count: number): Draft[] {
  const story = count * 10 + 1;
  const run = `run-${story}-1`;
  const digest = sha256(`digest ${story}`);
  const plan = planOf(story);
  const about = [{ name: `story #${story}`, digest: { sha256: digest } }];
  const parts = {
    plan: digest,
    issue: digest,
    base: sha("base"),
    paths: [`web/story-${story}/**`],
    policy: sha("policy"),
  };
  const issues = [story + 1, story + 2];
  const request = { type: "comment" as const, id: story * 100 };
  const prompts = plan.prompts.map((prompt, index) => ({
    ...prompt,
    index: index + 1,
    text: lines.join("\n").repeat(6),
  }));
  return [
    command(story, "plan", request.id),
    {
      kind: "plan.proposed",
      actor: app,
      subject: about,
      body: {
        story,
        revision: 1,
        requestedBy: lena,
        request,
        plan,
        planSha256: digest,
        issueSha256: digest,
        usage,
      },
    },
    command(story, "approve", request.id + 1),
    {
      kind: "approval.granted",
      actor: quinn,
      subject: about,
      body: { story, revision: 1, digest, parts, comment: request.id + 1, solo: false },
    },
    {
      kind: "contract.frozen",
      actor: app,
      subject: about,
      body: {
        story,
        revision: 1,
        digest,
        risk: "medium",
        manualTest: plan.manualTest,
        prompts: prompts.map(({ index, title, text, role, paths, acceptance, evidence, dependsOn }) => ({
          index,
          title,
          text,
          role,
          paths,
          acceptance,
          evidence,
          dependsOn,
        })),
      },
    },
    ...issues.map(
      (issue, index): Draft => ({
        kind: "prompt.opened",
        actor: app,
        subject: about,
        body: { story, revision: 1, index: index + 1, issue },
      }),
    ),
    command(story, "run", request.id + 2),
    {
      kind: "run.submitted",
      actor: quinn,
      subject: about,
      body: { run, story, mode: "stop_on_failure", prompts: issues, by: lena, digest },
    },
    ...issues.flatMap((prompt) => promptDrafts(story, run, prompt)),
    {
      kind: "run.closed",
      actor: app,
      subject: about,
      body: { run, story, status: "succeeded", reason: "all merged" },
    },
    {
      kind: "story.completed",
      actor: app,
      subject: about,
      body: { story, prompts: issues, pulls: issues.map((one) => one + 5) },
    },
  ];
}

function promptDrafts(story: number, run: string, prompt: number): Draft[] {
  const step = { run, story, prompt, attempt: { r: 0, s: 0 } };
  const pull = prompt + 5;
  const [pack, answer, head, tree] = ["pack", "answer", "head", "tree"].map((what) => sha256(`${what} ${prompt}`));
  if (pack === undefined || answer === undefined || head === undefined || tree === undefined)
    throw new Error("four digests were made");
  const [written, base] = [head.slice(0, 40), sha("base")];
  const ref = (digest: string) => ({ sha256: digest, bytes: 4_000, mediaType: "application/json" });
  const files = ["a.ts", "b.ts", "a.test.ts"].map((name) => ({
    path: `web/${story}/${name}`,
    sha256: answer,
  }));
  const branch = `sallyport/${run}/${prompt}`;
  const common = { actor: app, subject: commit(written) };
  const gates = {
    scope: "pass",
    "forbidden-paths": "pass",
    "diff-size": "pass",
    tests: "pass",
    evidence: "pass",
  } as const;
  const verdict = { pull, head: written, base, gates, verdictSha256: answer };
  const checks = [{ name: "test", app: "github-actions", conclusion: "success" }];
  const tried = {
    pull,
    sha: written,
    test: "manual",
    environment: "a browser",
    notes: "It does.",
    solo: false,
  };
  return [
    { ...common, kind: "prompt.recorded", body: { ...step, base, branch, pack: ref(pack) } },
    {
      ...common,
      kind: "response.recorded",
      body: {
        ...step,
        result: ref(answer),
        outcome: "finished",
        code: "finished",
        files,
        usage,
        seconds: 41.5,
      },
    },
    { ...common, kind: "attempt.closed", body: { ...step, accepted: true, reasons: [] } },
    {
      ...common,
      kind: "evidence.captured",
      body: {
        ...step,
        base,
        promptSha256: pack,
        responseSha256: answer,
        files,
        role: "web",
        usage,
        seconds: 41.5,
      },
    },
    {
      ...common,
      kind: "change.committed",
      body: { ...step, branch, commit: written, tree: tree.slice(0, 40), parent: base },
    },
    { ...common, kind: "pull.opened", body: { run, story, prompt, pull, branch, head: written } },
    { ...common, kind: "verdict.given", body: { ...verdict, conclusion: "pending" } },
    { ...common, actor: quinn, kind: "sign-off.given", body: { ...tried, result: "pass", comment: prompt } },
    { ...common, kind: "verdict.given", body: { ...verdict, conclusion: "success" } },
    {
      ...common,
      kind: "evidence.sealed",
      body: {
        ...step,
        pull,
        commit: written,
        tree: tree.slice(0, 40),
        ci: "pass",
        checks,
        validator: "pass",
        verdictSha256: answer,
        captured: pack,
      },
    },
    {
      ...common,
      kind: "merge.observed",
      body: { pull, head: written, merged: written, tree: tree.slice(0, 40), judged: true, by: lena },
    },
    { ...common, kind: "prompt.completed", body: { story, prompt, pull, merged: written } },
  ];
}
