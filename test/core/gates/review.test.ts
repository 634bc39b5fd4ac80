import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { PullFacts, ReviewFact } from "../../../core/facts.ts";
import { gates } from "../../../core/gates/registry.ts";
import { known, unknown } from "../../../core/known.ts";
import { ask, type Row, table } from "../../builders/gate-table.ts";
import {
  author,
  change,
  earlier,
  facts,
  head,
  policyOf as policyFrom,
  runRecord,
  tester,
} from "../../builders/pull-facts.ts";
import { holds, review, third } from "../../builders/reviews.ts";

const policyOf = (settings: string, separation = "strict") =>
  `version: 1\npeople: { approvers: ["@grace", "@acme/qa"], separation: ${separation} }\ngates:\n  review: ${settings}\n`;
const policy = policyOf("{}");
const reviewed = (...reviews: ReviewFact[]) => facts({ policy, reviews: known(reviews) });
const asked = (over: Partial<ReviewFact> = {}) => review({ state: "changes_requested", ...over });
const both = policyOf("{ count: 2 }");
const second = review({ id: 2, by: third });

const waits = (what: string, given: PullFacts): Row => [what, given, "pending", ["not-approved"]];
const passes = (what: string, given: PullFacts): Row => [what, given, "pass", ["approved"]];
const blocks = (what: string, given: PullFacts): Row => [what, given, "fail", ["changes-requested"]];
const unread = (what: string, given: PullFacts): Row => [what, given, "unknown", ["standing-unknown"]];

test("review: what it says of a pass, of an objection to a commit that is gone, and of its paths", () => {
  const said = (...reviews: ReviewFact[]) => ask("review", reviewed(...reviews)).reasons.map(({ message }) => message);
  expect(said(review())).toEqual([`@grace approved ${head}.`]);
  expect(said(asked({ sha: null }))).toEqual(["@grace asked for changes."]);
  const { policy: loaded } = policyFrom(policyOf("{ count: 2, by: [approvers, architects], paths: [web] }"));
  expect(gates.review.lists?.(loaded).map(({ meaning }) => meaning)).toEqual([
    "a change of it needs 2 approving review(s) by `people.approvers` or `people.architects`",
  ]);
});

describe("review: approvals", () => {
  const two = (...reviews: ReviewFact[]) => facts({ policy: both, reviews: known(reviews) });
  table("review", [
    ["does not apply when the policy asks for none", facts(), "not-applicable", ["not-configured"]],
    waits("waits without a review", reviewed()),
    passes("passes with an approver's approval of the head", reviewed(review())),
    waits("T091: a push voids the approval", reviewed(review({ sha: earlier }))),
    waits("T093: a shortened commit id is another commit", reviewed(review({ sha: head.slice(0, 12) }))),
    waits("an approval of a commit that is gone does not count", reviewed(review({ sha: null }))),
    waits("T100: a bot's approval does not count", reviewed(review({ by: { ...tester, type: "Bot" } }))),
    waits("T102: an author's approval does not count", reviewed(review({ by: author }))),
    waits("T102: nor under another name", reviewed(review({ by: { ...author, login: "grace" } }))),
    waits("T104: a duty without write access does not count", reviewed(review(holds(["approvers"], "read")))),
    waits("T106: nor after the access is gone", reviewed(review(holds(["approvers"], "none")))),
    waits("another duty does not count", reviewed(review(holds(["architects"])))),
    waits("an admin without a duty does not count", reviewed(review(holds([], "admin")))),
    [
      "one of several duties is enough",
      facts({
        policy: policyOf("{ by: [planners, architects] }"),
        reviews: known([review(holds(["architects"]))]),
      }),
      "pass",
      ["approved"],
    ],
    waits(
      "a change of one file that asks for a review among others that do not",
      facts({ policy: policyOf("{ paths: [web] }"), changes: [change("lib/a.ts"), change("web/a.ts")] }),
    ),
    waits("a comment is no approval", reviewed(review({ state: "commented" }))),
    passes("a comment leaves the approval standing", reviewed(review(), review({ id: 2, state: "commented" }))),
    waits(
      "T109: a dismissal does not revive an earlier approval",
      reviewed(review(), review({ id: 2, state: "dismissed" })),
    ),
    passes("a new approval after a dismissal counts", reviewed(review({ state: "dismissed" }), review({ id: 2 }))),
    unread("T108: a standing that could not be read is unknown", reviewed(review({ permission: unknown("HTTP 403") }))),
    waits("two are needed and one is there", two(review())),
    passes("two are needed and two are there", two(review(), second)),
    waits("one person is not two", two(review(), review({ id: 2 }))),
    waits(
      "one person under two names is not two",
      two(review(), review({ id: 2, by: { ...tester, login: "hopper" } })),
    ),
    waits("one on the head and one before it are not two", two(review(), { ...second, sha: earlier })),
    unread("an unread second is unknown", two(review(), { ...second, permission: unknown("HTTP 502") })),
    passes(
      "an unread third does not matter",
      two(review(), second, review({ id: 3, by: { id: 4, login: "ken", type: "User" }, permission: unknown("x") })),
    ),
  ]);

  const byAgent = (separation: string) =>
    facts({
      policy: policyOf("{}", separation),
      record: runRecord(),
      reviews: known([review({ by: author })]),
    });
  table("review", [
    ["T102: who asked for a run does not approve it", byAgent("strict"), "pending", ["not-approved"]],
    ["solo: who asked for a run may, and it shows", byAgent("solo"), "pass", ["approved-solo"]],
    [
      "passes a run's change with another's approval",
      facts({ policy, record: runRecord(), reviews: known([review()]) }),
      "pass",
      ["approved"],
    ],
  ]);

  test("the solo pass names the person and the rule", () => {
    expect(ask("review", byAgent("solo")).reasons[0]?.message).toBe(
      `@ada approved ${head}. @ada also asked for the change: the policy says \`separation: solo\`.`,
    );
  });

  test("what is missing is counted, with each approval that does not count, the policy's line, step and who", () => {
    const given = {
      ...facts({ policy: both }),
      reviews: known([
        review(),
        { ...second, sha: earlier },
        review({ id: 3, by: author }),
        review({ id: 4, by: { id: 4, login: "ken", type: "User" }, ...holds([]) }),
      ]),
    };
    expect(ask("review", given).reasons).toEqual([
      {
        code: "not-approved",
        message: `1 of 2 approving reviews of ${head}. @linus approved ${earlier}; the head is ${head}. @ada asked for this change, so their approval does not count. @ken approved and does not count: that takes write access and the duty approvers.`,
        policyLine: 4,
        next: {
          step: `Review the pull request and approve ${head} on GitHub.`,
          who: "approvers (@acme/qa)",
        },
      },
    ]);
  });
});

