import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { CommitFact } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import type { PullRecord, Stop } from "../../../core/pull-record.ts";
import { ask, table } from "../../builders/gate-table.ts";
import {
  author,
  earlier,
  evidenceOfHead,
  facts,
  forMain,
  head,
  recordOf,
  runRecord,
  tester,
} from "../../builders/pull-facts.ts";

const commit = (sha: string, parents = [earlier]): CommitFact => ({
  sha,
  parents,
  tree: "a".repeat(40),
  message: "Sallyport-Run: run-7-1",
});
const solo = "version: 1\npeople: { separation: solo }";

describe("trace", () => {
  const of = (...commits: CommitFact[]) => ({ record: runRecord(), commits: known(commits) });
  table("trace", [
    ["passes when every commit was recorded", facts(of(commit(head))), "pass", ["traced"]],
    [
      "T103: fails for a foreign commit, whatever its message claims",
      facts(of(commit(earlier), commit(head))),
      "fail",
      ["untraced-commit"],
    ],
    [
      "T022: fails for a merge commit that somebody pushed",
      facts({ record: runRecord(), commits: known([commit(head), commit("9".repeat(40), [earlier, head])]) }),
      "fail",
      ["untraced-commit"],
    ],
    [
      "tells every foreign commit",
      facts(of(commit("8".repeat(40)), commit("9".repeat(40)), commit(head))),
      "fail",
      ["untraced-commit", "untraced-commit"],
    ],
    ["fails without an approval", facts({ record: runRecord({ approval: null }) }), "fail", ["no-approval"]],
    ["does not apply to a person's change", facts(), "not-applicable", ["no-run"]],
    [
      "fails for a person's change when the policy asks for a trace of all",
      facts({ policy: "version: 1\ngates: { trace: { of: all } }" }),
      "fail",
      ["no-run"],
    ],
  ]);

  test("T018: commits that were not listed to the end are unknown", () => {
    const given = { ...facts({ record: runRecord() }), commits: unknown("cut short") };
    expect(ask("trace", given)).toMatchObject({ status: "unknown", codes: ["commits-unknown"] });
  });

  test("one more commit that nobody recorded never passes", () => {
    const sha = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(sha), sha, (others, foreign) => {
        const evidence = others.map((one) => ({ ...evidenceOfHead, commit: one }));
        fc.pre(!others.includes(foreign));
        const given = facts({
          record: runRecord({}, { evidence }),
          commits: known([...others, foreign].map((one) => commit(one))),
        });
        expect(ask("trace", given).status).toBe("fail");
      }),
    );
  });
});

