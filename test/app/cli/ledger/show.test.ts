import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createSigner } from "../../../../app/ledger/signer.ts";
import type { Json } from "../../../../core/json.ts";
import { acted } from "../../../builders/attempt-entries.ts";
import { chainOf, draft, drafts, newKey } from "../../../builders/ledger.ts";
import { makeLedgerClone } from "../../../builders/ledger-clone.ts";
import { runLedger } from "../../../hosts/run-ledger.ts";

const repository = makeLedgerClone();
const { folder, clone, run: ledger } = repository;
afterAll(repository.remove);

const key = newKey();
const { publicKey } = createSigner(key.pem);
const quinn = { type: "user" as const, id: 2, login: "Quinn" };

const entries = [
  draft({ kind: "command", actor: quinn, body: { issue: 7, story: 7 } }),
  draft({ kind: "run.submitted", body: { run: "run-7-1", story: 7 } }),
  draft({ kind: "pull.opened", body: { run: "run-7-1", story: 7, pull: 12 } }),
  draft({ kind: "pull.opened", body: { run: "run-8-1", story: 8, pull: 13 } }),
  draft({ kind: "sign-off.given", actor: quinn, body: { pull: 12 } }),
  draft({ kind: "command", body: { issue: 12, command: "waive" } }),
];
let lines: string[];
beforeAll(async () => {
  lines = await chainOf(key.pem, entries);
  repository.publish(lines);
});

/** The numbers of the entries that are shown. */
const shown = (out: string) => [...out.matchAll(/^ *([0-9]+) {2}/gm)].map(([, seq]) => Number(seq));

