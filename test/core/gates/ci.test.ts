import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { CheckFact } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { facts, head } from "../../builders/pull-facts.ts";

const policyOf = (settings: string) => `version: 1\ngates:\n  ci: ${settings}\n`;
const one = policyOf('{ checks: ["@github-actions/test"] }');
const two = policyOf('{ checks: ["@github-actions/test", "@acme-ci/build"], skipped: ["@acme-ci/build"] }');

function check(over: Partial<CheckFact> = {}): CheckFact {
  return {
    id: 1,
    suite: 1,
    name: "test",
    app: "github-actions",
    status: "completed",
    conclusion: "success",
    ...over,
  };
}

const ran = (...checks: CheckFact[]) => facts({ policy: one, checks: known(checks) });
const running = { status: "in_progress", conclusion: null } as const;

describe("ci", () => {
  const build = check({ id: 2, app: "acme-ci", name: "build" });
  const ranTwo = (...checks: CheckFact[]) => facts({ policy: two, checks: known(checks) });
  const refused = [
    "failure",
    "cancelled",
    "timed_out",
    "action_required",
    "stale",
    "neutral",
    "startup_failure",
    "SUCCESS",
    "something new",
  ];
  table("ci", [
    ["does not apply when the policy names no checks", facts(), "not-applicable", ["not-configured"]],
    ["passes when the check succeeded", ran(check()), "pass", ["succeeded"]],
    ["T077: waits for a check that nobody has seen", ran(), "pending", ["check-missing"]],
    [
      "T077: other green checks do not make up for it",
      ran(check({ name: "lint" }), check({ name: "docs" })),
      "pending",
      ["check-missing"],
    ],
    ...["queued", "in_progress", "waiting", "requested", "pending"].map(
      (status): [string, ReturnType<typeof ran>, string, string[]] => [
        `waits for one that is ${status}`,
        ran(check({ status, conclusion: null })),
        "pending",
        ["check-running"],
      ],
    ),
    [
      "waits for one that claims success before it is done",
      ran(check({ status: "in_progress" })),
      "pending",
      ["check-running"],
    ],
    ...refused.map((conclusion): [string, ReturnType<typeof ran>, string, string[]] => [
      `${conclusion === "stale" ? "T087: " : ""}fails on ${conclusion}`,
      ran(check({ conclusion })),
      "fail",
      ["check-failed"],
    ]),
    ["fails on one that is done and concludes nothing", ran(check({ conclusion: null })), "fail", ["check-failed"]],
    ["T076: fails on a skipped check", ran(check({ conclusion: "skipped" })), "fail", ["check-skipped"]],
    [
      "T076: passes one that may be skipped",
      ranTwo(check(), { ...build, conclusion: "skipped" }),
      "pass",
      ["succeeded"],
    ],
    [
      "T076: may be skipped is not may be neutral",
      ranTwo(check(), { ...build, conclusion: "neutral" }),
      "fail",
      ["check-failed"],
    ],
    ["T076: nor may it fail", ranTwo(check(), { ...build, conclusion: "failure" }), "fail", ["check-failed"]],
    ["T076: nor may it be absent", ranTwo(check()), "pending", ["check-missing"]],
    [
      "T076: only the listed one may be skipped",
      ranTwo(check({ conclusion: "skipped" }), build),
      "fail",
      ["check-skipped"],
    ],
    [
      "T076: a name alone lists no check",
      facts({
        policy: policyOf('{ checks: ["@github-actions/test"], skipped: [test] }'),
        checks: known([check({ conclusion: "skipped" })]),
      }),
      "fail",
      ["check-skipped"],
    ],
    [
      "T063, T064, T078: another app's check of the name does not count",
      ran(check({ app: "evil-app" })),
      "pending",
      ["check-missing"],
    ],
    ["T078: nor does one without an app", ran(check({ app: "" })), "pending", ["check-missing"]],
    [
      "T078: nor do an app and a name that read alike when joined",
      ran(check({ app: "github-actions/test", name: "" })),
      "pending",
      ["check-missing"],
    ],
    // What a head does to its own workflows so that they report success is the gate harness's to find.
    [
      "T163: what another app claims does not make up for a failure",
      ran(check({ conclusion: "failure" }), check({ id: 9, app: "acme-ci" })),
      "fail",
      ["check-failed"],
    ],
    ["another case is another check", ran(check({ name: "Test" })), "pending", ["check-missing"]],
    [
      "T078: the latest attempt counts when it failed",
      ran(check(), check({ id: 9, conclusion: "failure" })),
      "fail",
      ["check-failed"],
    ],
    [
      "T078: the latest attempt counts when it succeeded",
      ran(check({ conclusion: "failure" }), check({ id: 9 })),
      "pass",
      ["succeeded"],
    ],
    [
      "T078: a second workflow's success of the same name does not undo a failure",
      ran(check({ conclusion: "failure" }), check({ id: 9, suite: 2 })),
      "fail",
      ["check-failed"],
    ],
    [
      "T078: nor does it end the waiting for one that runs",
      ran(check(running), check({ id: 9, suite: 2 })),
      "pending",
      ["check-running"],
    ],
    [
      "tells both suites, the older attempt first",
      ran(check({ id: 9, suite: 2, conclusion: "failure" }), check({ id: 3, ...running })),
      "fail",
      ["check-running", "check-failed"],
    ],
    ["passes when it succeeded in both suites", ran(check(), check({ id: 9, suite: 2 })), "pass", ["succeeded"]],
    [
      "T078: in whatever order they are listed",
      ran(check({ id: 9, conclusion: "failure" }), check()),
      "fail",
      ["check-failed"],
    ],
    [
      "T078: an older success does not stand while a new attempt runs",
      ran(check(), check({ id: 9, ...running })),
      "pending",
      ["check-running"],
    ],
    [
      "a newer check of another name changes nothing",
      ran(check(), check({ id: 9, name: "lint", conclusion: "failure" })),
      "pass",
      ["succeeded"],
    ],
    [
      "a name may hold slashes and spaces",
      facts({
        policy: policyOf('{ checks: ["@github-actions/ci / test (24, linux/arm64)"] }'),
        checks: known([check({ name: "ci / test (24, linux/arm64)" })]),
      }),
      "pass",
      ["succeeded"],
    ],
    ["every named check is needed", ranTwo(check(), { ...build, ...running }), "pending", ["check-running"]],
    [
      "one failure fails all, and what waits is told too",
      ranTwo(check({ conclusion: "failure" })),
      "fail",
      ["check-failed", "check-missing"],
    ],
    ["passes when all succeeded", ranTwo(check(), build), "pass", ["succeeded"]],
  ]);

  test("unread checks are unknown", () => {
    expect(ask("ci", { ...ran(check()), checks: unknown("HTTP 502") })).toMatchObject({
      status: "unknown",
      codes: ["checks-unknown"],
    });
  });

  test("a reason names the check, the commit, its line in the policy, the next step and who", () => {
    const policy = policyOf('\n    checks:\n      - "@github-actions/test"\n      - "@acme-ci/build"');
    const given = facts({ policy, checks: known([check(), { ...build, conclusion: "skipped" }]) });
    expect(ask("ci", given).reasons).toEqual([
      {
        code: "check-skipped",
        message: `\`@acme-ci/build\` ended as \`skipped\` on ${head}, which is no success.`,
        policyLine: 6,
        next: {
          step: "Let it run, or ask a maintainer to list it under `gates.ci.skipped` in the policy.",
          who: "@ada, the author",
        },
      },
    ]);
  });

  test("one that is done and concludes nothing is told so", () => {
    expect(ask("ci", ran(check({ conclusion: null }))).reasons[0]?.message).toBe(
      `\`@github-actions/test\` ended as \`nothing\` on ${head}, which is no success.`,
    );
  });

  test("a pass names the checks, and says where one may have been skipped", () => {
    const said = (given: ReturnType<typeof ran>) => ask("ci", given).reasons[0]?.message;
    expect(said(ran(check()))).toBe(`\`@github-actions/test\` succeeded on ${head}.`);
    expect(said(ranTwo(check(), { ...build, conclusion: "skipped" }))).toBe(
      `\`@github-actions/test\`, \`@acme-ci/build\` succeeded or may be skipped on ${head}.`,
    );
  });

  test("T081: a check that does not come says what may hold it up", () => {
    expect(ask("ci", ran()).reasons[0]?.next?.step).toContain("conflicts with its base");
  });

  describe("whatever the checks", () => {
    const aCheck = fc.record({
      name: fc.constantFrom("test", "build"),
      app: fc.constantFrom("github-actions", "acme-ci"),
      status: fc.constantFrom("completed", "in_progress"),
      conclusion: fc.constantFrom("success", "skipped", "neutral", "failure", null),
    });
    const checks = fc
      .array(aCheck, { maxLength: 8 })
      .map((list) => list.map((given, index) => check({ ...given, id: index + 1 })));

    test("it passes exactly when the last attempt of each named check succeeded", () => {
      const last = (list: CheckFact[], app: string, name: string) =>
        list.findLast((given) => given.app === app && given.name === name);
      fc.assert(
        fc.property(checks, (list) => {
          const first = last(list, "github-actions", "test");
          const other = last(list, "acme-ci", "build");
          const ends = (given: CheckFact | undefined, ...accepted: string[]) =>
            given?.status === "completed" && accepted.includes(given.conclusion ?? "");
          expect(ask("ci", ranTwo(...list)).status === "pass").toBe(
            ends(first, "success") && ends(other, "success", "skipped"),
          );
        }),
      );
    });

    test("a last failed attempt always fails", () => {
      fc.assert(
        fc.property(checks, (list) => {
          const failed = check({ id: 99, conclusion: "failure" });
          expect(ask("ci", ranTwo(...list, failed)).status).toBe("fail");
        }),
      );
    });
  });
});
