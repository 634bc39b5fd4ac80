import { expect, test } from "@jest/globals";
import { digestOf } from "../../../core/digest.ts";
import type { EffectResult } from "../../../core/effects.ts";
import { entriesOf } from "../../../core/entries.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import { entryBodies } from "../../../schemas/entries.ts";
import { Policy } from "../../../schemas/policy.ts";
import type { CommandRun } from "../../../schemas/step.ts";
import { bodiesOf, gitOf, sourcesOf } from "../../builders/recorded-run.ts";
import { playStory, policy, type Story, samplePlan } from "../../builders/story.ts";

const evidence = "web/step-1/report.json";
const plan = {
  ...samplePlan,
  verification: ["npm test", "node make-report.ts"],
  prompts: samplePlan.prompts.map((prompt, index) => (index === 0 ? { ...prompt, evidence: [evidence] } : prompt)),
};
const answered = [{ path: "web/step-1/a.ts", content: "a\n" }];
const forged = { path: evidence, content: '{"passed":true}' };

/** A story whose role has the plan's commands run, with its first run begun. */
function started(): Story {
  const story = playStory();
  const roles = { web: { allow: ["web/**"], execution: "tests" } };
  story.state.policy = Policy.parse({ version: 1, people: policy.people, roles, extends: "default" });
  story.say("lena", "/plan");
  story.propose(plan);
  story.say("quinn", `/approve ${story.digest()}`);
  story.openPrompts();
  story.say("lena", "/run");
  return story;
}

const run = (argv: string[], more: Partial<CommandRun> = {}): CommandRun => ({
  ...{ argv, exit: 0, seconds: 1, output: "0".repeat(64), excerpt: "" },
  ...more,
});
const both = (more: Partial<CommandRun> = {}) => [run(["npm", "test"], more), run(["node", "make-report.ts"])];
type Verified = Extract<EffectResult, { type: "verification" }>;
const ran = (story: Story, more: Partial<Verified> = {}) =>
  story.finish("run-commands", {
    status: "done",
    result: {
      ...{ type: "verification", commands: both(), evidence: [{ path: evidence, sha256: digestOf([1]) }] },
      written: { sha256: "9".repeat(64), bytes: 3, mediaType: "application/json" },
      ...more,
    },
  });
const last = (story: Story, type: string) => story.asked.findLast((effect) => effect.type === type);
const reasons = (story: Story) => entriesOf(story.entries, "attempt.closed").at(-1)?.body;

/** What differs in the run's replay, and how many of its steps were about commands. */
function replayed(story: Story) {
  for (const { kind, body } of story.entries) entryBodies[kind].parse(body);
  const [packs, results] = [bodiesOf([...story.packs.values()]), bodiesOf([...story.results.values()])];
  const git = gitOf(story.state.blob, story.state.policy);
  const replay = replayRun("run-2-1", story.entries, { ...sourcesOf(story.entries, { packs, results }), git });
  const steps = replay?.steps ?? [];
  return {
    commands: steps.filter(({ step }) => step === "commands").length,
    differing: steps.filter(({ result }) => result === "differs").map(({ step, differences }) => [step, differences]),
  };
}

test("G2, D10: an answer is accepted once its commands succeeded, and its evidence is theirs", () => {
  const story = started();
  story.answer({ files: [...answered, forged] });
  const [pack] = story.packs.values();
  expect(pack?.execution).toEqual({ level: "tests", commands: plan.verification });
  expect(last(story, "run-commands")).toMatchObject({ resultSha256: digestOf([...story.results.values()][0] ?? null) });
  expect(reasons(story)).toBeUndefined();
  ran(story);
  expect(reasons(story)).toMatchObject({ accepted: true, reasons: [] });
  const [captured] = entriesOf(story.entries, "evidence.captured");
  expect(captured?.body.files).toMatchObject([{ path: "web/step-1/a.ts" }, { path: evidence, sha256: digestOf([1]) }]);
  expect(last(story, "write-change")).toMatchObject({ verified: { paths: [evidence], written: "9".repeat(64) } });
  expect(replayed(story)).toEqual({ commands: 1, differing: [] });
});