describe("review: requests for changes", () => {
  table("review", [
    blocks("one blocks", reviewed(asked())),
    blocks("one blocks beside an approval", reviewed(asked(), second)),
    blocks("a push does not take it back", reviewed(asked({ sha: earlier }), second)),
    blocks("nor does the loss of its commit", reviewed(asked({ sha: null }), second)),
    blocks("a comment does not take it back", reviewed(asked(), review({ id: 3, state: "commented" }), second)),
    passes("an approval by the same person does", reviewed(asked(), review({ id: 3 }))),
    passes("one listed after the approval that followed it does not block", reviewed(review({ id: 3 }), asked())),
    waits("a dismissal does, and approves nothing", reviewed(asked({ state: "dismissed" }))),
    passes("one by somebody without the duty does not block", reviewed(asked(holds(["planners"])), second)),
    passes(
      "one by somebody without write access does not block",
      reviewed(asked(holds(["approvers"], "read")), second),
    ),
    passes("one by a bot does not block", reviewed(asked({ by: { ...tester, type: "Bot" } }), second)),
    unread(
      "T108: one by somebody whose standing could not be read is unknown",
      reviewed(asked({ permission: unknown("HTTP 502") }), second),
    ),
    [
      "T102: who asked for a run may still ask for changes of it",
      facts({ policy, record: runRecord(), reviews: known([asked({ by: author }), second]) }),
      "fail",
      ["changes-requested"],
    ],
    [
      "each is told",
      reviewed(asked(), asked({ id: 2, by: third })),
      "fail",
      ["changes-requested", "changes-requested"],
    ],
  ]);

  test("it names the person, the commit, the policy's line, the next step and who", () => {
    expect(ask("review", reviewed(asked({ sha: earlier }))).reasons).toEqual([
      {
        code: "changes-requested",
        message: `@grace asked for changes on ${earlier}.`,
        policyLine: 4,
        next: {
          step: "Answer the review, then have @grace review again or dismiss theirs.",
          who: "@ada, the author",
        },
      },
    ]);
  });
});

