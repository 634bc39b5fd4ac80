import { describe, expect, test } from "@jest/globals";
import { sha256 } from "../../../core/digest.ts";
import { entriesOf, type TypedEntry } from "../../../core/entries.ts";
import { storyFiles } from "../../../core/evidence/story-files.ts";
import { known, unknown } from "../../../core/known.ts";
import { contractProblems } from "../../../core/replay/contracts.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import type { StoryFacts } from "../../../core/story/facts.ts";
import type { EntryBody } from "../../../schemas/entries.ts";
import { Policy } from "../../../schemas/policy.ts";
import { gitOf, recordedRun } from "../../builders/recorded-run.ts";
import { approve, form, playStory, policy as sample, samplePlan } from "../../builders/story.ts";

const path = "docs/contract.md";
const templateOf = (text: string) => ({ path, sha256: sha256(text), text });
const template = templateOf("# Contract\n\n## Acceptance criteria\n\n## Failure modes\n");
const policy = Policy.parse({ ...sample, tiers: { contract: { template: path } } });
const plan = {
  ...samplePlan,
  acceptance: ["Step 1 is done.", "Step 2 is done."],
  invariants: ["Old clients work."],
  verification: ["npm test"],
};

/** A story under a policy with the contract-first tier. */
function contractFirst(overrides: Partial<StoryFacts> = {}) {
  overrides.template ??= known(template);
  const story = playStory(overrides);
  story.state.policy = policy;
  return story;
}

const lastCommand = (entries: readonly TypedEntry[]) => entriesOf(entries, "command").at(-1)?.body;
const frozenIn = (entries: readonly TypedEntry[]) => entriesOf(entries, "contract.frozen").at(-1)?.body;

describe("what is approved", () => {
  test("the master contract is shown with the plan, folded, and the approval's digest is of that very text", () => {
    const story = contractFirst();
    story.say("lena", "/plan");
    story.propose(plan);
    const shown =
      /<summary>Master contract, approved with the plan: ([0-9a-f]{12})….*\n\n```text\n([\s\S]*?)\n```/.exec(
        story.state.sticky ?? "",
      );
    story.say("quinn", `/approve ${story.digest()}`);
    const master = frozenIn(story.entries)?.master;
    expect(master?.text).toBe(`${shown?.[2]}\n`);
    const { parts } = entriesOf(story.entries, "approval.granted")[0]?.body ?? {};
    expect(parts?.contract).toBe(sha256(master?.text ?? ""));
    expect(parts?.contract?.startsWith(shown?.[1] ?? "none")).toBe(true);
    expect(master).toMatchObject({ version: 1, template, forbidden: expect.arrayContaining(["governance/**"]) });
  });

  test("a template that changed before the approval voids the digest; after it nothing changes", () => {
    const given: Partial<StoryFacts> = {};
    const story = contractFirst(given);
    story.say("lena", "/plan");
    story.propose(plan);
    const digest = story.digest();
    given.template = known(templateOf("# Another\n"));
    story.say("quinn", `/approve ${digest}`);
    expect(lastCommand(story.entries)).toMatchObject({ accepted: false, code: "digest-moved" });
    given.template = known(template);
    story.say("quinn", `/approve ${digest}`);
    const before = frozenIn(story.entries)?.master?.text ?? "";
    given.template = null;
    story.openPrompts();
    story.say("lena", "/run");
    expect(story.state.sticky).toContain(before.trimEnd());
    const asked = entriesOf(story.entries, "prompt.recorded").at(-1);
    expect(story.pack(asked?.body.pack.sha256 ?? "")?.master).toBe(sha256(before));
  });

  test("a risk outside the tier takes the road as before", () => {
    const story = contractFirst({ template: known(null) });
    story.state.body = form.replace("high", "low");
    approve(story, { ...samplePlan, risk: "medium" });
    expect(frozenIn(story.entries)?.master).toBeUndefined();
    expect(entriesOf(story.entries, "approval.granted")[0]?.body.parts.contract).toBeUndefined();
  });
});

