import { describe, expect, test } from "@jest/globals";
import type { PullFacts } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import type { Waiver } from "../../../core/pull-record.ts";
import { judge } from "../../../core/verdict/judge.ts";
import {
  author,
  change,
  earlier,
  facts,
  forMain,
  head,
  recordOf,
  runRecord,
  tester,
} from "../../builders/pull-facts.ts";

const policy = `version: 1
roles: { web: { allow: ["web/**"] } }
gates:
  forbidden-paths: { deny: ["governance/**"] }
  diff-size: { files: 1 }
  manual-test: { when: { always: true } }
waivers: { gates: [diff-size, manual-test], days: 7 }
`;
const waiver = (over: Partial<Waiver> = {}): Waiver => ({
  gate: "diff-size",
  sha: head,
  until: "2026-11-28",
  reason: "A generated file.",
  by: tester,
  seq: 30,
  ...forMain,
  ...over,
});
const large = (waivers: Waiver[], over: Partial<PullFacts> = {}, text = policy): PullFacts => ({
  ...facts({ policy: text, changes: [change("web/a"), change("web/b")], record: recordOf({ waivers }) }),
  ...over,
});
const gateOf = (given: PullFacts, name: string) =>
  judge(given, { settle: "all" }).gates.find(({ gate }) => gate === name);