describe("trace: what it says", () => {
  const adoption = (commits: string[], seq = 9, baseRef = "main") => ({
    ...{ commits, reason: "I read it", by: { id: 30, login: "max", type: "User" as const }, seq },
    ...{ baseRef, at: forMain.at },
  });
  const said = (record: PullRecord, ...commits: CommitFact[]) =>
    ask("trace", facts({ record, commits: known(commits) })).reasons.map(({ message, next }) => [message, next?.step]);
  const to = "to run-7-1, prompt #8 of story #7, approved by @grace (entry 5).";
  const foreign = "9".repeat(40);
  const stand = `or an executor stands for it with \`/adopt ${head} because …\`.`;
  const off = `Set the branch back to ${head}, and put the commit into a pull request of its own; ${stand}`;
  const held = { commit: foreign, run: "run-7-1", prompt: 8, pull: 11 };

  test.each<[string, PullRecord, CommitFact[], string, string | undefined]>([
    ["one commit", runRecord(), [commit(head)], `The commit leads ${to}`, undefined],
    [
      "two, one of them adopted",
      runRecord({}, { adoptions: [adoption([foreign]), adoption([head], 12, "next")] }),
      [commit(head), commit(foreign)],
      `All 2 commits lead ${to} @max adopted 1 commit of others (entry 9).`,
      undefined,
    ],
    [
      "three, two of them adopted",
      runRecord({}, { adoptions: [adoption([foreign, earlier])] }),
      [commit(head), commit(foreign), commit(earlier)],
      `All 3 commits lead ${to} @max adopted 2 commits of others (entry 9).`,
      undefined,
    ],
    [
      "three, each adopted by itself",
      runRecord({}, { adoptions: [adoption([foreign]), adoption([earlier], 12)] }),
      [commit(head), commit(foreign), commit(earlier)],
      `All 3 commits lead ${to} @max adopted 1 commit of others (entry 9). @max adopted 1 commit of others (entry 12).`,
      undefined,
    ],
    [
      "a foreign commit",
      runRecord(),
      [commit(head), commit(foreign)],
      `The commit ${foreign} leads to no recorded prompt: somebody else pushed it to the branch of run-7-1.`,
      off,
    ],
    [
      "a foreign merge before any commit is recorded",
      runRecord({}, { evidence: [] }),
      [commit(foreign, [earlier, head])],
      `The merge commit ${foreign} leads to no recorded prompt: somebody else pushed it to the branch of run-7-1.`,
      `Take it off this branch, into a pull request of its own; ${stand}`,
    ],
    [
      "a commit that was adopted for another branch, by the last adoption",
      runRecord({}, { adoptions: [adoption([foreign], 9, "old"), adoption([foreign], 12, "next")] }),
      [commit(head), commit(foreign)],
      `The commit ${foreign} leads to no recorded prompt: somebody else pushed it to the branch of run-7-1. @max's adoption (entry 12) was given for \`next\`, and the pull request enters \`main\`.`,
      off,
    ],
    [
      "a pull request of others that holds a run's work",
      runRecord({}, { held }),
      [commit(foreign)],
      `The commit ${foreign} leads to no recorded prompt: this pull request holds work of run-7-1 (#11) in ${foreign}, and is judged as that run's.`,
      `Go on with #11 instead, where run-7-1 made this; ${stand}`,
    ],
    [
      "one that holds work without a pull request",
      runRecord({}, { held: { ...held, pull: null } }),
      [commit(foreign)],
      `The commit ${foreign} leads to no recorded prompt: this pull request holds work of run-7-1 (prompt #8) in ${foreign}, and is judged as that run's.`,
      `Go on with the work of prompt #8 instead, where run-7-1 made this; ${stand}`,
    ],
    [
      "work of another run",
      runRecord({}, { others: [{ ...held, run: "run-6-1", prompt: 5 }] }),
      [commit(head)],
      `The commit ${foreign} holds work of run-6-1, prompt #5, whose contract is another one.`,
      "Take the commit off, and merge #11 for it.",
    ],
    [
      "work of another run without a pull request",
      runRecord({}, { others: [{ ...held, run: "run-6-1", prompt: 5, pull: null }] }),
      [commit(head)],
      `The commit ${foreign} holds work of run-6-1, prompt #5, whose contract is another one.`,
      "Take the commit off.",
    ],
  ])("of %s", (_, record, commits, message, step) => {
    expect(said(record, ...commits)).toEqual([[message, step]]);
  });

  test("work of another run has a code of its own, whose contract is named", () => {
    const others = [{ ...held, run: "run-6-1", prompt: 5 }];
    const { codes } = ask("trace", facts({ record: runRecord({}, { others }), commits: known([commit(head)]) }));
    expect(codes).toEqual(["other-run"]);
  });

  const ofOthers = (of: string, adoptions: ReturnType<typeof adoption>[], ...commits: CommitFact[]) =>
    ask(
      "trace",
      facts({
        policy: `version: 1\ngates:\n  trace: { of: ${of} }\n`,
        pull: { number: 3, author: { id: 77, login: "coder[bot]", type: "Bot" }, title: "", body: "", labels: [] },
        record: recordOf({ adoptions }),
        commits: known(commits),
      }),
    );
  test.each([
    ["all", "of every change"],
    ["agents", "of every change that no person opened"],
  ])("of a change that no run made, where the policy asks for a trace of %s", (of, why) => {
    const message = `No run made this change, nobody adopted its head, and the policy asks for a trace ${why}.`;
    expect(ofOthers(of, [], commit(head)).reasons).toMatchObject([{ code: "no-run", message, policyLine: 3 }]);
    const [reason] = ofOthers(of, [adoption([head], 9, "next")], commit(head)).reasons;
    expect(reason).toMatchObject({
      code: "untraced-commit",
      message: `No run made the commit ${head}, and nobody adopted it. @max's adoption (entry 9) was given for \`next\`, and the pull request enters \`main\`.`,
      policyLine: 3,
    });
  });

  test.each<[string, string, string | null]>([
    [
      "agents",
      "Agent-Logs-Url: https://github.com/a",
      `of every agent's change: the commit ${head} names GitHub Copilot, which nobody checked`,
    ],
    ["all", "Agent-Logs-Url: https://github.com/a", "of every change"],
    ["agents", "Mend it", null],
    ["runs", "Agent-Logs-Url: https://github.com/a", null],
  ])("of a person's change, where it asks for %s and a commit says %j", (of, message, why) => {
    const { status, reasons } = ask(
      "trace",
      facts({
        policy: `version: 1\ngates:\n  trace: { of: ${of} }\n`,
        record: recordOf({}),
        commits: known([{ ...commit(head), message }]),
      }),
    );
    expect(status).toBe(why === null ? "not-applicable" : "fail");
    if (why !== null) expect(reasons[0]?.message).toContain(`asks for a trace ${why}.`);
  });

  test("of a person's change whose commits were not read, nobody knows whether it is an agent's", () => {
    const given = { policy: "version: 1\ngates:\n  trace: { of: agents }\n", record: recordOf({}) };
    const { status, codes } = ask("trace", facts({ ...given, commits: unknown("HTTP 502") }));
    expect({ status, codes }).toEqual({ status: "unknown", codes: ["commits-unknown"] });
  });

  test("of a change that no run made, adopted whole, in part, or but for its head", () => {
    const people = "No run made this change, so no prompt and no approval lead to it. Every commit was adopted, by";
    const [foreignToo, both] = [adoption([foreign], 12), [commit(foreign), commit(head)]];
    expect(
      ofOthers("all", [adoption([head]), adoption([head]), foreignToo, adoption([head], 13, "next")], ...both).reasons,
    ).toEqual([{ code: "adopted", message: `${people} @max (entry 9), @max (entry 12).` }]);
    expect(ofOthers("runs", [foreignToo], ...both).reasons).toEqual([
      { code: "no-run", message: "No run of an agent made this pull request; a part of it was adopted." },
    ]);
    expect(ofOthers("all", [foreignToo], commit(foreign)).codes).toEqual(["no-run"]);
  });

  test("T066: an adoption whose branch could not be read is unknown, a run's and others'", () => {
    const unread = { ...adoption([foreign]), baseRef: null };
    const given = { retargetedAt: unknown("HTTP 502"), commits: known([commit(head), commit(foreign)]) };
    for (const record of [runRecord({}, { adoptions: [unread] }), recordOf({ adoptions: [unread] })])
      expect(ask("trace", facts({ ...given, record })).codes).toEqual(["retarget-unknown"]);
  });
});

