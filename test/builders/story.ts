import { parseCommand } from "../../core/commands.ts";
import { issueDigest } from "../../core/contract/contract.ts";
import type { Decision } from "../../core/decision.ts";
import { digestOf } from "../../core/digest.ts";
import type { Effect, EffectOutcome } from "../../core/effects.ts";
import type { Draft, TypedEntry } from "../../core/entries.ts";
import type { CommandRequest } from "../../core/facts.ts";
import { canonicalJson } from "../../core/json.ts";
import { known } from "../../core/known.ts";
import { decideOtherIssue } from "../../core/story/epic.ts";
import type { CommentFact, StoryFacts } from "../../core/story/facts.ts";
import { decideStory } from "../../core/story/story.ts";
import { refsOf } from "../../core/story/ticket.ts";
import type { Subject } from "../../core/subject.ts";
import { Advice, AdvicePack } from "../../schemas/advice.ts";
import { Plan } from "../../schemas/plan.ts";
import { Policy } from "../../schemas/policy.ts";
import type { Duty } from "../../schemas/policy-values.ts";
import { ReworkReport } from "../../schemas/rework.ts";
import { Pack, type Redaction, StepResult } from "../../schemas/step.ts";

/** The people of these tests, by what the policy lets them do. */
export const persons = {
  lena: { id: 1, login: "lena", type: "User" as const, duties: ["planners", "executors"] as Duty[] },
  quinn: { id: 2, login: "quinn", type: "User" as const, duties: ["approvers"] as Duty[] },
  rita: { id: 3, login: "rita", type: "User" as const, duties: [] as Duty[] },
};

export const samplePlan = Plan.parse({
  approach: "Do it in two small steps, the module first.",
  risks: [],
  unknowns: [],
  risk: "high",
  acceptance: ["It works."],
  manualTest: null,
  prompts: [1, 2].map((index) => ({
    title: `Step ${index}`,
    objective: `Step ${index} of the work is done and can be reviewed.`,
    role: "web",
    paths: [`web/step-${index}/**`],
    inputs: ["web/a.ts"],
    nonGoals: ["Nothing else."],
    acceptance: [`Step ${index} is done.`],
    output: ["Files."],
    dependsOn: index === 1 ? [] : [1],
  })),
});

export const policy = Policy.parse({
  version: 1,
  extends: "default",
  people: { planners: ["@lena"], executors: ["@lena"], approvers: ["@quinn"] },
  roles: { web: { allow: ["web/**"] } },
  gates: { "forbidden-paths": { deny: ["governance/**"] } },
});

export const form = [
  "Epic\n\n#1",
  "Description\n\nSomething.",
  "Acceptance criteria\n\n- It works.",
  "Risk\n\nhigh",
  "Decisions\n\ndocs/one.md",
]
  .map((section) => `### ${section}`)
  .join("\n\n");

