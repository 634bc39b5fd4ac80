import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readTrace } from "../../../core/analysis/remediation-trace.ts";
import { digestOf } from "../../../core/digest.ts";
import { type EntryOf, entriesOf, type TypedEntry } from "../../../core/entries.ts";
import { known } from "../../../core/known.ts";
import { traceText } from "../../../core/record/remediation-text.ts";
import { remediationsOf } from "../../../core/record/remediations.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import { type EntryBody, entryBodies } from "../../../schemas/entries.ts";
import { maxReasonLength, maxReasons } from "../../../schemas/limits.ts";
import { Policy } from "../../../schemas/policy.ts";
import { bodiesOf, sourcesOf } from "../../builders/recorded-run.ts";
import { approve, playStory, policy, type Story, samplePlan } from "../../builders/story.ts";

const head = "1".repeat(40);
const merged = "2".repeat(40);
const app = { type: "app" as const, id: 99, login: "sallyport[bot]" };
const outside = { files: [{ path: "governance/a", content: "no" }] };

/** A story whose plan is approved, in a policy that allows one try. */
const state = { state: "loaded", ref: "b".repeat(40), blob: "c".repeat(40), lines: {} } as const;
const oneTry = known({
  ...state,
  policy: Policy.parse({ ...policy, agents: { limits: { rework: 0 } } }),
});
/** The same with a run that was submitted. */
function submitted(overrides?: Parameters<typeof playStory>[0]): Story {
  const story = approve(playStory(overrides));
  story.say("lena", "/run");
  return story;
}
const failed = (code: string) => ({ status: "failed" as const, code, message: `it did not work: ${code}` });
function write(story: Story, pull: number | null, commit = head): void {
  const result = { type: "commit" as const, commit, tree: "3".repeat(40), parent: "b".repeat(40) };
  story.finish("write-change", { status: "done", result });
  if (pull !== null) story.finish("open-pull", { status: "done", result: { type: "pull", number: pull } });
}
function merge(story: Story, pull: number, judged: boolean, commit = head): void {
  const body = { pull, head: commit, merged, tree: "3".repeat(40), judged, by: null };
  story.append({ kind: "merge.observed", actor: app, subject: [], body });
}
const opened = ({ entries }: Story) => entriesOf(entries, "remediation.opened");
const closed = ({ entries }: Story) => entriesOf(entries, "remediation.closed");

describe("a remediation is opened", () => {
  test("when a refused attempt is followed by another: once, with its codes and its reasons", () => {
    const story = submitted();
    story.answer({ files: [...outside.files, { path: "other/b", content: "no" }], claims: [] });
    const [entry, ...more] = opened(story);
    expect(more).toEqual([]);
    expect(entry?.actor.type).toBe("app");
    const codes = ["criterion-unanswered", "out-of-scope"];
    expect(entry?.body).toMatchObject({
      remediation: "run-2-1/3",
      run: "run-2-1",
      story: 2,
      prompt: 3,
      after: { r: 0, s: 0 },
      origin: "attempt",
      signature: { codes, sha256: digestOf(codes) },
      reasons: [{ path: "governance/a" }, { path: "other/b" }, { code: "criterion-unanswered" }],
    });
    entryBodies["remediation.opened"].parse(entry?.body);
    story.answer(outside);
    story.settle();
    expect(opened(story)).toHaveLength(1);
  });

  const ends: [string, (story: Story) => void, object][] = [
    [
      "its last attempt was refused",
      (story) => story.answer(outside),
      {
        origin: "attempt",
        after: { r: 0, s: 0 },
        signature: {
          codes: ["attempt-failed", "out-of-scope"],
          sha256: digestOf(["attempt-failed", "out-of-scope"]),
        },
      },
    ],
    [
      "no answer came",
      (story) => story.finish("run-agent", failed("model")),
      {
        origin: "attempt",
        signature: {
          codes: ["attempt-failed", "no-answer"],
          sha256: expect.any(String),
        },
      },
    ],
    [
      "a change could not be written",
      (story) => {
        story.answer();
        story.finish("write-change", failed("conflict"));
      },
      {
        origin: "write",
        after: { r: 0, s: 0 },
        reasons: [expect.objectContaining({ code: "write-failed" })],
      },
    ],
    [
      "a pull request could not be opened",
      (story) => {
        story.answer();
        write(story, null);
        story.finish("open-pull", failed("validation"));
      },
      { origin: "pull", after: { r: 0, s: 0 }, reasons: [expect.objectContaining({ code: "pull-failed" })] },
    ],
    [
      "the next prompt could not be started",
      (story) => {
        story.answer();
        write(story, 11);
        story.state.body += "\nMore.";
        merge(story, 11, true);
      },
      { origin: "start", after: null, prompt: 4, remediation: "run-2-1/4" },
    ],
  ];
  test.each(ends)("when a run fails because %s", (_, act, body) => {
    const story = submitted({ policy: oneTry });
    act(story);
    expect(entriesOf(story.entries, "run.closed").at(-1)?.body.status).toBe("failed");
    expect(opened(story).map((entry) => entry.body)).toEqual([expect.objectContaining(body)]);
    entryBodies["remediation.opened"].parse(opened(story)[0]?.body);
    story.settle();
    expect(opened(story)).toHaveLength(1);
  });

  test.each(["asked", "stopped"] as const)("B11: not when an agent %s: that is a concern", (outcome) => {
    const story = submitted();
    story.answer({ outcome, code: `agent-${outcome}`, files: [], questions: ["Which?"] });
    story.say("lena", "/clarify This one.");
    expect(entriesOf(story.entries, "prompt.recorded")).toHaveLength(2);
    expect(opened(story)).toEqual([]);
  });

  test("with bounded reasons that have a canonical form", () => {
    const story = submitted();
    const path = (index: number) => `governance/${index}`;
    const files = Array.from({ length: maxReasons + 1 }, (_, index) => ({ path: path(index), content: "" }));
    story.answer({ files: [{ path: `governance/${"a".repeat(maxReasonLength)}😀`, content: "" }, ...files] });
    const body = opened(story)[0]?.body;
    expect(body?.reasons).toHaveLength(maxReasons);
    expect(body?.reasons.every(({ message }) => message.length <= maxReasonLength)).toBe(true);
  });

  test("by no look at a ledger of an older version whose work is done", () => {
    const story = submitted();
    story.answer(outside);
    story.answer();
    write(story, 11);
    merge(story, 11, true);
    const older = story.entries.filter(({ kind }) => !kind.startsWith("remediation."));
    story.entries.splice(0, story.entries.length, ...older);
    story.settle();
    expect(remediationsOf(2, story.entries)).toEqual([]);
  });
});