describe("approval", () => {
  const by = (account: typeof tester | typeof author) => ({
    record: runRecord({ approval: { digest: "1".repeat(64), by: account, seq: 5 } }),
  });
  table("approval", [
    ["passes when somebody else approved", facts(by(tester)), "pass", ["approved"]],
    ["T102: fails when the requester approved", facts(by(author)), "fail", ["own-approval"]],
    ["says so when a lone maintainer did", facts({ ...by(author), policy: solo }), "pass", ["approved-solo"]],
    [
      "T101: fails when no person did",
      facts({
        record: runRecord({
          approval: { digest: "1".repeat(64), by: { id: 9, login: "bot", type: "Bot" }, seq: 5 },
        }),
      }),
      "fail",
      ["approved-by-no-person"],
    ],
    ["fails when nobody did", facts({ record: runRecord({ approval: null }) }), "fail", ["not-approved"]],
    ["does not apply to a person's change", facts(), "not-applicable", ["no-run"]],
  ]);
});

test("T102: an approval of one's own names the line of the policy that forbids it, and nothing else does", () => {
  const approval = { digest: "1".repeat(64), by: author, seq: 5 };
  const strict = "version: 1\npeople:\n  separation: strict\n";
  expect(ask("approval", facts({ policy: strict, record: runRecord({ approval }) })).reasons).toMatchObject([
    { code: "own-approval", policyLine: 3, next: { who: "a planner of the policy" } },
  ]);
  const alone = facts({ policy: solo, record: runRecord({ approval }) });
  const lone = " They had asked for it themselves: the policy says `separation: solo`.";
  expect(ask("approval", alone).reasons).toEqual([
    { code: "approved-solo", message: `@ada approved \`${approval.digest}\` (entry 5).${lone}` },
  ]);
  const other = { record: runRecord({ approval: { ...approval, by: tester } }) };
  expect(ask("approval", facts(other)).reasons).toEqual([
    { code: "approved", message: `@grace approved \`${approval.digest}\` (entry 5).` },
  ]);
});

