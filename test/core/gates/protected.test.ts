import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Change, PullFacts, ReviewFact } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import { sensitivePatterns } from "../../../core/paths/sensitive.ts";
import type { Duty } from "../../../schemas/policy-values.ts";
import type { Account } from "../../../schemas/text.ts";
import { ask, type Row, table } from "../../builders/gate-table.ts";
import {
  author,
  change,
  earlier,
  evidenceOfHead,
  facts,
  head,
  recordOf,
  renamed,
  runRecord,
  tester,
} from "../../builders/pull-facts.ts";
import { holds, review, third } from "../../builders/reviews.ts";

const people = 'people: { architects: ["@grace"], approvers: ["@linus"] }';
const policy = `version: 1\nextends: default\n${people}\n`;
const workflow = [change(".github/workflows/ci.yml")];
const bot = { id: 50, login: "dependabot[bot]", type: "Bot" } as const;

/** A person's change of a workflow with these reviews. */
const reviewed = (...reviews: ReviewFact[]) => facts({ policy, changes: workflow, reviews: known(reviews) });
const by = (who: Account) => ({ number: 3, author: who, title: "A change", body: "", labels: [] });
const waits = ["not-approved", "protected-file"];

const waiting = (what: string, ...reviews: ReviewFact[]): Row => {
  return [what, reviewed(...reviews), "pending", waits];
};
const passing = (what: string, ...reviews: ReviewFact[]): Row => {
  return [what, reviewed(...reviews), "pass", ["approved"]];
};
const touching = (what: string, changes: Change[]): Row => {
  return [what, facts({ policy, changes }), "pending", waits];
};
const refused = (what: string, given: PullFacts): Row => [what, given, "fail", ["not-for-agents"]];

describe("protected: which files", () => {
  const own = (gate: string, ...paths: string[]) =>
    facts({
      policy: `version: 1\ngates: { protected: ${gate} }\n`,
      changes: paths.map((path) => change(path)),
    });
  table("protected", [
    ["does not apply without a pack or a setting", facts({ changes: workflow }), "not-applicable", ["not-configured"]],
    ["does not apply when nothing is listed", own("{}", "a"), "not-applicable", ["not-configured"]],
    ["passes what is not protected", facts({ policy, changes: [change("src/a.ts")] }), "pass", ["untouched"]],
    touching("T044: waits on what steers agents", [change("web/CLAUDE.md")]),
    touching("T049: waits on the policy itself", [change(".github/sallyport.yml")]),
    touching("waits on a deletion", [change("CODEOWNERS", { after: null })]),
    touching("T001: waits on a rename away", renamed(".npmrc", "a")),
    touching("T026: waits on a twin of another case", [change(".GitHub/Workflows/a.yml")]),
    touching("T027: waits on a twin with an invisible character", [change("CLAUDE\u200B.md")]),
    ["waits on a listed path without the pack", own('{ paths: ["infra/**"] }', "infra/a.tf"), "pending", waits],
    ["passes the pack's files without the pack", own('{ paths: ["infra/**"] }', "AGENTS.md"), "pass", ["untouched"]],
    [
      "tells every protected file",
      facts({ policy, changes: [change(".npmrc"), change("AGENTS.md"), change("src/a.ts")] }),
      "pending",
      ["not-approved", "protected-file", "protected-file"],
    ],
  ]);
});

