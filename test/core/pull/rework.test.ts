import { describe, expect, test } from "@jest/globals";
import { digestOf } from "../../../core/digest.ts";
import type { Effect, EffectOutcome, EffectResult } from "../../../core/effects.ts";
import { type Draft, entriesOf } from "../../../core/entries.ts";
import type { CheckFact, CommandRequest, CommitFact, PullFacts, ReviewFact } from "../../../core/facts.ts";
import { canonicalJson } from "../../../core/json.ts";
import { known } from "../../../core/known.ts";
import { decidePull } from "../../../core/pull/pull.ts";
import { recordOf } from "../../../core/record/pull.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import { entryBodies } from "../../../schemas/entries.ts";
import { Policy } from "../../../schemas/policy.ts";
import type { Duty } from "../../../schemas/policy-values.ts";
import type { ReworkReport } from "../../../schemas/rework.ts";
import { pullContext, say } from "../../builders/pull-context.ts";
import { change, facts, head } from "../../builders/pull-facts.ts";
import { bodiesOf, sourcesOf } from "../../builders/recorded-run.ts";
import { approve, begin, persons, playStory, policy, type Story } from "../../builders/story.ts";

const people =
  'people: { planners: ["@lena"], executors: ["@lena"], approvers: ["@quinn"] }\nroles: { web: { allow: [web/**] } }\n';
const all = "rework: { on: [gates, ci, review], rounds: 2 }\n";
/** The gate that fails for every change of `web/step-1/a.ts`. */
const strict = "gates: { forbidden-paths: { deny: [web/step-1/a.ts] } }\n";

const red: CheckFact = {
  id: 7,
  suite: 1,
  name: "test",
  app: "github-actions",
  status: "completed",
  conclusion: "failure",
};
const objection = (id = 40, duties: Duty[] = ["approvers"], role: "read" | "write" = "write"): ReviewFact => {
  const { duties: _, ...by } = persons.quinn;
  const permission = known({ role, duties });
  return { id, by, state: "changes_requested", sha: head, at: "2026-11-21T09:00:00Z", permission };
};
const commitOf = (sha: string, parent: string): CommitFact => ({
  ...{ sha, parents: [parent], tree: sha.replaceAll(/./g, "a"), message: "A change" },
});

/** What a look sees beside the policy and the change. */
type Seen = Pick<Partial<PullFacts>, "checks" | "reviews" | "head" | "commits">;

/** A story whose first prompt has its pull request, #11, and looks at that pull request. */
function opened(story: Story = begin(), before: (story: Story) => void = () => undefined) {
  story.answer();
  write(story, head);
  before(story);
  story.finish("open-pull", { status: "done", result: { type: "pull", number: 11 } });
  const outcomes = new Map<string, EffectOutcome>();
  const gathered: Extract<Effect, { type: "gather-report" }>[] = [];
  const look = (text: string, over: Seen = {}, commands: CommandRequest[] = []) => {
    const judged = facts({ policy: `version: 1\n${people}${text}`, changes: [change("web/step-1/a.ts")], ...over });
    const given = pullContext(judged, { number: 11, entries: [...story.entries], outcomes, commands });
    const decision = decidePull(given);
    for (const draft of decision.drafts) {
      entryBodies[draft.kind].parse(draft.body);
      story.append(draft);
    }
    gathered.push(...decision.effects.filter((effect) => effect.type === "gather-report"));
    return decision;
  };
  /** Gathers what the last look asked for, and looks again. */
  const gather = (text: string, over: Seen = {}, more: Partial<ReworkReport> = {}) => {
    const effect = gathered.at(-1);
    if (effect === undefined) throw new Error("nothing was to be gathered");
    const { pull, asked, gates } = effect;
    const checks = effect.checks.map(({ id: _, ...check }) => ({
      ...check,
      summary: "",
      annotations: [],
      log: "boom",
    }));
    const report: ReworkReport = {
      ...{ version: 1, pull, head: effect.head, asked, gates, checks, reviews: [], threads: [], comments: [] },
      ...{ unread: [], previous: "Done.", ...more },
    };
    const sha256 = digestOf(report);
    story.reports.set(sha256, report);
    const ref = { sha256, bytes: Buffer.byteLength(canonicalJson(report)), mediaType: "application/json" };
    const { duties: _, ...quinn } = persons.quinn;
    const result: EffectResult = {
      ...{ type: "report", report: ref, reviewers: report.reviews.length > 0 ? [quinn] : [] },
      reviews: report.reviews.map(({ review }) => review),
      threads: report.threads.map(({ thread }) => thread),
      comments: report.threads.flatMap(({ comments }) => comments.map(({ comment }) => comment)),
    };
    outcomes.set(effect.key, { status: "done", result });
    return look(text, over);
  };
  return { story, outcomes, gathered, look, gather, rounds: () => entriesOf(story.entries, "rework.opened") };
}