describe("dependencies", () => {
  const on = (...merged: boolean[]) => ({
    record: runRecord({
      dependsOn: merged.map((one, index) => ({ prompt: 20 + index, title: "t", merged: one })),
    }),
  });
  table("dependencies", [
    ["passes without any", facts(on()), "pass", ["independent"]],
    ["passes when all are merged", facts(on(true, true)), "pass", ["merged"]],
    ["A9: waits for one that is not", facts(on(true, false)), "pending", ["not-merged-yet"]],
    [
      "waits for one that has no issue yet",
      facts({ record: runRecord({ dependsOn: [{ prompt: null, title: "First", merged: false }] }) }),
      "pending",
      ["not-merged-yet"],
    ],
    ["does not apply to a person's change", facts(), "not-applicable", ["no-run"]],
  ]);
});

test("dependencies name each prompt that is not merged, by its issue or its title, and count those that are", () => {
  const said = (...dependsOn: { prompt: number | null; title: string; merged: boolean }[]) =>
    ask("dependencies", facts({ record: runRecord({ dependsOn }) })).reasons.map(({ message, next }) => [
      message,
      next?.step,
    ]);
  const [schema, pages] = [
    { prompt: 20, title: "Schema", merged: false },
    { prompt: null, title: "Pages", merged: false },
  ];
  expect(said(schema, pages, { prompt: 22, title: "Done", merged: true })).toEqual([
    ["This prompt builds on #20 (Schema), which is not merged yet.", "Merge the pull request of #20 (Schema) first."],
    ["This prompt builds on “Pages”, which is not merged yet.", "Merge the pull request of “Pages” first."],
  ]);
  expect(said({ ...schema, merged: true })).toEqual([["Every prompt that this one builds on is merged.", undefined]]);
});

test("a stop says who stopped it, where it is answered and how", () => {
  const stop: Stop = { code: "blocked", message: "Is this safe?", issue: 7, by: "@grace", seq: 12 };
  const [here, nowhere] = ask("stop", facts({ record: recordOf({ stops: [stop, { ...stop, issue: null }] }) })).reasons;
  expect([here, nowhere]).toMatchObject([
    {
      message: "Stopped by @grace on #7 (entry 12): Is this safe?",
      next: { step: "Answer it on #7: comment `/clarify <answer>` there." },
    },
    { message: "Stopped by @grace (entry 12): Is this safe?", next: { step: "Answer it." } },
  ]);
});

describe("stop", () => {
  const block: Stop = { code: "blocked", message: "Is this safe?", issue: 7, by: "@grace", seq: 12 };
  table("stop", [
    ["passes when nothing is open", facts({ record: runRecord() }), "pass", ["nothing-open"]],
    ["B11: waits while a block is open", facts({ record: runRecord({}, { stops: [block] }) }), "pending", ["blocked"]],
    [
      "waits on a person's pull request too",
      facts({ record: recordOf({ stops: [{ ...block, issue: 3 }] }) }),
      "pending",
      ["blocked"],
    ],
  ]);
});

test.each(["trace", "approval", "dependencies", "stop"] as const)("%s is unknown without the record", (name) => {
  expect(ask(name, { ...facts(), record: unknown("no ledger") })).toMatchObject({
    status: "unknown",
    codes: ["record-unknown"],
  });
});