describe("only the entries that were asked for", () => {
  const cases: [string[], number[]][] = [
    [[], [1, 2, 3, 4, 5, 6]],
    [
      ["--kind", "pull.opened"],
      [3, 4],
    ],
    [
      ["--story", "7"],
      [1, 2, 3, 5, 6],
    ],
    [
      ["--pr", "12"],
      [3, 5, 6],
    ],
    [
      ["--run", "run-7-1"],
      [2, 3, 5, 6],
    ],
    [
      ["--person", "quinn"],
      [1, 5],
    ],
    [
      ["--person", "@Quinn"],
      [1, 5],
    ],
    [
      ["--person", "2"],
      [1, 5],
    ],
    [["--person", "quinn", "--pr", "12"], [5]],
    [["--story", "7", "--kind", "pull.opened", "--run", "run-8-1"], []],
  ];
  test.each(cases)("%j", async (args, seqs) => {
    const { out, exit } = await ledger(["show", clone, ...args]);
    expect({ exit, seqs: shown(out) }).toEqual({ exit: 0, seqs });
  });

  test("in the clone that it is called in, where no place is named", async () => {
    expect(shown((await runLedger(clone, ["show", "--pr", "12"])).out)).toEqual([3, 5, 6]);
    expect((await runLedger(clone, ["verify", "--key", publicKey])).out).toMatch(/^verified\n/);
  });

  test("what fits nothing is told, and not shown as nothing", async () => {
    const { out, err, exit } = await ledger(["show", clone, "--kind", "nothing-of-the-kind"]);
    expect({ out, exit, err }).toEqual({
      out: "",
      exit: 0,
      err: expect.stringMatching(/^none of the ledger's entries/),
    });
    expect(err).toContain("Its kinds: command, pull.opened, run.submitted, sign-off.given\n");
    expect((await ledger(["show", clone, "--run", "run-7"])).err).toContain("Its newest runs: run-7-1, run-8-1\n");
    expect((await ledger(["show", clone, "--person", "quinn"])).err).toBe("");
  });

  test("a number that is none", async () => {
    expect(await ledger(["show", clone, "--pr", "x"])).toMatchObject({ exit: 2, out: "" });
  });
});

describe("what stops, saves, takes back and hands on the work", () => {
  const step = { run: "run-7-1", story: 7, prompt: 11, attempt: { r: 0, s: 0 } };
  const checkpoint = "run-7-1/11/R0S0";
  const [base, written] = ["1".repeat(40), "2".repeat(40)];
  const place = { ...step, checkpoint, branch: "sallyport/run-7-1/11" };
  const raised = { concern: "comment/80", story: 7, pull: null, prompt: null, code: "blocked" };
  const road = [
    draft({
      kind: "concern.raised",
      body: { ...raised, message: "Is it\nsafe?", raisedBy: "person", about: { type: "comment", id: 80 } },
    }),
    draft({
      kind: "concern.answered",
      body: {
        concern: "comment/80",
        story: 7,
        pull: null,
        source: { type: "comment", id: 81 },
        text: "Yes.",
      },
    }),
    draft({
      kind: "checkpoint.recorded",
      subject: [{ digest: { gitCommit: base } }],
      body: { ...place, base, head: null },
    }),
    draft({ kind: "rollback.decided", body: { ...place, to: null, undone: [written], comment: 82 } }),
    draft({
      kind: "rollback.failed",
      body: { ...place, to: null, undone: [written], comment: 82, code: "foreign-commit", message: "moved" },
    }),
    draft({
      kind: "handoff.made",
      body: {
        ...{ story: 7, prompt: 11, carries: written },
        from: { stage: "execute", holder: "agent:anthropic/default" },
        to: { stage: "validate", holder: "app" },
      },
    }),
  ];
  const failure = { ...step, remediation: "run-7-1/11" };
  const { attempt: _, ...failed } = failure;
  const mended = [
    draft({
      kind: "review.observed",
      actor: quinn,
      subject: [{ digest: { gitCommit: written } }],
      body: {
        ...{ pull: 12, sha: written, baseRef: "main", review: 5, state: "approved" },
        ...{ by: { id: 2, login: "Quinn", type: "User" }, at: "2026-11-21T10:00:00Z" },
      },
    }),
    draft({
      kind: "remediation.opened",
      body: {
        ...{ ...failed, after: null, origin: "start" },
        signature: { codes: ["start-failed"], sha256: "a".repeat(64) },
        reasons: [{ source: "run", code: "start-failed", message: "It moved." }],
      },
    }),
    draft({
      kind: "remediation.closed",
      body: {
        ...failed,
        status: "fixed",
        by: { type: "merge", pull: 12, head: base, merged: written, made: null },
      },
    }),
  ];
  afterAll(() => repository.publish(lines));

  test("C4: reviews and what was mended are told on one line each", async () => {
    repository.publish(await chainOf(key.pem, mended));
    const told = (await ledger(["show", clone])).out.trimEnd().split("\n");
    const texts = told.map((line) => /(?:pull|story) .*$/.exec(line)?.[0]);
    expect(texts).toEqual([
      "pull 12: approved by @Quinn (id 2) at 2026-11-21T10:00:00Z, as GitHub tells it",
      "story 7, prompt 11, run run-7-1: run-7-1/11: start: start-failed",
      `story 7, prompt 11, run run-7-1: run-7-1/11: fixed: #12 was merged as ${written}`,
    ]);
    expect(shown((await ledger(["show", clone, "--pr", "12", "--kind", "review"])).out)).toEqual([1]);
    expect(shown((await ledger(["show", clone, "--kind", "remediation"])).out)).toEqual([2, 3]);
  });

  test("is told on one line each", async () => {
    repository.publish(await chainOf(key.pem, road));
    const { out } = await ledger(["show", clone]);
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) => line.slice(line.indexOf("story 7"))),
    ).toEqual([
      "story 7: comment/80: blocked: Is it safe?",
      "story 7: comment/80: Yes.",
      `story 7, prompt 11, run run-7-1: ${checkpoint}: sallyport/run-7-1/11 before its first commit`,
      `story 7, prompt 11, run run-7-1: ${checkpoint}: sallyport/run-7-1/11 to before its first commit`,
      `story 7, prompt 11, run run-7-1: ${checkpoint}: foreign-commit: moved`,
      `story 7, prompt 11: execute (agent:anthropic/default) to validate (app): ${written}`,
    ]);
  });

  test.each([
    ["concern.raised", [1]],
    ["concern", [1, 2]],
    ["rollback", [4, 5]],
    ["con", []],
  ])("C4: --kind %s", async (kind, seqs) => {
    repository.publish(await chainOf(key.pem, road));
    expect(shown((await ledger(["show", clone, "--kind", kind])).out)).toEqual(seqs);
  });
});

