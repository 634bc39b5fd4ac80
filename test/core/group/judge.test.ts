import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { PullFacts } from "../../../core/facts.ts";
import type { GroupFacts, MemberFacts } from "../../../core/group/facts.ts";
import { decideGroup } from "../../../core/group/group.ts";
import { judgeGroup, recordOfGroup } from "../../../core/group/judge.ts";
import { known, unknown } from "../../../core/known.ts";
import { originOf, parseQueueRef } from "../../../core/queue-ref.ts";
import { judge, verdictText } from "../../../core/verdict/judge.ts";
import { Verdict } from "../../../schemas/verdict.ts";
import {
  base,
  change,
  earlier,
  facts,
  forMain,
  head,
  recordOf,
  run,
  runRecord,
  signOff,
  tester,
} from "../../builders/pull-facts.ts";

const policy = `version: 1
people: { approvers: ["@acme/qa"], separation: solo }
roles: { web: { allow: ["web/**"] } }
waivers: { gates: [diff-size], by: approvers, days: 7 }
gates:
  forbidden-paths: { deny: ["governance/**"] }
  diff-size: { files: 3, lines: 25 }
  manual-test: { when: { paths: ["web/ui/**"] } }
`;
const groupHead = "9".repeat(40);
const ref = `refs/heads/gh-readonly-queue/main/pr-12-${base}`;

function member(number: number, over: Partial<PullFacts> = {}, more: Partial<MemberFacts> = {}): MemberFacts {
  const own = { ...facts({ policy, changes: [change(`web/${number}.ts`)] }), ...over };
  return { number, commit: `${number}`.padStart(40, "0"), head, foreign: null, facts: known(own), ...more };
}

/** What a member needs to be tried by a person, with a sign-off of its head that was given for a branch. */
const signedFor = (baseRef: string | null, retargetedAt: string | null = null): Partial<PullFacts> => ({
  changes: known([change("web/ui/a.ts")]),
  record: known(recordOf({ signOffs: [signOff({ baseRef })] })),
  retargetedAt: known(retargetedAt),
});

/** A group of these members whose tree holds what they change. */
function group(members: MemberFacts[], over: Partial<GroupFacts> = {}, tree: Partial<PullFacts> = {}): GroupFacts {
  const changes = members.flatMap(({ facts: own }) =>
    own.known && own.value.changes.known ? own.value.changes.value : [],
  );
  const elsewhere = unknown("judged with the members");
  const whole: PullFacts = {
    ...facts({
      policy,
      changes: changes.length === 0 && members.length > 0 ? [change("web/a.ts")] : changes,
    }),
    pull: null,
    head: { sha: groupHead },
    reviews: elsewhere,
    checks: elsewhere,
    record: recordOfGroup(members),
    ...tree,
  };
  return { ref, tree: whole, members, strays: [], below: null, ...over };
}

const membersOf = (verdict: ReturnType<typeof judgeGroup>) => verdict.gates.at(-1);
const ui = { changes: known([change("web/ui/a.ts")]) };