describe("review: the base branch was changed", () => {
  const at = "2026-11-21T09:00:00Z";
  const since = "2026-11-21T09:00:01Z";
  const moved = (...reviews: ReviewFact[]) => ({ ...reviewed(...reviews), retargetedAt: known(at) });
  const again = (what: string, given: PullFacts): Row => [what, given, "pending", ["review-before-retarget"]];
  const unsure = (what: string, ...reviews: ReviewFact[]): Row => {
    const given = { ...reviewed(...reviews), retargetedAt: unknown("HTTP 502") };
    return [what, given, "unknown", ["retarget-unknown"]];
  };
  table("review", [
    again("T066: an approval from before does not count", moved(review())),
    again("T066: nor one from the same second", moved(review({ at }))),
    again("T066: nor one whose time is not told", moved(review({ at: "" }))),
    again("T066: nor any when the time of the change is no time", {
      ...reviewed(review()),
      retargetedAt: known("soon"),
    }),
    passes("T066: an approval from after it counts", moved(review({ at: since }))),
    passes("T066: also by somebody who had approved before", moved(review(), review({ id: 2, at: since }))),
    blocks("T066: a request for changes from before still blocks", moved(asked(), { ...second, at: since })),
    again("T066: one of two from before is one too few", {
      ...facts({ policy: both, reviews: known([review({ at: since }), second]) }),
      retargetedAt: known(at),
    }),
    waits("one that would not count anyway is told as what it is", moved(review({ sha: earlier }))),
    again("T066: what its writer may do here does not matter then", moved(review({ permission: unknown("HTTP 502") }))),
    unsure("T066: a change that could not be read is unknown where an approval would count", review()),
    [
      "T066: and nothing where none would",
      { ...reviewed(review(holds([]))), retargetedAt: unknown("HTTP 502") },
      "pending",
      ["not-approved"],
    ],
    [
      "T066: nor does it hide a request for changes",
      { ...reviewed(asked()), retargetedAt: unknown("HTTP 502") },
      "fail",
      ["changes-requested"],
    ],
  ]);

  test("T066: the reason names the person, the branch and the next step", () => {
    expect(ask("review", moved(review())).reasons).toEqual([
      {
        code: "review-before-retarget",
        message: `0 of 1 approving reviews of ${head}. @grace approved before the pull request was pointed at \`main\`, where it brings in something else.`,
        policyLine: 4,
        next: {
          step: `Review the pull request again, as it enters \`main\`, and approve ${head} on GitHub.`,
          who: "approvers (@grace, @acme/qa)",
        },
      },
    ]);
  });
});

describe("review: paths", () => {
  const only = (path: string, over: Partial<PullFacts> = {}) => ({
    ...facts({ policy: policyOf('{ paths: ["src/**"] }'), changes: [change(path)] }),
    ...over,
  });
  table("review", [
    ["does not apply to other paths", only("docs/a.md"), "not-applicable", ["not-touched"]],
    ["applies to the named ones", only("src/a.ts"), "pending", ["not-approved"]],
    ["T026: applies to a folder of another case", only("Src/a.ts"), "pending", ["not-approved"]],
    [
      "is unknown when the changes are",
      only("docs/a.md", { changes: unknown("cut short") }),
      "unknown",
      ["changes-unknown"],
    ],
    [
      "needs no changes when it is for all paths",
      { ...reviewed(review()), changes: unknown("cut short") },
      "pass",
      ["approved"],
    ],
  ]);
});

test.each(["reviews", "record"] as const)("an unread %s is unknown", (fact) => {
  expect(ask("review", { ...reviewed(review()), [fact]: unknown("no answer") })).toMatchObject({
    status: "unknown",
    codes: [`${fact}-unknown`],
  });
});

describe("review: whatever the reviews", () => {
  const ken = { id: 4, login: "ken", type: "User" } as const;
  const aReview = fc
    .record({
      by: fc.constantFrom(author, tester, third, ken),
      state: fc.constantFrom("approved", "changes_requested", "commented", "dismissed"),
      sha: fc.constantFrom(head, earlier),
      mayWrite: fc.boolean(),
      approver: fc.boolean(),
    } as const)
    .map(({ mayWrite, approver, ...rest }) => ({
      ...rest,
      ...holds(approver ? ["approvers"] : ["planners"], mayWrite ? "write" : "read"),
    }));
  const reviews = fc
    .array(aReview, { maxLength: 8 })
    .map((list) => list.map((one, index) => review({ ...one, id: index + 1 })));
  const answer = (list: ReviewFact[]) => ask("review", { ...facts({ policy: both }), reviews: known(list) });

  test("it passes only with two others' approvals of the head by writing approvers", () => {
    fc.assert(
      fc.property(reviews, (list) => {
        if (answer(list).status !== "pass") return;
        const able = list.filter(
          ({ by, state, sha, permission }) =>
            by.id !== author.id &&
            state === "approved" &&
            sha === head &&
            permission.known &&
            permission.value.role === "write" &&
            permission.value.duties.includes("approvers"),
        );
        expect(new Set(able.map(({ by }) => by.id)).size).toBeGreaterThanOrEqual(2);
      }),
    );
  });

  test("a last request for changes by an approver always blocks", () => {
    fc.assert(
      fc.property(reviews, fc.constantFrom(tester, third, ken), (list, by) => {
        const last = asked({ id: 99, by, ...holds(["approvers"]) });
        expect(answer([...list, last]).status).toBe("fail");
      }),
    );
  });

  test("a last push voids every approval", () => {
    fc.assert(
      fc.property(reviews, (list) => {
        const pushed = list.map((one) => ({ ...one, sha: earlier }));
        expect(["pending", "fail"]).toContain(answer(pushed).status);
      }),
    );
  });

  test("T066: a last change of the base branch voids every approval", () => {
    fc.assert(
      fc.property(reviews, (list) => {
        const moved = { ...facts({ policy: both, reviews: known(list) }), retargetedAt: known(review().at) };
        expect(["pending", "fail"]).toContain(ask("review", moved).status);
      }),
    );
  });

  test("the order of the list does not matter", () => {
    fc.assert(
      fc.property(reviews, (list) => {
        expect(answer(list.toReversed())).toEqual(answer(list));
      }),
    );
  });
});