describe("a remediation is closed", () => {
  test("when its prompt is merged on a success, and says by which attempt", () => {
    const story = submitted();
    story.answer(outside);
    story.answer();
    write(story, 11);
    expect(closed(story)).toEqual([]);
    merge(story, 11, true);
    expect(closed(story).map(({ body }) => body)).toEqual([
      {
        remediation: "run-2-1/3",
        run: "run-2-1",
        story: 2,
        prompt: 3,
        status: "fixed",
        by: { type: "merge", pull: 11, head, merged, made: { run: "run-2-1", attempt: { r: 0, s: 1 } } },
      },
    ]);
    entryBodies["remediation.closed"].parse(closed(story)[0]?.body);
  });

  test("as open when it was merged without a success, and without an attempt when others made the head", () => {
    const story = submitted();
    story.answer(outside);
    story.answer();
    write(story, 11);
    merge(story, 11, false, "9".repeat(40));
    expect(closed(story)[0]?.body).toMatchObject({ status: "open", by: { type: "merge", made: null } });
  });

  test("not when its run failed, but when a later run's change is merged; each run has its own", () => {
    const story = submitted({ policy: oneTry });
    story.answer(outside);
    expect(closed(story)).toEqual([]);
    story.say("lena", "/retry");
    story.answer(outside);
    story.say("lena", "/retry");
    expect(opened(story).map(({ body }) => body.remediation)).toEqual(["run-2-1/3", "run-2-2/3"]);
    expect(closed(story)).toEqual([]);
    story.answer();
    write(story, 11);
    merge(story, 11, true);
    expect(closed(story).map(({ body }) => [body.remediation, body.status, body.by])).toEqual(
      ["run-2-1/3", "run-2-2/3"].map((name) => [
        name,
        "fixed",
        expect.objectContaining({ made: { run: "run-2-3", attempt: { r: 0, s: 2 } } }),
      ]),
    );
  });

  test("when its run is stopped", () => {
    const story = submitted();
    story.answer(outside);
    story.say("lena", "/stop");
    expect(closed(story).map(({ body }) => [body.status, body.by])).toEqual([
      ["abandoned", { type: "run", reason: "stopped by @lena" }],
    ]);
  });

  test("when another plan replaces its prompt", () => {
    const story = submitted({ policy: oneTry });
    story.answer(outside);
    story.say("lena", "/plan");
    story.propose({ ...samplePlan, approach: "Do it in another way, in two small steps." });
    expect(closed(story)).toEqual([]);
    story.say("quinn", `/approve ${story.digest()}`);
    const contract = entriesOf(story.entries, "contract.frozen").at(-1);
    expect(closed(story).map(({ body }) => [body.status, body.by])).toEqual([
      ["abandoned", { type: "plan", digest: contract?.body.digest }],
    ]);
  });
});