function write(story: Story, commit: string): void {
  const parent = story.asked.findLast((effect) => effect.type === "write-change");
  const files = [{ path: "web/step-1/a.ts", blob: commit }];
  const tree = commit.replaceAll(/./g, "a");
  const result = { commit, tree, parent: parent?.parent ?? "", files, type: "commit" as const };
  story.finish("write-change", { status: "done", result });
}

const kinds = (drafts: readonly Draft[]) => drafts.map(({ kind }) => kind);
const concerns = (story: Story) => entriesOf(story.entries, "concern.raised").map(({ body }) => body);
const packNow = (story: Story) =>
  story.pack(entriesOf(story.entries, "prompt.recorded").at(-1)?.body.pack.sha256 ?? "");

test("T8, G8: a pull request whose agent left a reviewer's advice as it was is reworked like any other", () => {
  const story = playStory();
  const [agents, rework] = [{ reviewer: {} }, { on: ["reviewer"] }];
  const { people, roles } = policy;
  story.state.policy = Policy.parse({ version: 1, extends: "default", people, roles, agents, rework });
  const { look, gather, rounds } = opened(begin(story), () => {
    story.advise([{ severity: "must", path: null, line: null, criterion: 1, text: "It greets nobody." }]);
    story.answer({ files: [] });
  });
  expect(story.labels()).toEqual(["executing"]);
  look(`${all}${strict}`);
  gather(`${all}${strict}`);
  expect(rounds().map(({ body }) => [body.round, body.causes, body.pull])).toEqual([
    [1, ["reviewer"], undefined],
    [2, ["gates"], 11],
  ]);
  expect(packNow(story)).toMatchObject({ kind: "rework", base: head, attempt: { r: 2, s: 0 } });
});

