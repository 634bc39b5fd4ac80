import { describe, expect, test } from "@jest/globals";
import type { PullFacts } from "../../../core/facts.ts";
import { gates } from "../../../core/gates/registry.ts";
import { known, unknown } from "../../../core/known.ts";
import { ask, table } from "../../builders/gate-table.ts";
import {
  author,
  change,
  earlier,
  evidenceOfHead,
  facts,
  head,
  policyOf,
  recordOf,
  runRecord,
  signOff,
  tester,
} from "../../builders/pull-facts.ts";

describe("manual-test", () => {
  const policy = (rest = "", separation = "strict") =>
    `version: 1\npeople: { approvers: ["@acme/qa", "@grace"], separation: ${separation} }\ngates:\n  manual-test: { when: { paths: ["web/**"], risk: [high] }${rest} }\n`;
  const signed = (...signOffs: ReturnType<typeof signOff>[]) =>
    facts({ policy: policy(), record: runRecord({}, { signOffs }) });
  table("manual-test", [
    ["waits for a sign-off", signed(), "pending", ["not-signed-off"]],
    [
      "A12: is asked for by a label",
      facts({
        policy: "version: 1\ngates: { manual-test: { when: { labels: [try-me] } } }",
        pull: { number: 3, author, title: "", body: "", labels: ["try-me"] },
      }),
      "pending",
      ["not-signed-off"],
    ],
    [
      "T14: says that the App is missing, where comments never count",
      facts({ policy: policy(), record: recordOf({ lacksApp: true }) }),
      "pending",
      ["app-missing"],
    ],
    ["passes with one", signed(signOff()), "pass", ["signed-off"]],
    ["fails with a failed test", signed(signOff({ result: "fail" })), "fail", ["test-failed"]],
    [
      "counts the newest of two",
      signed(signOff({ seq: 11 }), signOff({ result: "fail", seq: 10 })),
      "pass",
      ["signed-off"],
    ],
    [
      "counts the newest of two, listed the other way",
      signed(signOff({ seq: 10 }), signOff({ result: "fail", seq: 11 })),
      "fail",
      ["test-failed"],
    ],
    ["T091: a push voids the sign-off", signed(signOff({ sha: earlier })), "pending", ["not-signed-off"]],
    [
      "T094: so does a push of our own, although the head has its evidence",
      facts({
        policy: policy(),
        record: runRecord(
          {},
          {
            evidence: [{ ...evidenceOfHead, commit: earlier }, evidenceOfHead],
            signOffs: [signOff({ sha: earlier })],
          },
        ),
      }),
      "pending",
      ["not-signed-off"],
    ],
    [
      "T111: whoever took over the author's login is not the author",
      signed(signOff({ by: { ...tester, login: author.login } })),
      "pass",
      ["signed-off"],
    ],
    [
      "T093: a shortened commit id is another commit",
      signed(signOff({ sha: head.slice(0, 12) })),
      "pending",
      ["not-signed-off"],
    ],
    [
      "T099: a bot's sign-off does not count",
      signed(signOff({ by: { id: 77, login: "grace", type: "Bot" } })),
      "pending",
      ["not-signed-off"],
    ],
    ["T102: who asked for the run does not test it", signed(signOff({ by: author })), "pending", ["not-signed-off"]],
    [
      "T102 T111: nor under another name",
      signed(signOff({ by: { ...author, login: "somebody" } })),
      "pending",
      ["not-signed-off"],
    ],
    [
      "T102: a later sign-off of one's own changes nothing",
      signed(signOff({ seq: 1 }), signOff({ by: author, result: "fail", seq: 2 })),
      "pass",
      ["signed-off"],
    ],
    [
      "T102: an author does not test their own pull request",
      facts({ policy: policy(), record: recordOf({ signOffs: [signOff({ by: author })] }) }),
      "pending",
      ["not-signed-off"],
    ],
    [
      "solo: who asked may test, and it shows",
      facts({ policy: policy("", "solo"), record: runRecord({}, { signOffs: [signOff({ by: author })] }) }),
      "pass",
      ["signed-off-solo"],
    ],
    ["another test's sign-off does not count", signed(signOff({ test: "other" })), "pending", ["not-signed-off"]],
    [
      "every listed test is needed",
      facts({
        policy: policy(", tests: [manual, keyboard]"),
        record: runRecord({}, { signOffs: [signOff()] }),
      }),
      "pending",
      ["signed-off", "not-signed-off"],
    ],
    [
      "one failed test fails all",
      facts({
        policy: policy(", tests: [manual, keyboard]"),
        record: runRecord({}, { signOffs: [signOff({ result: "fail" })] }),
      }),
      "fail",
      ["test-failed", "not-signed-off"],
    ],
    [
      "does not apply to other paths",
      facts({ policy: policy(), changes: [change("src/a.ts")] }),
      "not-applicable",
      ["not-needed"],
    ],
    [
      "applies to a folder of another case",
      facts({ policy: policy(), changes: [change("Web/a.ts")] }),
      "pending",
      ["not-signed-off"],
    ],
    [
      "applies by the story's risk",
      facts({ policy: policy(), changes: [change("src/a.ts")], record: runRecord({ risk: "high" }) }),
      "pending",
      ["not-signed-off"],
    ],
    [
      "applies when the approved contract asks",
      facts({ record: runRecord({ needsManualTest: true }) }),
      "pending",
      ["not-signed-off"],
    ],
    [
      "applies always when the policy says so",
      facts({
        policy: "version: 1\ngates: { manual-test: { when: { always: true } } }",
        changes: [change("x")],
      }),
      "pending",
      ["not-signed-off"],
    ],
    ["does not apply when nobody asks", facts({ record: runRecord() }), "not-applicable", ["not-needed"]],
  ]);

  const retargetedAt = known("2026-11-21T09:00:00Z");
  const late = { baseRef: null, at: "2026-11-21T09:00:01.000Z" };
  const unread = { ...signed(signOff({ baseRef: null })), retargetedAt: unknown("HTTP 502") };
  table("manual-test", [
    [
      "T066: for another branch it counts for nothing",
      signed(signOff({ baseRef: "topic" })),
      "pending",
      ["not-signed-off"],
    ],
    [
      "T066: for this branch it counts, also after it was pointed elsewhere and back",
      { ...signed(signOff()), retargetedAt },
      "pass",
      ["signed-off"],
    ],
    [
      "T066: one that names no branch does not count from before the change",
      { ...signed(signOff({ baseRef: null })), retargetedAt },
      "pending",
      ["not-signed-off"],
    ],
    [
      "T066: nor from the second of the change",
      { ...signed(signOff({ baseRef: null, at: "2026-11-21T09:00:00.900Z" })), retargetedAt },
      "pending",
      ["not-signed-off"],
    ],
    ["T066: and counts from after it", { ...signed(signOff(late)), retargetedAt }, "pass", ["signed-off"]],
    ["T066: and counts where there was none", signed(signOff({ baseRef: null })), "pass", ["signed-off"]],
    ["T066: and is unknown when the change could not be read", unread, "unknown", ["retarget-unknown"]],
    [
      "T066: one that names this branch is not",
      { ...signed(signOff()), retargetedAt: unknown("HTTP 502") },
      "pass",
      ["signed-off"],
    ],
    [
      "T066: a failure blocks whatever branch it was found for",
      signed(signOff({ seq: 1 }), signOff({ seq: 2, result: "fail", baseRef: "topic" })),
      "fail",
      ["test-failed"],
    ],
    [
      "T066: a newer pass for another branch does not make up for it",
      signed(signOff({ seq: 1, result: "fail" }), signOff({ seq: 2, baseRef: "topic" })),
      "fail",
      ["test-failed"],
    ],
  ]);

  test("T066: the reason names both branches", () => {
    const [reason] = ask("manual-test", signed(signOff({ baseRef: "topic" }))).reasons;
    expect(reason?.message).toContain("@grace's sign-off was given for `topic`, and the pull request enters `main`.");
    const [timed] = ask("manual-test", { ...signed(signOff({ baseRef: null })), retargetedAt }).reasons;
    expect(timed?.message).toContain("given before the pull request was pointed at `main`.");
  });

  test.each(["record", "changes"] as const)("an unread %s is unknown", (fact) => {
    expect(ask("manual-test", { ...signed(signOff()), [fact]: unknown("no answer") })).toMatchObject({
      status: "unknown",
      codes: [`${fact}-unknown`],
    });
  });

  test("T092: the next step carries the full commit and says who; both commits are named", () => {
    const [reason] = ask("manual-test", signed(signOff({ sha: earlier }))).reasons;
    expect(reason?.next).toEqual({ step: `/sign-off ${head} pass manual`, who: "@acme/qa, @grace" });
    expect(reason?.message).toContain(`given for ${earlier}; the head is ${head}`);
    expect(reason?.policyLine).toBe(4);
  });

  test("T14: it says why comments of people who may write do not count, each one's newest", () => {
    const unheard = (comment: number, over: object = {}) => ({
      by: tester,
      comment,
      why: `Comment ${comment} is none.`,
      mayWrite: true,
      ...over,
    });
    const of = (...all: ReturnType<typeof unheard>[]) =>
      facts({ policy: policy(), record: recordOf({ unheard: all }) });
    const told = (given: PullFacts) => ask("manual-test", given).reasons[0]?.message ?? "";
    expect(told(of(unheard(9), unheard(8)))).toMatch(
      / @\S+'s comment does not count as a sign-off: Comment 9 is none\.$/,
    );
    expect(told(of(unheard(9), unheard(8)))).not.toContain("Comment 8");
    expect(told(of(unheard(9, { mayWrite: false })))).not.toContain("does not count");
  });

  describe("what it says of one who waits", () => {
    const always = "version: 1\ngates: { manual-test: { when: { always: true } } }";
    const told = (more: Parameters<typeof recordOf>[0]) =>
      ask("manual-test", facts({ policy: always, record: recordOf(more) })).reasons.map(({ message }) => message);
    const waits = `Nobody has tested \`manual\` on ${head} yet; every change needs one.`;
    const none = (comment: number, id: number, login: string) => ({
      ...{ comment, why: `Comment ${comment} is none.`, mayWrite: true },
      by: { id, login, type: "User" as const },
    });
    const four = ["ada", "ben", "cem", "dan"].map((login, index) => none(9 - index, index + 50, login));
    const said = (login: string, comment: number) =>
      ` @${login}'s comment does not count as a sign-off: Comment ${comment} is none.`;

    test.each<[string, Parameters<typeof recordOf>[0], string]>([
      ["nothing was said", {}, waits],
      [
        "who asked for it signed it off",
        { signOffs: [signOff({ by: author }), signOff({ by: author, sha: earlier, seq: 11 })] },
        `${waits} @ada asked for this change, so their sign-off does not count: the policy says \`separation: strict\`.`,
      ],
      ["who asked for it signed off an older commit", { signOffs: [signOff({ by: author, sha: earlier })] }, waits],
      [
        "an older commit was signed off",
        { signOffs: [signOff({ sha: earlier })] },
        `${waits} A sign-off was given for ${earlier}; the head is ${head}.`,
      ],
      [
        "an older commit was signed off, and this one for another branch",
        { signOffs: [signOff({ sha: earlier }), signOff({ baseRef: "topic", seq: 11 })] },
        `${waits} @grace's sign-off was given for \`topic\`, and the pull request enters \`main\`.`,
      ],
      [
        "the newest comments of three people are explained",
        { unheard: four },
        `${waits}${said("cem", 7)}${said("ben", 8)}${said("ada", 9)}`,
      ],
      [
        "nothing of whoever was heard on this commit",
        { unheard: [none(9, author.id, "ada"), none(8, 50, "ben")], signOffs: [signOff({ by: author })] },
        `${waits} @ada asked for this change, so their sign-off does not count: the policy says \`separation: strict\`.${said("ben", 8)}`,
      ],
      [
        "the comment of whoever was heard on an older one",
        { unheard: [none(9, author.id, "ada")], signOffs: [signOff({ by: author, sha: earlier })] },
        `${waits}${said("ada", 9)}`,
      ],
    ])("%s", (_, more, message) => {
      expect(told(more)).toEqual([message]);
    });
  });

  test("one that is settled says who tested what on which commit, and how it went", () => {
    const told = (separation: string, ...signOffs: ReturnType<typeof signOff>[]) =>
      ask("manual-test", facts({ policy: policy("", separation), record: runRecord({}, { signOffs }) })).reasons[0];
    expect(told("strict", signOff())?.message).toBe(`@grace tested \`manual\` on ${head} and it passed.`);
    expect(told("solo", signOff({ by: author }))?.message).toBe(
      `@ada tested \`manual\` on ${head} and it passed. They also asked for the change: the policy says \`separation: solo\`.`,
    );
    expect(told("strict", signOff({ result: "fail" }))).toMatchObject({
      message: `@grace tested \`manual\` on ${head} and it failed.`,
      next: { step: "Mend it and push; the new commit is tested again.", who: "the author of the change" },
    });
  });

  test("its list names the tests that a person signs off", () => {
    const meanings = (text: string) =>
      gates["manual-test"].lists?.(policyOf(text).policy).map(({ meaning }) => meaning);
    expect(meanings(policy(", tests: [keyboard, phone]"))).toEqual([
      "a person tries a change of it and signs off `keyboard`, `phone`",
    ]);
  });

  test("a policy without approvers says what to do", () => {
    const given = facts({ policy: "version: 1\ngates: { manual-test: { when: { always: true } } }" });
    expect(ask("manual-test", given).reasons[0]?.next?.who).toContain("nobody yet");
  });

  test("the solo sign-off names the tester and the rule", () => {
    const given = facts({
      policy: policy("", "solo"),
      record: runRecord({}, { signOffs: [signOff({ by: tester }), signOff({ by: author, seq: 11 })] }),
    });
    expect(ask("manual-test", given).reasons[0]?.message).toContain("`separation: solo`");
  });
});