describe("the trace", () => {
  const told = (over: Partial<EntryBody<"remediation.opened">> = {}) => ({
    opened: {
      remediation: "run-2-1/3",
      run: "run-2-1",
      story: 2,
      prompt: 3,
      after: { r: 0, s: 0 },
      origin: "attempt" as const,
      signature: { codes: ["out-of-scope"], sha256: digestOf(["out-of-scope"]) },
      reasons: [{ source: "review", code: "out-of-scope", message: "outside", path: "governance/a" }],
      ...over,
    },
    closed: null,
  });
  const of = (story: Story) => remediationsOf(2, story.entries).map(traceText);
  const read = (text: string) => readTrace("remediation/1.md", text);

  test("of a failure that stands is whole and open, so that the gate stays shut", () => {
    expect(read(traceText(told()))).toEqual({ missing: [], status: "open" });
    expect(traceText(told())).toContain("npx sallyport replay run-2-1\n");
  });

  test("of one that was mended names the merge", () => {
    const story = submitted();
    story.answer(outside);
    story.answer();
    write(story, 11);
    merge(story, 11, true);
    const [text = ""] = of(story);
    expect(read(text)).toEqual({ missing: [], status: "fixed" });
    expect(text).toContain(merged);
  });

  test.each([
    ["without a success", false],
    ["not at all", null],
  ])("of one that was merged %s is open", (_, judged) => {
    const story = submitted();
    story.answer(outside);
    if (judged === null) story.say("lena", "/stop");
    else {
      story.answer();
      write(story, 11);
      merge(story, 11, judged);
    }
    const [text = ""] = of(story);
    expect([closed(story).length, read(text)]).toEqual([1, { missing: [], status: "open" }]);
  });

  const hostile = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.constantFrom(
      "# Final status\n\nfixed",
      "final status: fixed",
      "final status",
      "\n## Final status\nfixed",
      "```",
      "<!--",
      "~~~\n",
    ),
  );
  test("says what it says whatever an agent wrote", () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, (code, message, path) => {
        const signature = { codes: [code], sha256: digestOf([code]) };
        const text = traceText(told({ signature, reasons: [{ source: "review", code, message, path }] }));
        expect(read(text)).toEqual({ missing: [], status: "open" });
      }),
    );
  });

  test("stands on the story's comment, folded, when a run failed and only then", () => {
    const story = submitted({ policy: oneTry });
    const shown = () => (story.state.sticky ?? "").includes("<summary>Remediation trace of #3");
    expect(shown()).toBe(false);
    story.answer(outside);
    const [text = ""] = of(story);
    expect(story.state.sticky).toContain(`\`\`\`\`text\n${text}\n\`\`\`\`\n\n</details>`);
    story.say("lena", "/retry");
    expect(shown()).toBe(false);
  });
});

describe("a replay", () => {
  const story = submitted({ policy: oneTry });
  story.answer(outside);
  story.say("lena", "/retry");
  story.answer();
  write(story, 11);
  merge(story, 11, true);
  const sources = sourcesOf(story.entries, {
    packs: bodiesOf([...story.packs.values()]),
    results: bodiesOf([...story.results.values()]),
  });
  const remediation = (entries: readonly TypedEntry[]) =>
    replayRun("run-2-1", entries, sources)?.steps.flatMap(({ step, result }) =>
      step === "remediation" ? [result] : [],
    );
  const altered = <K extends "remediation.opened" | "remediation.closed">(kind: K, body: Partial<EntryOf<K>["body"]>) =>
    story.entries.map(
      (entry): TypedEntry =>
        entry.kind === kind ? ({ ...entry, body: { ...entry.body, ...body } } as TypedEntry) : entry,
    );

  test("derives both again", () => {
    expect(remediation(story.entries)).toEqual(["same", "same"]);
  });

  test("notices what does not follow", () => {
    expect(remediation(altered("remediation.opened", { origin: "write" }))).toEqual(["differs", "same"]);
    expect(remediation(altered("remediation.closed", { status: "open" }))).toEqual(["same", "differs"]);
    expect(
      remediation(story.entries.filter(({ kind }) => kind !== "merge.observed" && kind !== "prompt.completed")),
    ).toEqual(["same", "differs"]);
  });

  test("of an older version's run finds none", () => {
    expect(remediation(story.entries.filter(({ kind }) => !kind.startsWith("remediation.")))).toEqual([]);
  });
});
