import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { CommitFact, Stop } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import { ask, table } from "../../builders/gate-table.ts";
import {
  author,
  earlier,
  evidenceOfHead,
  facts,
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