test.each<[string, Partial<Verified>, string, string]>([
  [
    "a command that failed",
    { commands: both({ exit: 1, excerpt: "1 of 3 failed" }) },
    "command-failed",
    "Sallyport ran this on your change: `npm test` ended with status 1 after 1 s. The end of what it printed:\n1 of 3 failed",
  ],
  [
    "a command that we ended",
    { commands: both({ exit: null, stopped: "memory-exceeded" }) },
    "command-failed",
    "Sallyport ran this on your change: `npm test` was ended after 1 s (memory-exceeded). It printed nothing.",
  ],
  [
    "an installation that failed",
    { install: run(["npm", "ci"], { exit: 1, excerpt: "out of sync" }), commands: [] },
    "command-failed",
    "Sallyport ran this on your change: `npm ci` ended with status 1 after 1 s. The end of what it printed:\nout of sync",
  ],
  [
    "evidence that no command wrote, although the agent did",
    { evidence: [{ path: evidence, sha256: null }] },
    "evidence-missing",
    "This evidence file was declared, and no verification command wrote it.",
  ],
])("G2: %s goes back to the agent as the next try, within the cap", (_, more, code, message) => {
  const story = started();
  for (let tries = 0; tries < 4; tries++) {
    story.answer({ files: [...answered, forged] });
    ran(story, more);
    expect(reasons(story)).toMatchObject({ accepted: false, reasons: [{ source: "review", code, message }] });
  }
  const packs = [...story.packs.values()];
  expect(packs).toHaveLength(4);
  expect(packs.at(-1)).toMatchObject({ kind: "rework", attempt: { r: 0, s: 3 }, failures: [{ code, message }] });
  expect(entriesOf(story.entries, "run.closed").at(-1)?.body.status).toBe("failed");
  expect(replayed(story)).toEqual({ commands: 4, differing: [] });
});

test("G2: an answer that misses its contract costs no run of the commands", () => {
  const story = started();
  story.answer({ files: [{ path: "elsewhere.ts", content: "" }] });
  expect(last(story, "run-commands")).toBeUndefined();
  expect(reasons(story)).toMatchObject({ accepted: false, reasons: [{ code: "out-of-scope" }] });
});

test("G2: commands that cannot be run end the run with the next step, and no second answer is paid for", () => {
  const story = started();
  story.answer({ files: answered });
  story.finish("run-commands", { status: "failed", code: "bad-input", message: "`yarn.lock` asks for Yarn" });
  expect(entriesOf(story.entries, "run.closed").at(-1)?.body).toMatchObject({
    status: "failed",
    reason: "the verification commands of #3 were not run: `yarn.lock` asks for Yarn",
  });
  expect(story.asked.filter(({ type }) => type === "run-agent")).toHaveLength(1);
  expect(replayed(story)).toEqual({ commands: 0, differing: [] });
});

test("D10: a replay notices commands that were left out, and evidence that was not declared", () => {
  const story = started();
  story.answer({ files: answered });
  ran(story, { commands: [run(["npm", "test"])], evidence: [{ path: "web/step-1/b.json", sha256: digestOf([1]) }] });
  expect(replayed(story).differing.map(([step]) => step)).toContain("commands");
});

test("without a level nothing is run, and the agent's evidence is its own", () => {
  const story = started();
  story.state.policy = Policy.parse({ version: 1, people: policy.people, roles: policy.roles, extends: "default" });
  story.say("lena", "/stop");
  story.say("lena", "/run");
  expect([...story.packs.values()].at(-1)?.execution).toBeUndefined();
  story.answer({ files: [...answered, forged] });
  expect(last(story, "run-commands")).toBeUndefined();
});
