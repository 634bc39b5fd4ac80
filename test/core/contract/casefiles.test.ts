import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parsePolicy } from "../../../collect/policy/policy.ts";
import {
  casefileGuard,
  casefilesOf,
  peoplesPart,
  requiredCasefiles,
  wholeCasefile,
} from "../../../core/contract/casefiles.ts";
import { planProblems } from "../../../core/contract/plan-problems.ts";
import { reviewResult } from "../../../core/contract/review.ts";
import type { TypedEntry } from "../../../core/entries.ts";
import { recordOf } from "../../../core/record/pull.ts";
import { casefileRun, casefileStory, note, withCasefiles } from "../../builders/casefile-story.ts";
import { facts, policyOf } from "../../builders/pull-facts.ts";
import { answers } from "../../builders/recorded-run.ts";
import { samplePlan } from "../../builders/story.ts";
import { samplePack } from "../../hosts/model-service.ts";

const { entries, asked } = casefileRun();

describe("what people wrote", () => {
  const ours = `# Ours\n\n${peoplesPart}\n`;
  test.each<[string, string | null, string]>([
    ["nothing stands there", null, ours],
    ["nothing of theirs", ours, ours],
    ["theirs below the line", `# Old\n\n${peoplesPart}\nTheirs\n`, `${ours}Theirs\n`],
    ["theirs with other line ends", `# Old\r\n\r\n${peoplesPart}\r\nTheirs\r\n`, `${ours}Theirs\r\n`],
    ["the line twice", `${ours}Theirs\n${peoplesPart}\nMore`, `${ours}Theirs\n${peoplesPart}\nMore`],
    ["the line at the very end", `# Old\n\n${peoplesPart}`, ours],
    ["a file without the line", "# Theirs\n", `${ours}\n# Theirs\n`],
    ["the line inside another one", `x ${peoplesPart}\n`, `${ours}\nx ${peoplesPart}\n`],
    ["an empty file", "", `${ours}\n`],
  ])("%s", (_, before, whole) => {
    expect(wholeCasefile("# Ours\n", before)).toBe(whole);
  });

  test("is kept to the byte, however often the file is written", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (theirs) => {
        const first = wholeCasefile("# One\n", `# Zero\n\n${peoplesPart}\n${theirs}`);
        expect(wholeCasefile("# Two\n", first)).toBe(`# Two\n\n${peoplesPart}\n${theirs}`);
      }),
    );
  });

  test("stands in the second commit of a run below what the first one had", () => {
    const committed = entries.filter((entry) => entry.kind === "change.committed");
    expect(committed.map(({ body }) => body.casefiles?.map(({ name, path }) => [name, path]))).toEqual(
      Array.from({ length: 2 }, () => [
        ["plan", "tasks/2/PLAN.md"],
        ["log", "tasks/2/EXEC_LOG.md"],
      ]),
    );
    const [first, second] = asked.map((change) => change.casefiles?.[1]?.text ?? "");
    const before = `${first}\n${peoplesPart}\n${note}`;
    expect(second?.startsWith(first ?? "nothing")).toBe(true);
    expect(wholeCasefile(second ?? "", before).endsWith(`\n${peoplesPart}\n${note}`)).toBe(true);
  });
});

describe("the record of a pull request", () => {
  const casefilesOfPull = (from: TypedEntry[]) => {
    const record = recordOf(from, 12, facts());
    return record.known ? record.value.run?.casefiles : record.why;
  };
  const last = entries.findLast((entry) => entry.kind === "change.committed");
  if (last?.kind !== "change.committed") throw new Error("nothing was committed");
  const known = last.body.casefiles?.map(({ path, blob }) => ({ path, blob }));

  test("has what our last commit on its branch added", () => {
    expect(casefilesOfPull(entries)).toEqual(known);
    const commit = "9".repeat(40);
    const blob = "8".repeat(40);
    const again: TypedEntry = {
      ...last,
      seq: 99,
      body: { ...last.body, commit, casefiles: [{ name: "log", path: "x", sha256: "7".repeat(64), blob }] },
    };
    expect(casefilesOfPull([...entries, again])).toEqual([{ path: "x", blob }]);
    const elsewhere = { ...again, body: { ...again.body, branch: "sallyport/run-2-2/4" } };
    expect(casefilesOfPull([...entries, elsewhere])).toEqual(known);
    const undone: TypedEntry = {
      ...{ seq: 100, hash: "", at: last.at, actor: last.actor, kind: "rollback.done" },
      body: {
        ...{ run: "run-2-1", story: 2, prompt: 4, attempt: { r: 0, s: 1 }, checkpoint: "run-2-1/4/R0S1" },
        ...{ branch: last.body.branch, to: last.body.commit, undone: [commit], comment: 3, closed: [] },
      },
    };
    expect(casefilesOfPull([...entries, again, undone])).toEqual(known);
  });

  test("has none where none were added", () => {
    const { casefiles: _, ...body } = last.body;
    expect(casefilesOfPull(entries.map((entry) => (entry === last ? { ...last, body } : entry)))).toBeUndefined();
  });
});