/** A story in memory whose effects are carried out by hand, one at a time: the road without GitHub. */
export function playStory(overrides: Partial<StoryFacts> = {}) {
  const entries: TypedEntry[] = [];
  const outcomes = new Map<string, EffectOutcome>();
  const asked: Effect[] = [];
  const enqueued: Subject[] = [];
  const commands: CommandRequest[] = [];
  const maps = {
    plans: new Map<string, Plan>(),
    packs: new Map<string, Pack>(),
    results: new Map<string, StepResult>(),
    reports: new Map<string, ReworkReport>(),
    advicePacks: new Map<string, AdvicePack>(),
    advices: new Map<string, Advice>(),
  };
  /** Keeps a body with those of its kind. */
  const keep = ({ sha256, text }: Decision["bodies"][number]) => {
    const body: unknown = JSON.parse(text);
    const [pack, report, asked, advice] = [
      Pack.safeParse(body).data,
      ReworkReport.safeParse(body).data,
      AdvicePack.safeParse(body).data,
      Advice.safeParse(body).data,
    ];
    if (pack !== undefined) maps.packs.set(sha256, pack);
    else if (report !== undefined) maps.reports.set(sha256, report);
    else if (asked !== undefined) maps.advicePacks.set(sha256, asked);
    else if (advice !== undefined) maps.advices.set(sha256, advice);
    else throw new Error(`no schema has a body such as ${text}`);
  };
  const state = {
    base: "b".repeat(40),
    policy,
    blob: "c".repeat(40),
    body: form,
    epic: "",
    shut: null as "closed" | "locked" | null,
    labels: ["story"],
    comments: [] as CommentFact[],
    sticky: null as string | null,
    now: "2026-11-21T10:00:00.000Z",
  };
  const facts = (): StoryFacts => ({
    now: state.now,
    ourselves: {
      appId: 9,
      slug: "sallyport",
      page: "https://github.com/apps/sallyport",
      bot: { id: 99, login: "sallyport[bot]", type: "Bot" },
    },
    repository: { id: 7, name: "acme/web", defaultBranch: "main" },
    policy: known({ state: "loaded", ref: state.base, blob: state.blob, policy: state.policy, lines: {} }),
    base: known(state.base),
    commands: [...commands],
    entries: [...entries],
    outcomes,
    sticky: state.sticky,
    issue: {
      number: 2,
      title: "A story",
      body: state.body,
      state: state.shut === "closed" ? "closed" : "open",
      locked: state.shut === "locked",
      author: persons.lena,
      labels: state.labels,
    },
    parent: {
      number: 1,
      title: "An epic",
      body: state.epic,
      state: "open",
      locked: false,
      author: persons.lena,
      labels: ["epic"],
    },
    namedEpic: null,
    namedBy: null,
    decisions: known([{ path: "docs/one.md", exists: true }]),
    openers: { issue: null, epic: null },
    task: null,
    template: null,
    instructions: new Map(),
    children: [],
    comments: state.comments,
    text: known({ editedAt: null, secret: null }),
    ...maps,
    ...overrides,
  });
  const append = (draft: Draft) => {
    const entry = {
      ...draft,
      seq: entries.length + 1,
      hash: digestOf({ seq: entries.length + 1 }),
      at: state.now,
    };
    entries.push(entry);
  };
  const look = (): Decision => {
    const decide = state.labels.includes("story") ? decideStory : decideOtherIssue;
    const decision = decide(facts());
    decision.bodies.forEach(keep);
    decision.drafts.forEach(append);
    enqueued.push(...decision.enqueue);
    for (const effect of decision.effects) {
      if (effect.type === "ensure-sticky") state.sticky = effect.body;
      else if (!outcomes.has(effect.key)) {
        outcomes.set(effect.key, { status: "waiting" });
        asked.push(effect);
      }
    }
    return decision;
  };
  /** Looks until nothing more is decided. */
  const settle = () => {
    for (let round = 0; round < 20; round++) {
      const decision = look();
      if (decision.drafts.length === 0) return;
    }
    throw new Error("the story does not settle");
  };
  const say = (person: keyof typeof persons, text: string, more: Partial<CommandRequest> = {}) => {
    const { duties, ...by } = persons[person];
    const command = parseCommand(text);
    if (command === null) throw new Error(`${text} is no command`);
    commands.push({
      source: { type: "comment", id: 1_000 + commands.length },
      command,
      by,
      at: state.now,
      edited: false,
      viaApp: false,
      atOpening: false,
      permission: known({ role: person === "rita" ? "read" : "write", duties }),
      ...more,
    });
    settle();
  };
  const finish = (type: Effect["type"], outcome: EffectOutcome) => {
    const effect = asked.findLast((one) => one.type === type && outcomes.get(one.key)?.status === "waiting");
    if (effect === undefined) throw new Error(`no ${type} is waiting`);
    outcomes.set(effect.key, outcome);
    settle();
  };
  const usage = { model: "m", calls: 1, inputTokens: 1, outputTokens: 1 };
  return {
    entries,
    asked,
    outcomes,
    enqueued,
    state,
    facts,
    look,
    settle,
    say,
    finish,
    append: (draft: Draft) => {
      append(draft);
      settle();
    },
    /** The states that its labels show, without their prefix. */
    labels: () =>
      decideStory(facts()).effects.flatMap((effect) =>
        effect.type === "ensure-state" && effect.issue === 2
          ? [effect.state, effect.needs].flatMap((one) => one ?? [])
          : [],
      ),
    kinds: () => entries.map((entry) => entry.kind),
    digest: () => /^\/approve ([0-9a-f]{64})$/m.exec(state.sticky ?? "")?.[1] ?? "",
    pack: (sha256: string) => maps.packs.get(sha256),
    results: maps.results,
    reports: maps.reports,
    advicePacks: maps.advicePacks,
    advices: maps.advices,
    packs: maps.packs,
    replies: () => asked.flatMap((effect) => (effect.type === "reply" ? [effect] : [])),
    propose(plan: Plan = samplePlan, redacted: Redaction[] = []) {
      const planSha256 = digestOf(plan);
      maps.plans.set(planSha256, plan);
      const request = asked.findLast((effect) => effect.type === "ask-planner");
      const comments =
        request?.type === "ask-planner" ? (request.comments ?? []).map(({ text: _, ...part }) => part) : [];
      const { task, instructions } = request?.type === "ask-planner" ? request : {};
      const issueSha256 = request?.type === "ask-planner" ? issueDigest(request, comments, [], task) : "";
      finish("ask-planner", {
        status: "done",
        result: {
          type: "plan",
          planSha256,
          issueSha256,
          ...(comments.length === 0 ? {} : { comments }),
          ...(task === undefined ? {} : { task: { path: task.path, sha256: task.sha256 } }),
          ...(instructions === undefined ? {} : { instructions: refsOf(instructions) }),
          usage,
          ...(redacted.length > 0 ? { redacted } : {}),
        },
      });
    },
    openPrompts() {
      for (const number of [3, 4]) finish("open-prompt", { status: "done", result: { type: "issue", number } });
    },
    answer(overridesOf: Partial<StepResult> = {}, index = 1) {
      const result = StepResult.parse({
        version: 1,
        outcome: "finished",
        code: "finished",
        summary: "Done.",
        questions: [],
        files: [{ path: `web/step-${index}/a.ts`, content: "a\n" }],
        claims: [{ criterion: `Step ${index} is done.`, how: "It is." }],
        ...overridesOf,
      });
      const resultSha256 = digestOf(result);
      maps.results.set(resultSha256, result);
      const bytes = Buffer.byteLength(canonicalJson(result));
      finish("run-agent", {
        status: "done",
        result: { type: "answer", resultSha256, bytes, seconds: 1, usage },
      });
    },
    /** A reviewer agent says this of the change that it was last asked about. */
    advise(findings: Advice["findings"], more: Partial<Advice> = {}) {
      const advice = Advice.parse({ version: 1, outcome: "given", code: "given", summary: "Read.", findings, ...more });
      const text = canonicalJson(advice);
      const ref = { sha256: digestOf(advice), bytes: Buffer.byteLength(text), mediaType: "application/json" };
      maps.advices.set(ref.sha256, advice);
      finish("ask-reviewer", { status: "done", result: { type: "advice", advice: ref, seconds: 1, usage } });
    },
  };
}

export type Story = ReturnType<typeof playStory>;

/** The plan of a story is asked for and approved, and its prompts are opened. */
export function approve(story: Story = playStory(), plan: Plan = samplePlan): Story {
  story.say("lena", "/plan");
  story.propose(plan);
  story.say("quinn", `/approve ${story.digest()}`);
  story.openPrompts();
  return story;
}

/** The same, and its first run has begun. */
export function begin(story: Story = playStory(), plan: Plan = samplePlan): Story {
  approve(story, plan).say("lena", "/run");
  return story;
}