describe("protected: a person's change", () => {
  table("protected", [
    waiting("waits without a review"),
    passing("passes with an architect's approval of the head", review()),
    waiting("T091: a push voids the approval", review({ sha: earlier })),
    waiting("T093: a shortened commit id is another commit", review({ sha: head.slice(0, 12) })),
    waiting("an approval of a commit that is gone does not count", review({ sha: null })),
    waiting("T100: a bot's approval does not count", review({ by: { ...tester, type: "Bot" } })),
    waiting("T102: an author's approval does not count", review({ by: author })),
    waiting("T102: nor under another name", review({ by: { ...author, login: "grace" } })),
    waiting("another duty does not count", review(holds(["approvers", "planners"]))),
    waiting("T104: a duty without write access does not count", review(holds(["architects"], "triage"))),
    waiting("T106: nor after the access is gone", review(holds(["architects"], "none"))),
    waiting("an admin without the duty does not count", review(holds([], "admin"))),
    [
      "T108: a standing that could not be read is unknown",
      reviewed(review({ permission: unknown("HTTP 502") })),
      "unknown",
      ["standing-unknown"],
    ],
    passing(
      "another's standing does not matter when one approval counts",
      review(),
      review({ id: 2, by: third, permission: unknown("HTTP 502") }),
    ),
    waiting("a comment is no approval", review({ state: "commented" })),
    passing("a comment leaves the approval standing", review(), review({ id: 2, state: "commented" })),
    waiting("a request for changes takes it back", review(), review({ id: 2, state: "changes_requested" })),
    waiting("T109: a dismissal does not revive it", review(), review({ id: 2, state: "dismissed" })),
    waiting("T109: nor in another order of the list", review({ id: 2, state: "dismissed" }), review()),
    waiting("a later approval of an older commit replaces one of the head", review(), review({ id: 2, sha: earlier })),
    [
      "whose review it is can be set",
      facts({
        policy: `${policy}gates: { protected: { by: approvers } }\n`,
        changes: workflow,
        reviews: known([review(holds(["approvers"]))]),
      }),
      "pass",
      ["approved"],
    ],
  ]);

  const moved = (...reviews: ReviewFact[]) => ({
    ...reviewed(...reviews),
    retargetedAt: known("2026-11-21T09:00:00Z"),
  });
  const again = ["review-before-retarget", "protected-file"];
  table("protected", [
    ["T066: another base branch voids the approval", moved(review()), "pending", again],
    ["T066: one from after it counts", moved(review({ at: "2026-11-21T09:00:01Z" })), "pass", ["approved"]],
    [
      "T066: a change that could not be read is unknown where an approval would count",
      { ...reviewed(review()), retargetedAt: unknown("HTTP 502") },
      "unknown",
      ["retarget-unknown"],
    ],
    [
      "T066: and nothing where none would",
      { ...reviewed(review({ sha: earlier })), retargetedAt: unknown("HTTP 502") },
      "pending",
      waits,
    ],
  ]);

  const solo = (duties: Duty[], role: "read" | "write" = "write", over: Partial<PullFacts> = {}) => ({
    ...facts({
      policy: 'version: 1\nextends: default\npeople: { architects: ["@acme/qa"], separation: solo }\n',
      changes: workflow,
    }),
    authorPermission: known({ role, duties }),
    ...over,
  });
  const unread = unknown("GitHub did not answer");
  table("protected", [
    ["solo: an author with the duty needs nobody else", solo(["architects"]), "pass", ["approved-solo"]],
    ["solo: an author without the duty does", solo(["approvers"]), "pending", waits],
    ["solo: an author who may not write does", solo(["architects"], "read"), "pending", waits],
    [
      "solo: what the author may do could not be read",
      solo([], "write", { authorPermission: unread }),
      "unknown",
      ["standing-unknown"],
    ],
    [
      "solo: another's approval is enough",
      solo([], "write", { reviews: known([review()]), authorPermission: unread }),
      "pass",
      ["approved"],
    ],
    refused(
      "solo: a bot with the duty is no author",
      solo(["architects"], "write", { pull: by({ ...author, type: "Bot" }) }),
    ),
    refused("solo: a run's change stays a run's", solo(["architects"], "write", { record: known(runRecord()) })),
    [
      "under strict the author's own duty counts for nothing",
      { ...reviewed(), authorPermission: known({ role: "write" as const, duties: ["architects" as const] }) },
      "pending",
      waits,
    ],
  ]);

  test("what is missing names commit, policy line, file, why, next step and who", () => {
    const next = { step: `Review the pull request and approve ${head} on GitHub.`, who: "@grace" };
    expect(ask("protected", reviewed(review({ sha: earlier }))).reasons).toEqual([
      {
        code: "not-approved",
        message: `1 protected file changed, and none of the architects has approved ${head} yet. @grace approved ${earlier}; the head is ${head}.`,
        next,
      },
      {
        code: "protected-file",
        message: "A protected file: workflows run with the repository's secrets.",
        path: ".github/workflows/ci.yml",
        policyLine: 2,
        next,
      },
    ]);
  });

  test("counts the files, and names the line of the policy that says whose review it takes", () => {
    const lined = `version: 1\nextends: default\n${people}\ngates:\n  protected:\n    by: approvers\n`;
    const given = facts({ policy: lined, changes: [change(".npmrc"), change("AGENTS.md")] });
    expect(ask("protected", given).reasons[0]).toMatchObject({
      message: `2 protected files changed, and none of the approvers has approved ${head} yet.`,
      policyLine: 6,
      next: { who: "@linus" },
    });
    expect(ask("protected", reviewed(review())).reasons).toEqual([
      {
        code: "approved",
        message: `@grace, one of the architects, approved ${head}, which changes 1 protected file.`,
      },
    ]);
  });

  test("a solo pass says whose duty and which rule it was", () => {
    const [reason] = ask("protected", solo(["architects"])).reasons;
    expect(reason?.message).toContain("@ada, the author, is among the architects");
    expect(reason?.message).toContain("`separation: solo`");
  });
});