describe("the conclusion", () => {
  const cases: [string, GroupFacts, string, string][] = [
    ["two members in order", group([member(11), member(12)]), "success", "member-passes"],
    ["T072: a member that waits for a sign-off", group([member(11), member(12, ui)]), "pending", "member-waits"],
    [
      "T072: a member that fails, though the group's tree is clean",
      group([member(11), member(12, { changes: known([]) })]),
      "failure",
      "member-fails",
    ],
    [
      "T072: a member whose facts cannot be read",
      group([member(11), member(12, {}, { facts: unknown("HTTP 502") })], {}, { record: known(recordOf()) }),
      "pending",
      "member-unknown",
    ],
    [
      "T072: a member whose check listing cannot be read",
      group([member(11, { changes: unknown("cut short") })]),
      "pending",
      "member-waits",
    ],
    [
      "T072: a head that moved after it was queued",
      group([member(11, {}, { head: earlier })]),
      "failure",
      "member-moved",
    ],
    [
      "T066: a sign-off that was given for another branch",
      group([member(11, signedFor("topic"))]),
      "pending",
      "member-waits",
    ],
    ["T066: a sign-off for this branch", group([member(11, signedFor("main"))]), "success", "member-passes"],
    [
      "T066: a sign-off that names no branch, from before the base was changed",
      group([member(11, signedFor(null, "2026-11-21T09:00:00Z"))]),
      "pending",
      "member-waits",
    ],
    [
      "T072: another content than the judged one",
      group([member(11, {}, { foreign: "it holds more." })]),
      "failure",
      "foreign-content",
    ],
    [
      "T072: a commit that leads to no pull request",
      group([member(11)], { strays: ["Commit x leads to none."] }),
      "failure",
      "no-member",
    ],
    ["a group of nobody", group([]), "failure", "no-members"],
  ];
  test.each(cases)("%s", (_, given, conclusion, code) => {
    const verdict = judgeGroup(given);
    expect(verdict).toMatchObject({ conclusion, base, head: groupHead, deferred: [] });
    expect(membersOf(verdict)?.gate).toBe("members");
    expect(membersOf(verdict)?.reasons[0]?.code).toBe(code);
    if (conclusion !== "success") {
      expect(membersOf(verdict)?.reasons[0]?.next).toBeDefined();
      expect(membersOf(verdict)?.status).not.toBe("pass");
    }
    expect(Verdict.parse(JSON.parse(verdictText(verdict)))).toEqual(verdict);
  });

  const waits = member(12, ui);
  const fails = member(13, { changes: known([]) });
  const lost = member(14, { ...ui, changes: unknown("cut short") });
  const half = member(15, { ...ui, record: known(runRecord()), commits: unknown("cut short") });
  test.each<[string, MemberFacts, string, string]>([
    ["what waits, and not what passes", waits, "pending", "#12: manual-test (pending)"],
    ["what fails, and not what passes", fails, "fail", "#13: forbidden-paths (fail)"],
    [
      "what is unknown",
      lost,
      "unknown",
      "#14: forbidden-paths (unknown), links (unknown), diff-size (unknown), evidence (unknown), manual-test (unknown)",
    ],
    ["what is unknown beside what waits", half, "unknown", "#15: trace (unknown), manual-test (pending)"],
  ])("a member that is not green names %s", (_, one, status, blocking) => {
    const members = membersOf(judgeGroup(group([member(11), one])));
    expect(members?.status).toBe(status);
    expect(members?.reasons[0]?.message).toBe(`${blocking.replace(":", ` is not green at ${head}:`)}.`);
  });

  test("a group of nobody, and one with a commit of nobody, are told apart", () => {
    const codes = (given: GroupFacts) => membersOf(judgeGroup(given))?.reasons.map(({ code }) => code);
    expect(codes(group([]))).toEqual(["no-members"]);
    expect(codes(group([], { strays: ["Commit x leads to none."] }))).toEqual(["no-member"]);
    expect(codes(group([member(11)]))).toEqual(["member-passes"]);
  });

  test("T074: two pull requests within the limit each and over it together fail", () => {
    const two = (path: string) => ({
      changes: known([change(`web/${path}1.ts`), change(`web/${path}2.ts`)]),
    });
    const both = [member(11, two("a")), member(12, two("b"))];
    const verdict = judgeGroup(group(both));
    expect(both.map((one) => (one.facts.known ? judge(one.facts.value, { settle: "all" }).conclusion : null))).toEqual([
      "success",
      "success",
    ]);
    expect(verdict.conclusion).toBe("failure");
    expect(verdict.gates.filter(({ status }) => status === "fail").map(({ gate }) => gate)).toEqual(["diff-size"]);
    expect(membersOf(verdict)?.status).toBe("pass");
  });

  test("a story's budget is counted for its member, and not in a group that brings other changes as well", () => {
    const budget = policy.replace("lines: 25 }", "lines: 25, story: { lines: 15 } }");
    const story = { ...facts({ policy: budget, record: runRecord() }) };
    expect(judgeGroup(group([member(11, story), member(12)], {}, { policy: story.policy })).conclusion).toBe("success");
    const full = { ...story, record: known(runRecord({ added: [{ pull: 9, size: { files: 1, lines: 15 } }] })) };
    const verdict = judgeGroup(group([member(11, full)], {}, { policy: story.policy }));
    expect(membersOf(verdict)?.reasons[0]?.message).toContain("diff-size (fail)");
  });

  test("gates of the ledger and of people are not said to pass on the group", () => {
    const { gates } = judgeGroup(group([member(11)]));
    for (const name of ["trace", "evidence", "approval", "manual-test", "stop"])
      expect(gates.map(({ gate }) => gate)).not.toContain(name);
  });

  test("without a policy nothing succeeds", () => {
    const lost = { policy: unknown("HTTP 403") };
    const verdict = judgeGroup(group([member(11, lost)], {}, lost));
    expect([verdict.conclusion, verdict.policy]).toEqual(["pending", null]);
  });
});