describe("--follow", () => {
  /** Shows the ledger while it changes: one step at each pause, and the end after the last. */
  const follow = (steps: (() => void)[], ...args: string[]) =>
    runLedger(folder, ["show", clone, "--follow", ...args], false, async () => {
      const step = steps.shift();
      step?.();
      return step !== undefined;
    });
  afterAll(() => repository.publish(lines));

  test("prints each entry once, as it comes, and still only what was asked for", async () => {
    const grown = (count: number) => () => repository.publish(lines.slice(0, count));
    repository.publish(lines.slice(0, 2));
    const all = await follow([() => undefined, grown(3), grown(5)]);
    expect({ exit: all.exit, seqs: shown(all.out) }).toEqual({ exit: 0, seqs: [1, 2, 3, 4, 5] });
    repository.publish(lines.slice(0, 2));
    expect(shown((await follow([grown(5)], "--kind", "pull.opened")).out)).toEqual([3, 4]);
  });

  test("T146: stops when what was shown is not there any more", async () => {
    const anew = await chainOf(key.pem, drafts(6));
    for (const chain of [lines.slice(0, 4), [], anew]) {
      repository.publish(lines);
      expect(await follow([() => repository.publish(chain)])).toMatchObject({
        exit: 1,
        err: expect.stringContaining("entry 6 is not the one that was shown: the ledger was rewritten"),
      });
    }
  });
});

describe("sallyport ledger verify --pr", () => {
  const step = { run: "run-7-1", story: 7, prompt: 11 };
  const opened = draft({
    kind: "pull.opened",
    subject: [{ digest: { gitCommit: "2".repeat(40) } }],
    body: { ...step, pull: 12, branch: "b", head: "2".repeat(40) },
  });
  const made = (...acts: Parameters<typeof acted>[0][]) =>
    acts.map((act) => {
      const { kind, body, subject } = acted(act);
      return draft({ kind, subject, body: body satisfies Json });
    });

  test("a trace that is broken: exit 1, each link with its entry, and what is missing", async () => {
    repository.publish(await chainOf(key.pem, [...made("ask", "answer", "accept", "capture", "commit"), opened]));
    const { out, exit } = await ledger(["verify", clone, "--key", publicKey, "--pr", "12"]);
    expect(exit).toBe(1);
    expect(out).toMatch(/^verified\n/);
    for (const line of [
      /^Trace of #12: broken$/m,
      /^ {2}pull request +entry 6 /m,
      /^ {2}commit +entry 5 +2{40}, written from R0\/S0$/m,
      /^ {2}prompt +entry 1 /m,
      /^ {2}run +MISSING +run-7-1 was never submitted with prompt #11$/m,
      /^ {2}Next: `sallyport ledger show --pr 12` prints all/m,
    ])
      expect(out).toMatch(line);
    const asJson = await ledger(["verify", clone, "--key", publicKey, "--pr", "12", "--json"]);
    expect(JSON.parse(asJson.out)).toMatchObject({
      ok: false,
      problems: [],
      trace: {
        pull: 12,
        ok: false,
        links: [{ link: "pull request", seq: 6 }, {}, {}, {}, {}, { seq: null }],
      },
    });
    expect(await ledger(["verify", clone, "--key", publicKey])).toMatchObject({ exit: 0 });
  });

  test("is not told past an entry about it that only a newer version can read: exit 2", async () => {
    const newer = draft({ kind: "merge.redone", body: { pull: 12, something: "new" } });
    repository.publish(await chainOf(key.pem, [newer]));
    const asked = ["verify", clone, "--key", publicKey, "--pr"];
    expect(await ledger([...asked, "12"])).toMatchObject({
      exit: 2,
      out: "",
      err: expect.stringContaining("use a newer one"),
    });
    expect(await ledger([...asked, "13"])).toMatchObject({ exit: 1, err: "" });
    expect(await ledger(["verify", clone, "--key", publicKey])).toMatchObject({ exit: 0 });
  });

  test("is not followed through a chain that is broken", async () => {
    repository.publish(await chainOf(key.pem, [...made("answer"), opened]));
    const { out, exit } = await ledger(["verify", clone, "--key", publicKey, "--pr", "12", "--json"]);
    expect({ exit, report: JSON.parse(out) }).toMatchObject({
      exit: 1,
      report: { ok: false, trace: null, problems: [{ code: "bad-attempt", position: 1 }] },
    });
  });

  test("takes a number", async () => {
    expect(await ledger(["verify", clone, "--key", publicKey, "--pr", "acme/web#12"])).toMatchObject({
      exit: 2,
    });
  });
});
