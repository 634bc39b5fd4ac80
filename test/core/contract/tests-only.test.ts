import { describe, expect, test } from "@jest/globals";
import { planProblems } from "../../../core/contract/plan-problems.ts";
import { earlierChanges } from "../../../core/contract/tests-only.ts";
import { entriesOf } from "../../../core/entries.ts";
import { testsGuard } from "../../../core/languages/test-files.ts";
import { foldStory } from "../../../core/record/story.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import { entryBodies } from "../../../schemas/entries.ts";
import type { Plan } from "../../../schemas/plan.ts";
import { Policy } from "../../../schemas/policy.ts";
import { bodiesOf, gitOf, sourcesOf } from "../../builders/recorded-run.ts";
import { policy as base, begin, playStory, type Story, samplePlan } from "../../builders/story.ts";

const policy = Policy.parse({
  version: 1,
  extends: "default",
  people: base.people,
  roles: { web: { allow: ["web/**"] }, tester: { allow: ["web/**"], writes: "tests" } },
  gates: { tests: [{ when: "web/**", need: "web/proofs/**" }], evidence: { files: ["web/evidence/**"] } },
  agents: { model: "claude-x", routes: [{ role: "tester", use: "openai", model: "gpt-t" }] },
});

test.each<[string, object, object, string | null]>([
  [
    "takes every file for a test",
    { tests: [{ when: "web/**", need: ["a/**", "**"] }] },
    policy.roles,
    "gates.tests.0.need",
  ],
  ["takes every file for evidence", { evidence: { files: ["**/*"] } }, policy.roles, "gates.evidence.files"],
  ["has no such role", { tests: [{ when: "web/**", need: "**" }] }, { web: { allow: ["web/**"] } }, null],
])("G8: with a role that writes tests only, a policy that %s", (_, gates, roles, path) => {
  const { error } = Policy.safeParse({ version: 1, roles, gates });
  expect(error?.issues.map((one) => one.path.join(".")) ?? null).toEqual(path === null ? null : [path]);
});

/** The sample plan, whose second prompt writes tests on these paths. */
function planOf(paths: string[], evidence: string[] = []): Plan {
  const [first, second] = samplePlan.prompts;
  if (first === undefined || second === undefined) throw new Error("the sample plan has two prompts");
  return { ...samplePlan, prompts: [first, { ...second, role: "tester", paths, evidence }] };
}

const guarded = testsGuard({ patterns: ["web/proofs/**"] });
test.each<[string, boolean]>([
  ["web/page.test.ts", false],
  ["web/page_test.go", false],
  ["web/PageTest.java", false],
  ["web/test/data.json", false],
  ["web/__snapshots__/page.snap", false],
  ["web/proofs/page.ts", false],
  ["web/page.ts", true],
  ["web/latest.ts", true],
  ["web/api.spec.yaml", true],
  ["web/package.json", true],
  ["jest.config.js", true],
  ["jest.config.js", true],
  ["Tests/PageTests/Data.swift", false],
  ["web/te\u017ft/page.ts", true],
  ["web/Spec/Schema.php", true],
  ["web/E2E/cipher.ts", true],
  ["web/page.SNAP", true],
  ["web/tests/../page.ts", true],
  ["web/test/\u200bpage.ts", true],
])("G8: %s is closed to who writes tests only: %s", (path, isClosed) => {
  expect(guarded(path)).toBe(isClosed);
  expect(testsGuard(undefined)(path)).toBe(false);
});

test.each<[string, string[], string[], string[]]>([
  ["a test by its name", ["web/a.test.ts"], [], []],
  ["a folder of tests", ["web/test/**"], [], []],
  ["tests by a pattern", ["web/**/*.test.ts"], [], []],
  ["what the policy takes for tests", ["web/proofs/**"], [], []],
  ["evidence where the policy has it", ["web/a.test.ts"], ["web/evidence/a.json"], []],
  ["code", ["web/a.ts"], [], ["web/a.ts"]],
  ["a folder of all sorts", ["web/step-2/**"], [], ["web/step-2/**"]],
  ["a setting as evidence", ["web/a.test.ts"], ["web/package.json"], ["web/package.json"]],
])("G8: a plan in which the tester declares %s", (_, paths, evidence, wrong) => {
  expect(planProblems(planOf(paths, evidence), policy, 2, ["docs/one.md"])).toEqual(
    wrong.map(
      (one) => `Prompt 2 declares \`${one}\`, which is not tests alone, and the role \`tester\` writes nothing else.`,
    ),
  );
});