describe("a group that stands on another", () => {
  const ahead = (members: MemberFacts[]) => group(members, {}, { head: { sha: "8".repeat(40) } });
  test.each([
    ["passes when that one does", ahead([member(10)]), "success", "pass", ["group-below-passes", "member-passes"]],
    [
      "waits while that one waits",
      ahead([member(10, ui)]),
      "pending",
      "pending",
      ["group-below-blocks", "member-passes"],
    ],
    ["fails when that one fails", ahead([]), "failure", "fail", ["group-below-blocks", "member-passes"]],
  ])("T072: %s", (_, below, conclusion, status, codes) => {
    const verdict = judgeGroup(group([member(11)], { below }));
    expect([verdict.conclusion, membersOf(verdict)?.status]).toEqual([conclusion, status]);
    expect(membersOf(verdict)?.reasons.map(({ code }) => code)).toEqual(codes);
    expect(membersOf(verdict)?.reasons[0]?.next === undefined).toBe(conclusion === "success");
  });
});

describe("a waiver", () => {
  const large = [1, 2, 3].map((index) => change(`web/${index}.ts`));
  const waiver = {
    gate: "diff-size",
    sha: head,
    until: "2026-11-22",
    reason: "a rename",
    by: tester,
    seq: 9,
    ...forMain,
  };
  const waivedMember = (number: number) =>
    member(number, { changes: known(large), record: known(recordOf({ waivers: [waiver] })) });

  test("of a lone member carries over to its group, and says so", () => {
    const verdict = judgeGroup(group([waivedMember(11)]));
    expect(verdict.conclusion).toBe("success");
    const size = verdict.gates.find(({ gate }) => gate === "diff-size");
    expect(size?.reasons[0]).toMatchObject({
      code: "waived",
      message: expect.stringMatching(/^#11: Waived by/),
    });
    expect(size?.reasons.some(({ next }) => next !== undefined)).toBe(false);
  });

  test("T074: of one member does not cover the others", () => {
    expect(judgeGroup(group([waivedMember(11), member(12)])).conclusion).toBe("failure");
  });

  test("of every member is told for each, and touches no other gate", () => {
    const { gates } = judgeGroup(group([waivedMember(11), waivedMember(12)]));
    const size = gates.find(({ gate }) => gate === "diff-size");
    expect(size?.status).toBe("pass");
    expect(size?.reasons.slice(0, 2).map(({ message }) => message)).toEqual([
      expect.stringMatching(/^#11: Waived by/),
      expect.stringMatching(/^#12: Waived by/),
    ]);
    const waived = gates.filter(({ reasons }) => reasons.some(({ code }) => code === "waived"));
    expect(waived.map(({ gate }) => gate)).toEqual(["diff-size"]);
  });

  test("covers no more than what fails: neither what passes in the group nor what could not be read there", () => {
    const sizeOf = (tree: Partial<PullFacts>) =>
      judgeGroup(group([waivedMember(11)], {}, tree)).gates.find(({ gate }) => gate === "diff-size");
    expect(sizeOf({ changes: known([change("web/a.ts")]) })?.reasons.map(({ code }) => code)).toEqual([
      "within-limits",
    ]);
    expect(sizeOf({ changes: unknown("cut short") })?.status).toBe("unknown");
  });

  test("of nobody covers nothing", () => {
    const { gates } = judgeGroup(group([], {}, { changes: known([change("governance/a")]) }));
    expect(gates.find(({ gate }) => gate === "forbidden-paths")?.status).toBe("fail");
  });

  test("is not needed where the group passes, and does not count for another gate that fails", () => {
    const small = member(11, { record: known(recordOf({ waivers: [waiver] })) });
    const size = judgeGroup(group([small])).gates.find(({ gate }) => gate === "diff-size");
    expect(size?.reasons.map(({ code }) => code)).not.toContain("waived");
    const governed = [...large, change("governance/a")];
    const both = member(11, { changes: known(governed), record: known(recordOf({ waivers: [waiver] })) });
    const verdict = judgeGroup(group([both]));
    expect(verdict.gates.find(({ gate }) => gate === "forbidden-paths")?.status).toBe("fail");
  });
});

describe("the record of a group", () => {
  test("holds the files to come of all its runs", () => {
    const one = member(11, { record: known(runRecord({ laterPaths: ["x"], paths: ["web/a/**"] })) });
    const two = member(12, {
      record: known(recordOf({ run: run({ laterPaths: ["y"], paths: ["web/b/**"] }) })),
    });
    expect(recordOfGroup([member(10), one, two])).toMatchObject({
      value: { run: { paths: ["web/a/**", "web/b/**"], laterPaths: ["x", "y"] }, signOffs: [], waivers: [] },
    });
    expect(recordOfGroup([member(10)])).toMatchObject({ value: { run: null } });
  });

  test("is unknown when one member's is", () => {
    expect(recordOfGroup([member(11), member(12, { record: unknown("no ledger") })])).toEqual(unknown("no ledger"));
  });
});

test("whatever the group: success only when every member and every group below succeed, in the same bytes each time", () => {
  const aMember = fc
    .record({
      number: fc.integer({ min: 1, max: 30 }),
      path: fc.constantFrom("web/a.ts", "web/ui/b.ts", "governance/c", "src/d.ts"),
      moved: fc.boolean(),
      lost: fc.boolean(),
      foreign: fc.boolean(),
    })
    .map(({ number, path, moved, lost, foreign }) =>
      member(
        number,
        { changes: known([change(path)]) },
        {
          head: moved ? earlier : head,
          foreign: foreign ? "it holds more." : null,
          ...(lost ? { facts: unknown("lost") } : {}),
        },
      ),
    );
  const members = fc.uniqueArray(aMember, { maxLength: 4, selector: (one) => one.number });
  const strays = fc.constantFrom<string[]>([], [], ["Commit x leads to none."]);
  fc.assert(
    fc.property(members, members, strays, (own, ahead, lines) => {
      const below = ahead.length === 0 ? null : group(ahead);
      const given = group(own, { below, strays: lines });
      const verdict = judgeGroup(given);
      expect(verdictText(judgeGroup(given))).toBe(verdictText(verdict));
      const good = own.every(
        (one) =>
          one.foreign === null &&
          one.facts.known &&
          one.facts.value.head.sha === one.head &&
          judge(one.facts.value, { settle: "all" }).conclusion === "success",
      );
      const allowed = good && own.length > 0 && lines.length === 0;
      const passes = below === null || judgeGroup(below).conclusion === "success";
      if (verdict.conclusion === "success") expect([allowed, passes]).toEqual([true, true]);
    }),
    { numRuns: 300 },
  );
});

describe("what a group's names tell", () => {
  test.each([
    [ref, { branch: "main", pull: 12, base }],
    [`refs/heads/gh-readonly-queue/release/1.x/pr-3-${base}`, { branch: "release/1.x", pull: 3, base }],
    [`refs/heads/main/pr-3-${base}`, null],
    [`refs/tags/gh-readonly-queue/main/pr-3-${base}`, null],
    ["refs/heads/gh-readonly-queue/main/pr-3-abc", null],
    [`refs/heads/gh-readonly-queue/main/pr-0-${base}`, null],
    [`refs/heads/gh-readonly-queue//pr-3-${base}`, null],
  ])("%s", (name, expected) => {
    expect(parseQueueRef(name)).toEqual(expected);
  });

  test.each([
    ["Merge pull request #12 from acme/x\n\nText (#9)", [base, head], { pull: 12, head }],
    ["A change (#12)", [base], { pull: 12, head: null }],
    ["Merge pull request #5 from acme/x (#12)", [base], { pull: 12, head: null }],
    ["Fix (#5) (#12)\n\nMore (#7)", [base], { pull: 12, head: null }],
    ["A change (#12)", [base, head], null],
    ["Merge pull request #12 from acme/x", [base], null],
    ["Merge pull request #12 from acme/x", [base, head, earlier], null],
    ["A change\n\n(#12)", [base], null],
    ["A change (#0)", [base], null],
    ["A change#12)", [base], null],
  ])("T072 %j with its parents", (message, parents, expected) => {
    expect(originOf({ message, parents })).toEqual(expected);
  });
});

describe("a look at a group", () => {
  const ourselves = {
    appId: 9,
    slug: "sallyport",
    page: "https://github.com/apps/sallyport",
    bot: { id: 99, login: "sallyport[bot]", type: "Bot" as const },
  };
  const look = (given: GroupFacts, over: object = {}) =>
    decideGroup({
      ourselves,
      repository: { id: 5, name: "acme/site" },
      group: given,
      ourCheck: known(null),
      entries: [],
      ...over,
    });

  test.each([
    ["success", group([member(11)]), "completed", "success", 60],
    ["failure", group([]), "completed", "failure", null],
    ["T073: undecided", group([member(11, ui)]), "in_progress", null, 15],
  ])("%s is recorded and shown on the group's head alone", (_, given, status, conclusion, again) => {
    const decision = look(given);
    expect(decision.effects).toMatchObject([{ type: "ensure-check", sha: groupHead, status, conclusion }]);
    expect(decision.drafts).toMatchObject([
      {
        kind: "group.judged",
        body: {
          headRef: ref,
          head: groupHead,
          base,
          members: given.members.map((one) => ({ pull: one.number, head })),
        },
      },
    ]);
    expect(decision.requeueAfter).toBe(again);
  });

  test("a gate that crashes on the group or on a member is handed to the host's log", () => {
    const error = new TypeError("lost");
    const lame = {
      ...change("web/a.ts"),
      get path(): never {
        throw error;
      },
    };
    const crashed = (given: GroupFacts) => look(given).crashes.map((one) => [one.gate, one.error]);
    const inTree = crashed(group([member(11)], {}, { changes: known([lame]) }));
    expect(inTree).toContainEqual(["forbidden-paths", error]);
    const inMember = crashed(group([member(11, { changes: known([lame]) })], {}, ui));
    expect(inMember).toContainEqual(["manual-test", error]);
    expect(crashed(group([member(11)]))).toEqual([]);
  });

  test("what could not be read is shown as undecided and not recorded", () => {
    const decision = look(group([member(11, {}, { facts: unknown("HTTP 502") })]));
    expect([decision.drafts, decision.requeueAfter]).toEqual([[], 15]);
    expect(decision.effects).toMatchObject([{ status: "in_progress" }]);
  });

  test("what is recorded and shown already is left alone", () => {
    const [effect] = look(group([member(11)])).effects;
    const [draft] = look(group([member(11)])).drafts;
    if (effect?.type !== "ensure-check" || draft === undefined) throw new Error("there is a verdict to show");
    const shown = { externalId: effect.verdictSha256, status: "completed", conclusion: "success" };
    const entry = { ...draft, seq: 1, hash: "1".repeat(64), at: "2026-11-21T10:00:00.000Z" };
    expect(look(group([member(11)]), { ourCheck: known(shown), entries: [entry] })).toMatchObject({
      drafts: [],
      effects: [],
    });
    const before = { ...entry, body: { ...draft.body, head: earlier } };
    expect(look(group([member(11)]), { entries: [before] }).drafts).toHaveLength(1);
  });

  test("what fails is recorded even where something could not be read, and names the branch", () => {
    const decision = look(
      group([member(11)], { strays: ["Commit x leads to none."] }, { changes: unknown("HTTP 502") }),
    );
    expect(decision.drafts).toMatchObject([
      { subject: [{ name: ref, digest: { gitCommit: groupHead } }], body: { conclusion: "failure" } },
    ]);
  });
});
