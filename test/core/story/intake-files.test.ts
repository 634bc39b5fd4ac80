import { describe, expect, test } from "@jest/globals";
import { sha256 } from "../../../core/digest.ts";
import { entriesOf } from "../../../core/entries.ts";
import { type Known, known, unknown } from "../../../core/known.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import type { StoryFacts, TaskReading } from "../../../core/story/facts.ts";
import { Policy } from "../../../schemas/policy.ts";
import type { Instruction } from "../../../schemas/step.ts";
import { Task } from "../../../schemas/task.ts";
import { bodiesOf, gitOf, sourcesOf } from "../../builders/recorded-run.ts";
import { approve, begin, form, playStory, policy, type Story, samplePlan } from "../../builders/story.ts";

const fileOf = (path: string, text: string): Instruction => ({ path, sha256: sha256(text), text });
const agentsMd = fileOf("AGENTS.md", "Run the linter.\n");
const instructed = Policy.parse({
  ...JSON.parse(JSON.stringify(policy)),
  agents: { instructions: ["AGENTS.md", "docs/how.md"] },
  phases: { current: "build", of: { build: { deny: ["infra/**"], "do-not": ["Start something new."] } } },
});
const base = "b".repeat(40);
const loaded = known({ state: "loaded" as const, ref: base, blob: "c".repeat(40), policy: instructed, lines: {} });
const instructions = (docs: Instruction | null = fileOf("docs/how.md", "Slowly.\n"), at = base) =>
  new Map([
    [
      at,
      known([
        { path: "AGENTS.md", file: agentsMd },
        { path: "docs/how.md", file: docs },
      ]),
    ],
  ]);
const play = (over: Partial<StoryFacts> = {}) => playStory({ policy: loaded, instructions: instructions(), ...over });
const planned = (story: Story, plan = samplePlan) => {
  story.say("lena", "/plan");
  story.propose(plan);
  return story;
};
const concerns = (story: Story) => entriesOf(story.entries, "concern.raised").map(({ body }) => body.message);
const packs = (story: Story) =>
  entriesOf(story.entries, "prompt.recorded").flatMap(({ body }) => story.pack(body.pack.sha256) ?? []);

describe("G12: the policy's instructions go by digest to planner and agent", () => {
  test("the planner and every pack get them, entries name their digests", () => {
    const story = begin(play());
    const asked = story.asked.find((effect) => effect.type === "ask-planner");
    expect(asked).toMatchObject({ instructions: [agentsMd, { path: "docs/how.md" }], phase: { name: "build" } });
    const refs = [agentsMd, fileOf("docs/how.md", "Slowly.\n")].map(({ text: _, ...ref }) => ref);
    expect(entriesOf(story.entries, "plan.proposed")[0]?.body.instructions).toEqual(refs);
    const [recorded] = entriesOf(story.entries, "prompt.recorded");
    expect(recorded?.body).toMatchObject({ instructions: refs, phase: "build" });
    expect(packs(story)[0]).toMatchObject({
      instructions: [agentsMd, { text: "Slowly.\n" }],
      phase: { name: "build", deny: ["infra/**"], doNot: ["Start something new."] },
    });
    expect(story.state.sticky).toContain(`\`AGENTS.md\` (\`${agentsMd.sha256.slice(0, 12)}…\`)`);
  });

  test("a run gets those of the approval's base, whatever the default branch has by then", () => {
    const moved = "d".repeat(40);
    const both = new Map([...instructions(), ...instructions(fileOf("docs/how.md", "Fast.\n"), moved)]);
    const story = approve(play({ instructions: both }));
    story.state.base = moved;
    story.say("lena", "/run");
    expect(packs(story)[0]?.instructions?.[1]?.text).toBe("Slowly.\n");
  });

  test("one that is not there is a concern: nothing is approved before a person answers", () => {
    const story = planned(play({ instructions: instructions(null) }));
    expect(concerns(story)).toEqual([expect.stringContaining("`docs/how.md` (`agents.instructions`) is no text file")]);
    story.say("quinn", `/approve ${"a".repeat(64)}`);
    expect(story.replies().at(-1)).toMatchObject({ accepted: false, line: expect.stringContaining("docs/how.md") });
    story.say("lena", "/clarify Go on without it.");
    story.say("quinn", `/approve ${story.digest()}`);
    story.openPrompts();
    story.say("lena", "/run");
    expect(packs(story)[0]?.instructions).toEqual([agentsMd]);
  });

  test("nothing is asked and no attempt begins while they are unread", () => {
    const unread = new Map([[base, unknown("GitHub is away")]]);
    const waiting = play({ instructions: unread });
    waiting.say("lena", "/plan");
    expect(waiting.asked.filter(({ type }) => type === "ask-planner")).toEqual([]);
    expect(waiting.look().requeueAfter).not.toBeNull();
  });

  test.each<[string, (read: Instruction[]) => Known<Instruction[]>, string]>([
    ["from git", (read) => known(read), "same"],
    ["with another text in git", ([, ...rest]) => known([fileOf("AGENTS.md", "Other.\n"), ...rest]), "differs"],
    ["with one missing in git", (read) => known(read.slice(1)), "differs"],
    ["unread in git", () => unknown("no such commit"), "same"],
  ])("a replay derives the prompt again, %s", (name, read, result) => {
    const story = begin(play());
    const published = name === "unread in git" ? [] : packs(story);
    const instructions = read([agentsMd, fileOf("docs/how.md", "Slowly.\n")]);
    const git = gitOf("c".repeat(40), instructed, { instructions });
    const sources = sourcesOf(story.entries, { packs: bodiesOf(published), git });
    const step = replayRun("run-2-1", story.entries, sources)?.steps.find((one) => one.step === "prompt");
    expect(step?.result).toBe(name === "unread in git" ? "missing" : result);
  });

  test("without git the published pack is held against the recorded digests", () => {
    const story = begin(play());
    const [pack] = packs(story);
    if (pack === undefined) throw new Error("no pack");
    const replayed = (value: typeof pack) => {
      const packs = new Map([[[...bodiesOf([pack]).keys()][0] ?? "", { text: JSON.stringify(value), value }]]);
      const { steps = [] } = replayRun("run-2-1", story.entries, sourcesOf(story.entries, { packs })) ?? {};
      return steps.find((one) => one.step === "prompt");
    };
    const { instructions: _, ...without } = pack;
    expect(JSON.stringify(replayed(without))).toContain("instructions");
  });
});