/** The first prompt's change is merged, with these files, and the run goes on. */
function merge(story: Story, paths: string[]): void {
  story.answer({ files: paths.map((path) => ({ path, content: "a\n" })) });
  const commit = "1".repeat(40);
  const files = paths.map((path) => ({ path, blob: commit }));
  const result = { type: "commit" as const, commit, tree: commit, parent: story.state.base, files };
  story.finish("write-change", { status: "done", result });
  story.finish("open-pull", { status: "done", result: { type: "pull", number: 11 } });
  story.state.base = "d".repeat(40);
  story.append({
    kind: "merge.observed",
    actor: { type: "app", id: 99, login: "sallyport[bot]" },
    subject: [{ digest: { gitCommit: commit } }],
    body: { pull: 11, head: commit, merged: story.state.base, tree: commit, judged: true, by: null },
  });
}

const lastPack = (story: Story) =>
  story.pack(entriesOf(story.entries, "prompt.recorded").at(-1)?.body.pack.sha256 ?? "");

/** A story whose implementer is merged and whose tester is at work. */
function tested(paths = ["web/step-1/b.ts", "web/step-1/a.ts"]): Story {
  const story = playStory();
  story.state.policy = policy;
  begin(story, planOf(["web/*/*", "web/test/**"]));
  expect(lastPack(story)).not.toHaveProperty("tests");
  merge(story, paths);
  return story;
}

describe("G8, C3: a tester after the implementer", () => {
  test("gets the story's criteria and what was merged, from a service of its own, and the hand-off names it", () => {
    const story = tested();
    expect(lastPack(story)).toMatchObject({
      base: story.state.base,
      role: { name: "tester" },
      tests: {
        patterns: ["web/proofs/**", "web/evidence/**"],
        criteria: ["It works."],
        earlier: [
          {
            prompt: 3,
            title: "Step 1",
            merged: story.state.base,
            files: ["web/step-1/a.ts", "web/step-1/b.ts"],
            of: 2,
          },
        ],
      },
    });
    expect(story.asked.findLast(({ type }) => type === "run-agent")).toMatchObject({
      backend: "openai",
      model: "gpt-t",
    });
    const handed = entriesOf(story.entries, "handoff.made").filter(({ body }) => body.to.stage === "execute");
    expect(handed.map(({ body }) => [body.prompt, body.to.holder])).toEqual([
      [3, "agent:anthropic/claude-x"],
      [4, "agent:openai/gpt-t"],
    ]);
  });

  test("what it writes outside tests is refused as a path outside the role is; its tests are taken", () => {
    const story = tested();
    story.answer({ files: ["web/step-1/a.ts", "web/test/a.ts"].map((path) => ({ path, content: "b\n" })) }, 2);
    const [closed] = entriesOf(story.entries, "attempt.closed").slice(-1);
    expect(closed?.body).toMatchObject({
      accepted: false,
      reasons: [
        { code: "out-of-scope", path: "web/step-1/a.ts", message: "no test, and the role tester writes tests only" },
      ],
    });
    expect(lastPack(story)).toMatchObject({ kind: "rework", tests: { criteria: ["It works."] } });
    story.answer({ files: [{ path: "web/test/a.ts", content: "b\n" }] }, 2);
    expect(entriesOf(story.entries, "attempt.closed").at(-1)?.body).toMatchObject({ accepted: true });
  });

  test("its packs are derived again, by the policy and from their bodies alone", () => {
    const story = tested();
    for (const { kind, body } of story.entries) entryBodies[kind].parse(body);
    const packs = [...story.packs.values()];
    const alter = (pack: (typeof packs)[number]) =>
      pack.tests === undefined ? pack : { ...pack, tests: { ...pack.tests, criteria: ["Another."] } };
    const differing = (published: typeof packs, git: ReturnType<typeof gitOf> | null) => {
      // A body stands under the digest that the entry names, whatever it holds.
      const named = new Map([...bodiesOf(packs).keys()].map((key, at) => [key, [...bodiesOf(published).values()][at]]));
      const bodies = new Map([...named].flatMap(([key, body]) => (body === undefined ? [] : [[key, body] as const])));
      const sources = { ...sourcesOf(story.entries, { packs: bodies }), git };
      const steps = replayRun("run-2-1", story.entries, sources)?.steps ?? [];
      expect(steps.filter(({ step }) => step === "prompt")).toHaveLength(2);
      return steps.filter(({ result }) => result === "differs").map(({ step, about }) => `${step} ${about}`);
    };
    const git = gitOf(story.state.blob, policy);
    for (const from of [null, git]) {
      expect(differing(packs, from)).toEqual([]);
      expect(differing(packs.map(alter), from)).toHaveLength(1);
    }
  });

  test("is told no more than a hundred paths of a change, and how many there are", () => {
    const paths = Array.from({ length: 120 }, (_, at) => `web/step-1/${String(at).padStart(3, "0")}.ts`);
    const [earlier] = earlierChanges(foldStory(2, tested(paths).entries).prompts);
    expect([earlier?.files.length, earlier?.files.at(-1), earlier?.of]).toEqual([100, "web/step-1/099.ts", 120]);
  });
});