describe("a story that cannot have its contract is parked with what, where, who and next", () => {
  test.each<[string, StoryFacts["template"], string]>([
    ["no template", known(null), "is no text file of at most 16 KB on the default branch"],
    ["no headings", known(templateOf("Words.\n")), "has no heading that it could fill"],
  ])("%s: before a planner is paid", (_, given, why) => {
    const story = contractFirst({ template: given });
    story.say("lena", "/plan");
    expect(lastCommand(story.entries)).toMatchObject({ accepted: false, code: "template" });
    for (const text of [lastCommand(story.entries)?.message, story.state.sticky]) {
      expect(text).toContain(why);
      expect(text).toContain("`docs/contract.md`");
      expect(text).toContain("anyone who may push there");
    }
    expect(story.asked.some(({ type }) => type === "ask-planner")).toBe(false);
  });

  test("the plan itself says the risk", () => {
    const story = contractFirst({ template: known(null) });
    story.state.body = form.replace("high", "low");
    story.say("lena", "/plan");
    story.propose(plan);
    expect(story.state.sticky).toContain("The risk is high, so the story needs a master contract");
    expect(story.labels()).toEqual(["blocked"]);
    story.say("quinn", `/approve ${"a".repeat(64)}`);
    expect(lastCommand(story.entries)).toMatchObject({ accepted: false, code: "template" });
  });

  test("a template that was not read decides nothing", () => {
    const story = contractFirst({ template: unknown("502") });
    expect(story.look().requeueAfter).not.toBeNull();
    story.say("lena", "/plan");
    expect(lastCommand(story.entries)).toBeUndefined();
  });

  test("a contract that one comment cannot show", () => {
    const story = contractFirst();
    story.say("lena", "/plan");
    story.propose({ ...plan, risks: Array.from({ length: 40 }, (_, index) => `${index} ${"x".repeat(1_000)}`) });
    expect(story.state.sticky).toContain("/refine Split it");
    expect(story.digest()).toBe("");
  });
});

describe("at its end", () => {
  const { entries, sources } = recordedRun(policy, contractFirst(), plan);
  const git = gitOf("c".repeat(40), policy, {
    ...sources.git,
    template: known(template),
  });
  const completed = entriesOf(entries, "story.completed")[0];
  const report = completed?.body.conformance;
  const altered = <K extends TypedEntry["kind"]>(kind: K, change: (body: EntryBody<K>) => object): TypedEntry[] =>
    entries.map(
      (entry) => (entry.kind === kind ? { ...entry, body: change(entry.body as never) } : entry) as TypedEntry,
    );

  test("the report says of each heading, criterion, prompt, invariant and command what the ledger shows", () => {
    const rows = entriesOf(entries, "merge.observed").map(({ body }, index) => ({
      ...{ prompt: 3 + index, pull: body.pull, merged: body.merged },
      ...{ evidence: null, held: false, ci: null },
    }));
    expect(report).toEqual({
      version: 1,
      contract: sha256(frozenIn(entries)?.master?.text ?? ""),
      through: expect.any(Number),
      headings: [
        { heading: "Contract", filled: true },
        { heading: "Acceptance criteria", filled: true },
        { heading: "Failure modes", filled: false },
      ],
      criteria: [
        { criterion: "Step 1 is done.", prompts: [3] },
        { criterion: "Step 2 is done.", prompts: [4] },
      ],
      prompts: rows,
      invariants: ["Old clients work."],
      testers: [],
      commands: [{ command: "npm test", seen: false }],
    });
  });

  test("it is exported, beside the contract", () => {
    const files = storyFiles(entries, 2);
    expect(files?.get("CONTRACT.md")).toBe(frozenIn(entries)?.master?.text);
    expect(files?.get("CONFORMANCE.md")).toContain("Nothing stands below **Failure modes**.");
    expect(files?.get("CONFORMANCE.md")).toContain("Nobody signed off a test of the invariant: Old clients work.");
  });

  test("replay and verify derive contract and report again", () => {
    expect(contractProblems(entries)).toEqual([]);
    const replay = replayRun("run-2-1", entries, { ...sources, git });
    expect(replay?.steps.filter(({ result }) => result !== "same")).toEqual([]);
    const steps = replay?.steps.map(({ step }) => step) ?? [];
    expect(steps.filter((step) => step === "master contract" || step === "conformance")).toHaveLength(3);
  });

  test.each<[string, TypedEntry[], string]>([
    [
      "the text",
      altered("contract.frozen", (body) => ({ ...body, master: { ...body.master, text: "# Other\n" } })),
      "does not follow",
    ],
    [
      "the digest",
      altered("approval.granted", (body) => ({ ...body, parts: { ...body.parts, contract: "0".repeat(64) } })),
      "of another master contract",
    ],
    [
      "the report",
      altered("story.completed", (body) => ({ ...body, conformance: { ...body.conformance, invariants: [] } })),
      "conformance report",
    ],
    ["no report", altered("story.completed", ({ conformance: _, ...body }) => body), "conformance report"],
  ])("%s was changed: both notice", (_, forged, message) => {
    expect(
      contractProblems(forged)
        .map((problem) => problem.message)
        .join(),
    ).toContain(message);
    expect(replayRun("run-2-1", forged, { ...sources, git })?.ok).toBe(false);
  });

  test.each([
    ["another template in the base", { template: known(templateOf("# Other\n")) }],
    ["a policy that asks for none", { policy: known(sample) }],
  ])("%s: a replay in a clone notices", (_, change) => {
    const { steps = [] } = replayRun("run-2-1", entries, { ...sources, git: { ...git, ...change } }) ?? {};
    expect(steps.some(({ step, result }) => step === "master contract" && result === "differs")).toBe(true);
  });
});