describe("T8: what fails goes back to the agent", () => {
  const nothing = {};
  const ci = { checks: known([red]) };
  const asks = { reviews: known([objection()]) };
  test.each<[string, string, Seen, string[]]>([
    ["a failed gate", `${all}${strict}`, nothing, ["gates"]],
    ["red CI, also where no gate asks for it", all, ci, ["ci"]],
    ["a request for changes, also where no gate asks for a review", all, asks, ["review"]],
    ["all of them at once", `${all}${strict}`, { ...ci, ...asks }, ["gates", "ci", "review"]],
  ])("%s", (_, text, over, causes) => {
    const { story, gathered, look, gather, rounds } = opened();
    look(text, over);
    expect(gathered).toHaveLength(1);
    expect(kinds(gather(text, over).drafts)).toContain("rework.opened");
    expect(rounds().map(({ body }) => body)).toMatchObject([{ round: 1, causes, head, pull: 11, by: null }]);
    const asked = entriesOf(story.entries, "prompt.recorded").at(-1)?.body;
    expect(asked).toMatchObject({ attempt: { r: 1, s: 0 }, base: head, branch: "sallyport/run-2-1/3" });
    expect(entriesOf(story.entries, "checkpoint.recorded").at(-1)?.body).toMatchObject({ head, base: head });
    expect(entriesOf(story.entries, "handoff.made").at(-1)?.body).toMatchObject({ from: { stage: "validate" } });
    expect(packNow(story)).toMatchObject({ kind: "rework", previous: "Done.", base: head });
    // Nothing more begins while the agent is at work.
    look(text, over);
    expect(rounds()).toHaveLength(1);
  });

  test.each<[string, string, Seen]>([
    ["nothing fails", all, nothing],
    ["the policy does not speak of rework", strict, ci],
    ["the policy does not name that cause", `rework: { on: [ci] }\n${strict}`, nothing],
    ["a check still runs", `${all}${strict}`, { checks: known([{ ...red, status: "in_progress", conclusion: null }]) }],
    [
      "a check failed and succeeded when it was run again",
      all,
      {
        checks: known([red, { ...red, id: 8, conclusion: "success" }]),
      },
    ],
    ["a check was cancelled", all, { checks: known([{ ...red, conclusion: "cancelled" }]) }],
    [
      "T5: whoever asks for changes may not write here",
      all,
      { reviews: known([objection(40, ["approvers"], "read")]) },
    ],
    ["whoever asks for changes holds no duty", all, { reviews: known([objection(40, [])]) }],
    [
      "what the reviewer may do is not known",
      all,
      {
        reviews: known([{ ...objection(), permission: { known: false, why: "GitHub did not answer" } }]),
      },
    ],
  ])("not while %s", (_, text, over) => {
    const { gathered, look, story } = opened();
    look(text, over);
    expect(gathered).toEqual([]);
    expect(concerns(story)).toEqual([]);
  });

  test("a check that runs is not asked for again and again, and one that waits for a person is not waited for", () => {
    const deploy = { ...red, id: 8, name: "deploy", conclusion: null };
    const { gathered, look } = opened();
    expect(look(all, { checks: known([red, { ...deploy, status: "queued" }]) }).requeueAfter).toBeNull();
    expect(gathered).toEqual([]);
    look(all, { checks: known([red, { ...deploy, status: "waiting" }]) });
    expect(gathered).toMatchObject([{ checks: [{ name: "test" }] }]);
  });

  test("the commit of a round is judged anew, and what was taken up is not taken up again", () => {
    const { story, look, gather, gathered, rounds } = opened();
    const reviews = known([objection()]);
    const line = { by: { login: "quinn", duties: ["approvers"] }, text: "Use another name." };
    look(all, { reviews });
    gather(
      all,
      { reviews },
      {
        reviews: [{ review: 40, ...line }],
        threads: [{ thread: 50, path: "web/step-1/a.ts", line: 3, comments: [{ comment: 50, ...line }] }],
      },
    );
    expect(packNow(story)).toMatchObject({
      failures: [
        { source: "@quinn (approvers)", code: "changes-requested", message: "Use another name." },
        { source: "@quinn (approvers)", code: "thread-50", path: "web/step-1/a.ts:3" },
      ],
    });
    const claim = { criterion: "thread-50", how: "Renamed." };
    story.answer({ claims: [{ criterion: "Step 1 is done.", how: "It is." }, claim] });
    const next = "4".repeat(40);
    write(story, next);
    expect(story.asked.findLast((effect) => effect.type === "write-change")).toMatchObject({ parent: head });
    const shown = story.asked.filter(({ key }) => /^(thread|review|claims)\//.test(key));
    expect(shown).toMatchObject([
      { type: "answer-thread", pull: 11, thread: 50 },
      { type: "reply", issue: 11 },
      { type: "ask-review", pull: 11, reviewers: ["quinn"] },
    ]);
    expect(JSON.stringify(shown)).toContain(`${next} answers this (R1/S0). The agent says: Renamed.`);
    const replayed = (reports: Story["reports"]) => {
      const packs = bodiesOf([...story.packs.values()]);
      const results = bodiesOf([...story.results.values()]);
      const sources = sourcesOf(story.entries, { packs, results, reports: bodiesOf([...reports.values()]) });
      const { steps = [] } = replayRun("run-2-1", story.entries, sources) ?? {};
      return steps.filter(({ result }) => result !== "same").map(({ step, about, result }) => [step, about, result]);
    };
    const isLacking = ([step, , result]: (string | undefined)[]) => step === "policy" || result === "unpublished";
    expect(replayed(story.reports).filter((one) => !isLacking(one))).toEqual([]);
    expect(replayed(story.reports).filter(([step]) => step === "prompt" || step === "rework")).toEqual([]);
    expect(replayed(new Map())).toContainEqual(["prompt", "#3 R1/S0", "unpublished"]);
    look(all, { reviews, head: { sha: next }, commits: known([commitOf(head, "b"), commitOf(next, head)]) });
    expect(gathered).toHaveLength(1);
    expect(rounds()).toHaveLength(1);
    expect(story.kinds().filter((kind) => kind === "evidence.captured")).toHaveLength(2);
  });
});

describe("`/rework` by an executor", () => {
  const asks = (line = "/rework Handle the empty list.") => say(line, "lena", ["planners", "executors"]);

  test.each([
    ["on the pull request", true],
    ["on the story", false],
  ])("%s starts a round without a policy for it", (_, onPull) => {
    const { story, look, gather, gathered } = opened();
    if (onPull) look("", {}, [asks()]);
    else {
      story.say("lena", "/rework Handle the empty list.");
      look("");
    }
    expect(gathered).toMatchObject([{ asked: [{ by: "lena", text: "Handle the empty list." }] }]);
    gather("");
    expect(packNow(story)).toMatchObject({ failures: [{ source: "@lena", message: "Handle the empty list." }] });
  });

  test.each([
    ["on the pull request", true],
    ["on the story", false],
  ])("A3: whoever wrote to the agent %s asked for the change, so somebody else signs it off", (_, onPull) => {
    const { story, look, gather } = opened();
    const line = "/rework Leave the test out.";
    if (onPull) look("", {}, [say(line, "quinn", ["executors", "approvers"])]);
    else {
      story.say("quinn", line, { permission: known({ role: "write", duties: ["executors", "approvers"] }) });
      look("");
    }
    look("", {}, [asks("/rework")]);
    gather("");
    const record = recordOf(story.entries, 11, facts());
    expect(record.known && record.value.run?.requesters.map(({ login }) => login)).toEqual(["lena", "quinn"]);
  });

  test.each<[string, (one: ReturnType<typeof opened>) => void, string]>([
    ["there", ({ look }) => look(all, {}, [say("/block Wait.", "quinn", ["approvers"])]), "on #11"],
    ["on its story", ({ story }) => story.say("quinn", "/block Wait."), "on #2"],
  ])("B11: is refused while something is open %s, and nothing begins by itself either", (_, block, place) => {
    const one = opened();
    block(one);
    const { effects } = one.look(all, { checks: known([red]) }, [asks()]);
    expect(effects.find(({ type }) => type === "reply")).toMatchObject({
      accepted: false,
      line: expect.stringMatching(new RegExp(`Blocked by .*quinn.*: Wait\\..*${place}`)),
    });
    one.look(all, { checks: known([red]) });
    expect(one.gathered).toEqual([]);
  });

  test("is refused without the duty, on a closed pull request, and where no run made it", () => {
    const { story, look } = opened();
    look("", {}, [say("/rework", "quinn", ["approvers"])]);
    expect(entriesOf(story.entries, "command").at(-1)?.body.code).toBe("not-in-duty");
    const body = { pull: 11, head };
    story.append({ kind: "pull.closed", actor: { type: "app", id: 99, login: "s" }, subject: [], body });
    story.say("lena", "/rework");
    expect(story.replies().at(-1)?.line).toContain("#11 is closed");
  });

  test.each<[string, (one: ReturnType<typeof opened>) => void, string]>([
    ["`/rework`", () => {}, "/rework"],
    ["a block, which its check has to show", () => {}, "/block Wait."],
    [
      "an answer, after which its check and its rework go on",
      ({ story }) => story.say("lena", "/block No."),
      "/clarify",
    ],
    [
      "a run, which takes up what was asked for in the one before",
      ({ story, look }) => {
        look("", {}, [asks()]);
        story.say("lena", "/stop");
      },
      "/run",
    ],
  ])("T8: the pull request is looked at again at once after %s", (_, before, line) => {
    const one = opened();
    before(one);
    one.story.enqueued.length = 0;
    one.story.say("lena", line === "/clarify" ? "/clarify Go on." : line);
    expect(one.story.enqueued).toContainEqual({ kind: "pull", repository: 7, number: 11 });
    one.story.enqueued.length = 0;
    one.story.say("lena", "/status");
    expect(one.story.enqueued).toEqual([]);
  });

  test("D14: is not carried over to the pull request that follows one that was taken back", () => {
    const { story, look, gathered } = opened();
    look("", {}, [asks()]);
    story.say("lena", "/rollback run-2-1/3/R0S0");
    story.finish("roll-back", { status: "done", result: { type: "rolled-back", closed: [11] } });
    story.say("lena", "/retry");
    story.answer();
    const sha = "6".repeat(40);
    write(story, sha);
    story.finish("open-pull", { status: "done", result: { type: "pull", number: 11 } });
    gathered.length = 0;
    look("", { head: { sha }, commits: known([commitOf(sha, "b")]) });
    expect(gathered).toEqual([]);
  });

  test("goes on where the run ended before the round before began, with what that one held", () => {
    const { story, look, gather, gathered, rounds } = opened();
    const over = { reviews: known([objection()]) };
    const words = { by: { login: "quinn", duties: ["approvers"] }, text: "Use another name." };
    look(all, over);
    story.state.shut = "closed";
    gather(all, over, { reviews: [{ review: 40, ...words }] });
    expect(story.entries.at(-1)?.kind).toBe("run.closed");
    story.state.shut = null;
    story.say("lena", "/rework Shorter.");
    look(all, over);
    expect(gathered.at(-1)).toMatchObject({ taken: [], asked: [{ text: "Shorter." }] });
    gather(all, over, { reviews: [{ review: 40, ...words }] });
    expect(rounds()).toHaveLength(2);
    expect(packNow(story)).toMatchObject({
      run: "run-2-2",
      failures: [{ message: "Shorter." }, { message: "Use another name." }],
    });
  });

  test("T254: goes on at a pull request that somebody closed and opened again", () => {
    const { story, look, gathered } = opened();
    look("");
    const judged = facts({ policy: `version: 1\n${people}` });
    const closed = decidePull(pullContext(judged, { number: 11, state: "closed", entries: [...story.entries] }));
    for (const draft of closed.drafts) story.append(draft);
    expect(story.state.sticky).toContain("#11 was closed without being merged");
    look("");
    look("");
    expect(entriesOf(story.entries, "verdict.given")).toHaveLength(2);
    expect(story.state.sticky).not.toContain("/rollback");
    story.say("lena", "/rework");
    look("");
    expect(gathered).toHaveLength(1);
  });

  test("after the run has ended starts another one, which waits for what is gathered", () => {
    const { story, look, gather, gathered } = opened();
    story.say("lena", "/stop");
    story.say("lena", "/rework Shorter.");
    expect(story.kinds().filter((kind) => kind === "run.submitted")).toHaveLength(2);
    expect(entriesOf(story.entries, "prompt.recorded")).toHaveLength(1);
    look("");
    expect(gathered).toHaveLength(1);
    gather("");
    const asked = entriesOf(story.entries, "prompt.recorded").at(-1)?.body;
    expect(asked).toMatchObject({ run: "run-2-2", attempt: { r: 1, s: 0 }, branch: "sallyport/run-2-1/3" });
  });
});

describe("a round that may not begin ends in a concern", () => {
  /** So many rounds, each with another commit that fails again. */
  function reworked(times: number, over: (round: number) => Seen, text = all) {
    const one = opened();
    const shas = [head];
    const now = (round: number) => ({
      ...over(round),
      head: { sha: shas.at(-1) ?? head },
      commits: known(shas.map((sha, at) => commitOf(sha, shas[at - 1] ?? "b"))),
    });
    for (let round = 0; round < times; round++) {
      one.look(text, now(round));
      one.gather(text, now(round));
      one.story.answer({ files: [{ path: "web/step-1/a.ts", content: `${round}\n` }] });
      shas.push(String(round + 1).repeat(40));
      write(one.story, shas.at(-1) ?? "");
    }
    return { ...one, last: () => one.look(text, now(times)), now: () => now(times) };
  }
  const named = (name: string) => ({ checks: known([{ ...red, name }]) });

  test("after the policy's rounds, with what was tried; then a person decides each", () => {
    const { story, last, look, gathered, now } = reworked(2, (round) => named(`test ${round}`));
    last();
    last();
    expect(concerns(story)).toMatchObject([{ code: "rework-rounds", story: 2, about: { type: "rework", pull: 11 } }]);
    expect(concerns(story)[0]?.message).toMatch(/Tried: round 1 on d{12} \(ci\); round 2 .*\/rework <what to mend>/);
    expect(story.labels()).toEqual(["blocked", "needs-answer"]);
    story.say("lena", "/rework Look at the clock.");
    expect(story.replies().at(-1)?.line).toContain("#11 goes back to its agent");
    look(all, now());
    expect(gathered.at(-1)).toMatchObject({ asked: [{ text: "Look at the clock." }] });
  });

  test("for the same failure twice", () => {
    const { story, last } = reworked(1, () => named("test"));
    last();
    expect(concerns(story)).toMatchObject([{ code: "same-failure" }]);
    // Left as it is, nothing begins or is raised again at this head.
    story.say("lena", "/clarify It is left to us.");
    last();
    expect(concerns(story)).toHaveLength(1);
  });

  test("for the budget, which holds for commands too", () => {
    const text = "rework: { on: [ci], rounds: 9, tokens: 2 }\n";
    const { story, last, now, look } = reworked(1, (round) => named(`test ${round}`), text);
    last();
    expect(concerns(story)).toMatchObject([{ code: "rework-budget" }]);
    story.say("lena", "/rework");
    look(text, now());
    expect(concerns(story).map(({ code }) => code)).toEqual(["rework-budget", "rework-budget"]);
  });

  test("not where a lost database took what was gathered: the run ends, and `/rework` gathers it anew", () => {
    const { story, look, gather, gathered } = opened();
    const over = { checks: known([red]) };
    look(all, over);
    story.append = () => undefined;
    const round = gather(all, over).drafts.find(({ kind }) => kind === "rework.opened");
    if (round === undefined) throw new Error("no round");
    story.reports.clear();
    story.entries.push({ ...round, seq: 1_000, hash: "1".repeat(64), at: story.state.now });
    story.settle();
    expect(entriesOf(story.entries, "run.closed")[0]?.body.status).toBe("failed");
    expect(story.state.sticky).toContain("is not stored any more");
    story.say("lena", "/rework");
    gathered.length = 0;
    look(all, over);
    expect(gathered).toHaveLength(1);
  });

  test("for what somebody pushed in between; adopted, the round is built on it", () => {
    const other = "9".repeat(40);
    const moved = {
      checks: known([red]),
      head: { sha: other },
      commits: known([commitOf(head, "b"), commitOf(other, head)]),
    };
    const { story, look, gather, gathered } = opened();
    look(all, moved);
    look(all, moved);
    expect(concerns(story)).toMatchObject([{ code: "moved-branch" }]);
    expect(concerns(story)[0]?.message).toContain(`/adopt ${other} because …`);
    expect(gathered).toEqual([]);
    look(all, moved, [say(`/adopt ${other} because I mended the test`, "lena", ["executors"])]);
    story.say("lena", "/rework");
    look(all, moved);
    gather(all, moved);
    expect(entriesOf(story.entries, "prompt.recorded").at(-1)?.body).toMatchObject({ base: other });
  });

  test("for what could not be gathered, in GitHub's or our words", () => {
    const { story, look, outcomes, gathered } = opened();
    look(all, { checks: known([red]) });
    const message = "500 review threads are open on #11, and one round takes up 50. Resolve what is settled.";
    outcomes.set(gathered[0]?.key ?? "", { status: "failed", code: "over-budget", message });
    look(all, { checks: known([red]) });
    expect(concerns(story)).toMatchObject([{ code: "over-budget" }]);
    expect(concerns(story)[0]?.message).toContain(message);
  });

  test("for what could not be gathered, which whoever settled it asks for anew in the same words", () => {
    const { story, look, outcomes, gathered } = opened();
    const again = (times: number) => {
      look("", {}, [say("/rework", "lena", ["executors"])]);
      expect(gathered).toHaveLength(times);
    };
    again(1);
    outcomes.set(gathered[0]?.key ?? "", { status: "failed", code: "over-budget", message: "500 review threads." });
    look("");
    expect(concerns(story)).toMatchObject([{ code: "over-budget" }]);
    again(2);
    expect(concerns(story)).toHaveLength(1);
  });

  test("for a branch that moved while the agent was at work: nothing is overwritten, and its answer is kept", () => {
    const { story, look, gather } = opened();
    const over = { checks: known([red]) };
    look(all, over);
    gather(all, over);
    story.answer();
    const message = "the branch stands at 999, which this run did not write; it was left alone";
    story.finish("write-change", { status: "failed", code: "foreign-commit", message });
    story.settle();
    expect(concerns(story)).toMatchObject([{ concern: "run-2-1/3/R1S0/write", code: "foreign-commit" }]);
    expect(story.kinds()).not.toContain("run.closed");
    expect(story.state.sticky).not.toContain("is with its agent again");
    // Left as it is, it is nobody's work and says so.
    story.say("lena", "/clarify We mend it.");
    expect(story.state.sticky).not.toContain("is with its agent again");
    look(strict, over);
    expect(story.labels()).toEqual(["failed"]);
  });

  test("after which a pull request that is left as it is has failed, and says who can go on", () => {
    const text = 'rework: { on: [ci], rounds: 9 }\ngates: { ci: { checks: ["@github-actions/test"] } }\n';
    const { story, last } = reworked(1, () => named("test"), text);
    story.state.policy = Policy.parse({ ...policy, rework: { on: ["ci"], rounds: 9 } });
    last();
    expect(concerns(story)).toMatchObject([{ code: "same-failure" }]);
    story.say("lena", "/clarify We mend it.");
    last();
    expect(story.labels()).toEqual(["failed"]);
    expect(story.state.sticky).toContain("```\n/rework\n```");
  });
});

test("T3: a merge while the agent is at work on a round ends its try, which nobody would take; the run goes on", () => {
  const { story, look, gather } = opened();
  const over = { checks: known([red]) };
  look(all, over);
  gather(all, over);
  const actor = { type: "app" as const, id: 99, login: "sallyport[bot]" };
  const body = { pull: 11, head, merged: head, tree: "a".repeat(40), judged: true, by: null };
  story.append({ kind: "merge.observed", actor, subject: [], body });
  expect(entriesOf(story.entries, "attempt.closed").at(-1)?.body).toMatchObject({
    ...{ prompt: 3, attempt: { r: 1, s: 0 }, accepted: false },
    reasons: [{ source: "sallyport", code: "merged" }],
  });
  expect(story.kinds()).not.toContain("remediation.opened");
  expect(entriesOf(story.entries, "prompt.recorded").at(-1)?.body).toMatchObject({ run: "run-2-1", prompt: 4 });
  const sources = sourcesOf(story.entries, { reports: bodiesOf([...story.reports.values()]) });
  const steps = replayRun("run-2-1", story.entries, sources)?.steps ?? [];
  expect(steps.filter(({ result }) => result === "differs")).toEqual([]);
});

test("T8: label, prompt and `/retry` follow a failure that nobody mends yet", () => {
  const { story, look } = opened();
  look(strict);
  expect(story.labels()).toEqual(["failed"]);
  expect(story.state.sticky).toContain("/rework");
  story.say("lena", "/retry");
  expect(story.replies().at(-1)?.line).toBe("There is no failed run to retry. #11 failed; `/rework` sends it back.");
  story.say("lena", "/rework");
  expect(story.labels()).toEqual(["executing"]);
});

test("T11: nobody is asked to try a commit that its agent is mending, until another one is judged", () => {
  const { story, look, gather } = opened();
  const tested = "gates: { manual-test: { when: { paths: [web/**] } } }\n";
  const waits = () => [story.labels(), story.state.sticky?.includes("waits for a person who tries it")];
  look(tested);
  expect(waits()).toEqual([["manual_test", "needs-sign-off"], true]);
  look(tested, {}, [say("/rework Shorter.", "lena", ["executors"])]);
  story.settle();
  expect(waits()).toEqual([["executing"], false]);
  gather(tested);
  expect(waits()).toEqual([["executing"], false]);
  story.answer();
  expect(waits()).toEqual([["executing"], false]);
  const next = "4".repeat(40);
  write(story, next);
  expect(waits()).toEqual([["executing"], false]);
  look(tested, { head: { sha: next }, commits: known([commitOf(head, "b"), commitOf(next, head)]) });
  expect(waits()).toEqual([["manual_test", "needs-sign-off"], true]);
});

test("waits for people are no failures: an agent that asks as often as it may fail still goes on", () => {
  const story = approve();
  story.say("lena", "/run");
  for (let question = 0; question < 5; question++) {
    story.answer({ outcome: "asked", code: "agent-asked", questions: [`Which ${question}?`], files: [], claims: [] });
    story.say("lena", "/clarify The first.");
  }
  expect(story.kinds()).not.toContain("run.closed");
  expect(entriesOf(story.entries, "prompt.recorded")).toHaveLength(6);
});

test("a plain `/run` after `/stop` works: the agent begins anew, with the same contract and no more words", () => {
  const story = begin();
  story.say("lena", "/stop");
  story.say("lena", "/run");
  expect(entriesOf(story.entries, "prompt.recorded")).toHaveLength(2);
  expect(packNow(story)).toMatchObject({ kind: "step", run: "run-2-2" });
});