describe("where they stand", () => {
  const written = (text: string) => parsePolicy(`version: 1\ngates: { casefile: ${text} }`);
  test.each([
    "{ plan: PLAN.md }",
    "{ plan: 'tasks/{prompt}/PLAN.md' }",
    "{ plan: '../{story}.md' }",
    "{ plan: '/{story}.md' }",
    "{ plan: '.github/{story}.md' }",
    "{ plan: 'tasks//{story}.md' }",
    "{ plan: 'tasks/{story}/' }",
    "{ plan: 'tasks/{story}/*.md' }",
    "{ plan: 'a/{story}.md', log: 'A/{story}.md' }",
    "{ plan: 'tasks/{story}', log: 'tasks/{story}/LOG.md' }",
    "{ plan: 'Tasks/{story}/plan/a.md', log: 'tasks/{story}/Plan' }",
    "{ plan: 'tasks/{story}/PLAN.md', write: true }",
  ])("the policy cannot say %s", (text) => {
    expect(written(text).ok).toBe(false);
  });

  test.each<[string, [string, boolean][]]>([
    [
      "{}",
      [
        ["tasks/{story}/PLAN.md", false],
        ["tasks/{story}/EXEC_LOG.md", false],
      ],
    ],
    ["{ log: 'logs/{story}.md' }", [["logs/{story}.md", true]]],
    [
      "{ plan: 'p/{story}', files: ['p/{prompt}.md'] }",
      [
        ["p/{story}", true],
        ["p/{prompt}.md", false],
      ],
    ],
  ])("%s asks for these", (text, expected) => {
    const { policy } = policyOf(`version: 1\ngates: { casefile: ${text} }`);
    expect(requiredCasefiles(policy).map(({ template, ours }) => [template, ours])).toEqual(expected);
    expect(casefilesOf(policy, 7)).toHaveLength(expected.filter(([, ours]) => ours).length);
  });

  test.each([
    ["tasks/2/PLAN.md", true],
    ["tasks/2/plan.md", true],
    ["tasks/2/PLAN.md/inside", true],
    ["tasks/2", true],
    ["Tasks", true],
    ["tasks/2/NOTES.md", false],
    ["tasks/22/PLAN.md", false],
    ["task", false],
  ])("%s is taken: %p", (path, taken) => {
    expect(casefileGuard(casefilesOf(withCasefiles, 2))(path)).toBe(taken);
  });
});

describe("an agent leaves them alone", () => {
  const files = [{ path: "src/a/LOG.md", content: "x" }];
  test("its answer is refused with the reason, and only then", () => {
    const casefiles = [{ name: "log" as const, path: "src/a/LOG.md" }];
    const [answer] = answers;
    if (answer === undefined) throw new Error("no answer");
    const given = { ...answer, files, claims: [{ criterion: "It is done.", how: "So." }] };
    const review = (pack: ReturnType<typeof samplePack>) => reviewResult(pack, given);
    expect(review(samplePack({ casefiles }))).toEqual([
      {
        source: "review",
        code: "out-of-scope",
        message: "in the place of a casefile, which Sallyport writes from its ledger",
        path: "src/a/LOG.md",
      },
    ]);
    expect(review(samplePack())).toEqual([]);
  });

  test("a plan does not make one its evidence, and the planner is told", () => {
    const [first] = samplePlan.prompts;
    if (first === undefined) throw new Error("no prompt");
    const plan = { ...samplePlan, prompts: [{ ...first, evidence: ["tasks/2/PLAN.md"] }] };
    expect(planProblems(plan, withCasefiles, 2, [])).toEqual([expect.stringContaining("it is a casefile")]);
    expect(planProblems(plan, withCasefiles, 3, [])).toEqual([]);
    const story = casefileStory();
    story.say("lena", "/plan");
    const request = story.asked.find((effect) => effect.type === "ask-planner");
    expect(request?.type === "ask-planner" && request.roles).toEqual([
      { name: "web", allow: ["web/**"], deny: ["tasks/2/PLAN.md", "tasks/2/EXEC_LOG.md"] },
    ]);
  });
});