describe("protected: an agent's change", () => {
  const approved = { policy, changes: workflow, reviews: known([review()]) };
  table("protected", [
    refused("T044: fails for a run, whoever approved", facts({ ...approved, record: runRecord() })),
    refused("fails for a bot's pull request", facts({ ...approved, pull: by(bot) })),
    refused(
      "T103: fails for a person's pull request that a run made",
      facts({ ...approved, record: runRecord(), pull: by(author) }),
    ),
    refused(
      "T103: fails when the ledger has evidence and not the run",
      facts({ ...approved, record: recordOf({ evidence: [evidenceOfHead] }) }),
    ),
    refused("T103: an author who is not known counts as an agent", facts({ ...approved, pull: null })),
    ["passes other files", facts({ policy, record: runRecord() }), "pass", ["untouched"]],
  ]);

  test("a refusal names the file, why, the policy's line, the next step and who", () => {
    const given = facts({
      policy: 'version: 1\ngates:\n  protected:\n    paths:\n      - "x"\n      - "infra/**"\n',
      changes: [change("infra/a.tf")],
      record: runRecord(),
    });
    expect(ask("protected", given).reasons).toEqual([
      {
        code: "not-for-agents",
        message: "No agent or bot may change this file: the policy lists it.",
        path: "infra/a.tf",
        policyLine: 6,
        next: {
          step: "Take this file out of the change; a person can change it in a pull request of their own.",
          who: "a person with write access",
        },
      },
    ]);
  });
});

describe("protected: facts that could not be read", () => {
  test.each(["changes", "record", "reviews"] as const)("an unread %s is unknown", (fact) => {
    expect(ask("protected", { ...reviewed(review()), [fact]: unknown("no answer") })).toMatchObject({
      status: "unknown",
      codes: [`${fact}-unknown`],
    });
  });

  test("who made it does not matter when nothing protected is touched", () => {
    const given = facts({ policy, record: recordOf() });
    expect(ask("protected", { ...given, record: unknown("x"), reviews: unknown("x") }).status).toBe("pass");
  });
});

describe("protected: whatever the reviews", () => {
  const aReview = fc
    .record({
      by: fc.constantFrom(author, tester, third, bot),
      state: fc.constantFrom("approved", "changes_requested", "commented", "dismissed"),
      sha: fc.constantFrom(head, earlier, null),
      role: fc.constantFrom("none", "read", "triage", "write", "maintain", "admin"),
      architect: fc.boolean(),
    } as const)
    .map(({ role, architect, ...rest }) => ({
      ...rest,
      ...holds(architect ? ["architects"] : ["approvers", "planners", "executors"], role),
    }));
  const reviews = fc
    .array(aReview, { maxLength: 6 })
    .map((list) => list.map((one, index) => review({ ...one, id: index + 1 })));

  test("it passes only with another's approval of the head by a writing architect", () => {
    fc.assert(
      fc.property(reviews, (list) => {
        const could = list.some(
          ({ by: who, state, sha, permission }) =>
            who.type === "User" &&
            who.id !== author.id &&
            state === "approved" &&
            sha === head &&
            permission.known &&
            ["write", "maintain", "admin"].includes(permission.value.role) &&
            permission.value.duties.includes("architects"),
        );
        const { status } = ask("protected", reviewed(...list));
        expect(status === "pass" ? could : status === "pending").toBe(true);
      }),
    );
  });

  test("no review of anyone lets an agent's change in", () => {
    fc.assert(
      fc.property(reviews, fc.constantFrom(...sensitivePatterns), (list, pattern) => {
        const path = pattern.replace("**/", "").replace("/**", "/x").replaceAll("*", "x");
        const given = facts({ policy, changes: [change(path)], record: runRecord(), reviews: known(list) });
        expect(ask("protected", given).status).toBe("fail");
      }),
    );
  });

  test("the order of the list does not matter", () => {
    fc.assert(
      fc.property(reviews, (list) => {
        expect(ask("protected", reviewed(...list.toReversed()))).toEqual(ask("protected", reviewed(...list)));
      }),
    );
  });
});