// T117: there is no break-glass; a waiver is the nearest thing, and it takes somebody other than who asked, unless solo.
describe("a waiver (F11)", () => {
  test("lets its gate pass on this commit, and says who, why and until when", () => {
    const gate = gateOf(large([waiver()]), "diff-size");
    expect(gate?.status).toBe("pass");
    expect(gate?.reasons.map(({ code }) => code)).toEqual(["waived", "too-many-files"]);
    expect(gate?.reasons[0]?.message).toBe(
      "Waived by @grace on this commit until 2026-11-28 (entry 30): A generated file.",
    );
    expect(gate?.reasons.some(({ next }) => next !== undefined)).toBe(false);
  });

  test("of a gate that waits lets it pass too", () => {
    expect(gateOf(large([waiver({ gate: "manual-test" })]), "manual-test")?.status).toBe("pass");
  });

  test("holds to the end of its last day", () => {
    expect(gateOf(large([waiver({ until: "2026-11-21" })]), "diff-size")?.status).toBe("pass");
  });

  const refused: [string, PullFacts][] = [
    ["T091 T117: of an older commit", large([waiver({ sha: earlier })])],
    ["T117: that has expired", large([waiver({ until: "2026-11-20" })])],
    ["of another gate", large([waiver({ gate: "manual-test" })])],
    ["T102 T117: by the author of the change", large([waiver({ by: author })])],
    ["T117: by an app", large([waiver({ by: { id: 9, login: "bot", type: "Bot" } })])],
    ["of a gate that the policy no longer lets be waived", large([waiver()], {}, policy.replace("diff-size, m", "m"))],
    ["T066: for another branch", large([waiver({ baseRef: "topic" })])],
    [
      "T066: without a branch, from before the base was changed",
      large([waiver({ baseRef: null })], { retargetedAt: known("2026-11-21T09:00:00Z") }),
    ],
    [
      "T066: without a branch, when it could not be read whether the base was changed",
      large([waiver({ baseRef: null })], { retargetedAt: unknown("HTTP 502") }),
    ],
    ["under a policy without waivers", large([waiver()], {}, policy.replace(/waivers.*\n/, ""))],
  ];
  test.each(refused)("%s counts for nothing", (_, given) => {
    expect(gateOf(given, "diff-size")?.status).toBe("fail");
  });

  test("T066: of an older version counts from after the base was changed, or where it never was", () => {
    const old = waiver({ baseRef: null, at: "2026-11-21T09:00:01.000Z" });
    const later = large([old], { retargetedAt: known("2026-11-21T09:00:00Z") });
    expect([gateOf(later, "diff-size"), gateOf(large([old]), "diff-size")]).toMatchObject([
      { status: "pass" },
      { status: "pass" },
    ]);
  });

  test("T066: another person's, of which it is not known whether it counts, takes nothing away", () => {
    const other = waiver({ baseRef: null, seq: 31, by: { id: 77, login: "ruth", type: "User" } });
    const unread = { retargetedAt: unknown("HTTP 502") };
    expect(gateOf(large([waiver(), other], unread), "diff-size")?.status).toBe("pass");
    expect(gateOf(large([other], unread), "diff-size")?.reasons.at(-1)).toEqual({
      code: "retarget-unknown",
      message: "Whether `diff-size` is waived for `main` could not be read: HTTP 502",
      next: { step: "Wait: it is read again at the next event.", who: "a maintainer" },
    });
  });

  test("T066: for another branch is told beside what it does not waive", () => {
    const gate = gateOf(large([waiver({ baseRef: "topic" })]), "diff-size");
    expect(gate?.reasons.map(({ code }) => code)).toEqual(["too-many-files", "waiver-for-another-base"]);
    expect(gate?.reasons[1]).toMatchObject({
      message: "@grace's waiver (entry 30) was given for `topic`, and the pull request enters `main`.",
      next: { who: "nobody yet: name someone under `people.architects` in the policy" },
    });
  });

  test("by somebody who asked for the run counts for nothing", () => {
    const record = runRecord({ requesters: [tester] }, { waivers: [waiver()] });
    const given = { ...large([]), record: { known: true as const, value: record } };
    expect(gateOf(given, "diff-size")?.status).toBe("fail");
  });

  describe("where the policy asks for two people", () => {
    const two = policy.replace("days: 7", "days: 7, people: 2");
    const other = { id: 77, login: "ruth", type: "User" as const };
    const of = (...waivers: Waiver[]) => gateOf(large(waivers, {}, two), "diff-size");

    test("T117: the second lets the gate pass, and both are named", () => {
      const gate = of(waiver(), waiver({ by: other, seq: 31, until: "2026-11-25" }));
      expect(gate?.status).toBe("pass");
      expect(gate?.reasons.map(({ code }) => code)).toEqual(["waived", "waived", "too-many-files"]);
      expect(gate?.reasons.slice(0, 2).map(({ message }) => /@\w+/.exec(message)?.[0])).toEqual(["@ruth", "@grace"]);
    });

    test.each<[string, Waiver[]]>([
      ["one person", [waiver()]],
      ["one person twice", [waiver(), waiver({ seq: 31 })]],
      ["one person under two logins", [waiver(), waiver({ seq: 31, by: { ...tester, login: "gracie" } })]],
      ["one person and an app", [waiver(), waiver({ seq: 31, by: { ...other, type: "Bot" } })]],
      ["one person and the author", [waiver(), waiver({ seq: 31, by: author })]],
      ["one person for this branch and one for another", [waiver(), waiver({ seq: 31, by: other, baseRef: "topic" })]],
      ["one person for this commit and one for an older", [waiver(), waiver({ seq: 31, by: other, sha: earlier })]],
      [
        "one person until today and one until yesterday",
        [waiver(), waiver({ seq: 31, by: other, until: "2026-11-20" })],
      ],
    ])("T117: %s is one, and the gate says that it takes another", (_, waivers) => {
      const gate = of(...waivers);
      expect(gate?.status).toBe("fail");
      expect(gate?.reasons.at(-1)).toMatchObject({
        code: "waiver-takes-more-people",
        message: expect.stringMatching(/^1 of 2 people waived it on this commit: @grac(e|ie) \(entry 3[01]\)\.$/),
        next: { step: `/waive diff-size ${head} until 2026-11-28 because …` },
      });
    });

    test("T066 T117: whether the second counts for this branch could not be read", () => {
      const given = large(
        [waiver(), waiver({ seq: 31, by: other, baseRef: null })],
        { retargetedAt: unknown("HTTP 502") },
        two,
      );
      const gate = gateOf(given, "diff-size");
      expect(gate?.status).toBe("fail");
      expect(gate?.reasons.at(-1)?.code).toBe("retarget-unknown");
    });
  });

  test("never covers what could not be read", () => {
    expect(gateOf(large([waiver()], { changes: unknown("cut short") }), "diff-size")?.status).toBe("unknown");
  });

  test("of one's own work counts where a maintainer is alone", () => {
    const solo = policy.replace("roles:", "people: { separation: solo }\nroles:");
    expect(gateOf(large([waiver({ by: author })], {}, solo), "diff-size")?.status).toBe("pass");
  });
});

describe("secrets are waived by two different people, as their form alone tells them", () => {
  const text = "version: 1\ngates: { secrets: {} }\nwaivers: { gates: [secrets] }\n";
  const finding = { rule: "google", where: "file" as const, commit: head, path: "web/a", line: 1 };
  const given = (...waivers: Waiver[]) => gateOf(large(waivers, { secrets: known([finding]) }, text), "secrets");
  const one = waiver({ gate: "secrets" });
  const other = waiver({ gate: "secrets", seq: 31, by: { id: 77, login: "ada", type: "User" } });

  test.each<[string, Waiver[], string]>([
    ["nobody", [], "fail"],
    ["one person", [one], "fail"],
    ["one person twice", [one, { ...one, seq: 31 }], "fail"],
    ["two people", [one, other], "pass"],
  ])("%s", (_, waivers, status) => {
    expect(given(...waivers)?.status).toBe(status);
  });

  test("what could not be searched is never waived", () => {
    const facts = large([one, other], { secrets: unknown("a rule broke on it") }, text);
    expect(gateOf(facts, "secrets")?.status).toBe("unknown");
  });
});