const meta = (task: object): TaskReading => ({
  path: "tasks/T-1/meta.yml",
  state: "read",
  file: fileOf("tasks/T-1/meta.yml", JSON.stringify(task)),
  task: Task.parse(task),
});

describe("B1: the task file that a story names", () => {
  const withTask = (task: TaskReading | null) => {
    const story = playStory({ task });
    story.state.body = `${form}\n\n### Task\n\nT-1`;
    return story;
  };

  test.each<[string, object, string | null]>([
    ["agrees", { owner_role: "web", risk: "high", decisions: ["docs/one.md"], acceptance: ["It works."] }, null],
    ["has another risk", { risk: "critical" }, "the risk is critical, and the story says high"],
    ["has another decision", { decisions: "docs/two.md" }, "names the decision `docs/two.md`"],
    ["asks for more", { acceptance: ["It is fast."] }, "neither story nor plan does: It is fast."],
    ["B9: has a mission that asks for more", { mission: { intent: "x", success_criteria: ["Seen."] } }, "Seen."],
    ["is owned by no role", { owner_role: "db" }, "the role `db`, which the policy does not have"],
    ["touches less", { touches: ["web/step-1/**"] }, "The plan declares `web/step-2/**`"],
    ["is done", { status: "Done" }, "has the status Done already"],
  ])("%s", (_, task, concern) => {
    const story = planned(withTask(meta(task)));
    expect(concerns(story)).toEqual(concern === null ? [] : [expect.stringContaining(concern)]);
    expect(story.labels().includes("needs-answer")).toBe(concern !== null);
  });

  test("its risk counts where it is the highest", () => {
    const story = planned(withTask(meta({ risk: "critical" })));
    story.say("lena", "/clarify The higher one.");
    story.say("quinn", `/approve ${story.digest()}`);
    expect(entriesOf(story.entries, "contract.frozen")[0]?.body.asked?.risk).toBe("critical");
  });

  test("a change of it voids the plan, as an edit of the story does", () => {
    const facts = { task: meta({ owner_role: "web" }) };
    const story = planned(playStory(facts));
    const digest = story.digest();
    facts.task = meta({ owner_role: "web", work: "more" });
    story.say("quinn", `/approve ${digest}`);
    expect(entriesOf(story.entries, "command").at(-1)?.body).toMatchObject({ accepted: false, code: "story-changed" });
  });

  test.each<[string, TaskReading | null, string, RegExp]>([
    ["is not there", { path: "tasks/T-1/meta.yml", state: "absent" }, "T-1", /is not on the default branch/],
    ["is no YAML", { path: "tasks/T-1/meta.yml", state: "malformed", why: "line 3: no" }, "T-1", /line 3: no/],
    ["has no id", null, "../../x", /write the id of one folder/],
  ])("one that %s is asked for before anything is planned", (_, task, id, problem) => {
    const story = playStory({ task });
    story.state.body = `${form}\n\n### Task\n\n${id}`;
    story.say("lena", "/plan");
    expect(story.replies().at(-1)).toMatchObject({ accepted: false, line: expect.stringMatching(problem) });
  });
});
