import { describe, expect, test } from "@jest/globals";
import { unknown } from "../../../core/known.ts";
import { sensitive } from "../../../core/paths/sensitive.ts";
import { ask, table } from "../../builders/gate-table.ts";
import {
  change,
  evidenceOfHead,
  facts,
  head,
  recordOf,
  renamed,
  type run,
  runRecord,
} from "../../builders/pull-facts.ts";

const roles = 'version: 1\nroles:\n  web:\n    allow: ["web/**", "docs/*.md"]\n    deny: ["web/vendor"]\n';

describe("scope", () => {
  const made = (changes: ReturnType<typeof change>[], over: Parameters<typeof run>[0] = {}, policy = roles) =>
    facts({ policy, changes, record: runRecord(over) });
  const testing = (changes: ReturnType<typeof change>[]) =>
    made(changes, {}, roles.replace("    deny", "    writes: tests\n    deny"));
  const unapproved = made([change("web/a.ts")], { approval: null });
  const strict = `${roles}extends: default\n`;
  table("scope", [
    ["passes inside role and plan", made([change("web/a.ts")]), "pass", ["in-scope"]],
    ["passes there before anybody approved: approval is another gate", unapproved, "pass", ["in-scope"]],
    ["fails outside the role", made([change("src/a.ts")], { paths: ["src"] }), "fail", ["outside-role"]],
    ["fails outside the declared paths", made([change("docs/a.md")]), "fail", ["outside-declared"]],
    ["fails on what the role is denied", made([change("web/vendor/x.js")]), "fail", ["denied-to-role"]],
    ["fails on what the role is denied in another case", made([change("web/Vendor/x.js")]), "fail", ["denied-to-role"]],
    ["tells every part that a file misses", made([change("src/a.ts")]), "fail", ["outside-role", "outside-declared"]],
    ["G8: passes a test of who writes tests only", testing([change("web/a.test.ts")]), "pass", ["in-scope"]],
    ["G8: fails on code of who writes tests only", testing([change("web/a.ts")]), "fail", ["outside-tests"]],
    [
      "T002: fails on a rename into the scope",
      made(renamed("src/auth.ts", "web/auth.ts")),
      "fail",
      ["outside-role", "outside-declared"],
    ],
    [
      "T046: a plan that declares everything does not widen the role",
      made([change("src/a.ts")], { paths: ["**"] }),
      "fail",
      ["outside-role"],
    ],
    [
      "T039: a plan that declares nothing allows nothing",
      made([change("web/a.ts")], { paths: [] }),
      "fail",
      ["outside-declared"],
    ],
    ["T027: fails on a hostile name", made([change("web/\u200Ba.ts")]), "fail", ["hostile-name"]],
    ["T028: fails on a name with a line break", made([change("web/a\nb")]), "fail", ["hostile-name"]],
    ["fails on a symbolic link", made([change("web/a", { after: { mode: "120000", sha: head } })]), "fail", ["link"]],
    [
      "T008: fails on a submodule",
      made([change("web/lib", { after: { mode: "160000", sha: head } })]),
      "fail",
      ["link"],
    ],
    [
      "lets a symbolic link be deleted",
      made([change("web/a", { before: { mode: "120000", sha: head }, after: null })]),
      "pass",
      ["in-scope"],
    ],
    ["T012: keeps agents off attributes", made([change("web/.gitattributes")], {}, strict), "fail", ["sensitive-file"]],
    [
      "keeps agents off their own instructions",
      made([change("web/agents.md")], {}, strict),
      "fail",
      ["sensitive-file"],
    ],
    ["keeps agents off sensitive files only when asked to", made([change("web/AGENTS.md")]), "pass", ["in-scope"]],
    [
      "fails on a role that the policy does not have",
      made([change("web/a.ts")], { role: "db" }),
      "fail",
      ["no-such-role"],
    ],
    [
      "does not take a built-in property for a role",
      made([change("web/a.ts")], { role: "toString" }),
      "fail",
      ["no-such-role"],
    ],
    [
      "does not apply to a person's change",
      facts({ policy: roles, changes: [change("src/a.ts")] }),
      "not-applicable",
      ["no-run"],
    ],
    [
      "does not know whose change has evidence and no run",
      facts({ record: recordOf({ evidence: [evidenceOfHead] }) }),
      "unknown",
      ["run-unknown"],
    ],
  ]);

  describe("casefiles", () => {
    const path = "tasks/7/EXEC_LOG.md";
    const written = { path, blob: "e".repeat(40) };
    const side = (sha: string, mode = "100644") => ({ mode, sha });
    const ours = side(written.blob);
    const here = (over: Parameters<typeof change>[1], at = path, paths = ["web/**"]) =>
      made([change("web/a.ts"), change(at, over)], { paths, casefiles: [written] });
    table("scope", [
      ["passes a new one as we wrote it", here({ before: null, after: ours }), "pass", ["in-scope"]],
      ["passes a grown one as we wrote it", here({ before: side(head), after: ours }), "pass", ["in-scope"]],
      [
        "passes one that was executable already",
        here({ before: side(head, "100755"), after: side(written.blob, "100755") }),
        "pass",
        ["in-scope"],
      ],
      ["fails on other content", here({ after: side(head) }), "fail", ["casefile-altered"]],
      ["fails when it is deleted", here({ before: ours, after: null }), "fail", ["casefile-altered"]],
      [
        "T007: fails on a link with our text for its target",
        here({ before: null, after: side(written.blob, "120000") }),
        "fail",
        ["casefile-altered"],
      ],
      [
        "fails when it becomes executable",
        here({ before: ours, after: side(written.blob, "100755") }),
        "fail",
        ["casefile-altered"],
      ],
      [
        "fails on its twin in other letters",
        here({ before: null, after: ours }, "tasks/7/exec_log.md"),
        "fail",
        ["casefile-altered"],
      ],
      ["fails on what lies below it", here({ before: null, after: ours }, `${path}/x`), "fail", ["casefile-altered"]],
      [
        "fails on other content whatever the plan declares",
        made([change("web/log.md", { after: side(head) })], {
          paths: ["web/**"],
          casefiles: [{ path: "web/log.md", blob: written.blob }],
        }),
        "fail",
        ["casefile-altered"],
      ],
      [
        "fails on our content in another place",
        here({ before: null, after: ours }, "tasks/8/EXEC_LOG.md"),
        "fail",
        ["outside-role", "outside-declared"],
      ],
      [
        "fails on a casefile of a run that wrote none",
        made([change(path, { before: null, after: ours })]),
        "fail",
        ["outside-role", "outside-declared"],
      ],
    ]);
  });

  test("each finding says what is missed, in which file and by which line of the policy", () => {
    const said = (...given: Parameters<typeof made>) =>
      ask("scope", made(...given)).reasons.map(({ message, policyLine }) => [message, policyLine]);
    expect(said([change("src/a.ts")])).toEqual([
      ["Outside what the role `web` may touch.", 4],
      ["Outside the paths that the approved plan of story #7 declares.", undefined],
    ]);
    const two = roles.replace('["web/vendor"]', "[web/legacy, web/vendor]");
    expect(said([change("web/vendor/x")], {}, two)).toEqual([["The role `web` may not touch `web/vendor`.", 5]]);
    const listed = roles.replace('["web/vendor"]', "\n      - web/legacy\n      - web/vendor");
    expect(said([change("web/vendor/x")], {}, listed)).toEqual([["The role `web` may not touch `web/vendor`.", 7]]);
    expect(said([change("web/AGENTS.md")], {}, strict)).toEqual([
      [expect.stringMatching(/^No agent may touch this file: \S.*\.$/), 6],
    ]);
    expect(said([change("web/a", { after: { mode: "160000", sha: head } })])).toEqual([
      ["An agent's change may not hold a submodule.", undefined],
    ]);
    expect(said([change("web/a", { after: { mode: "120000", sha: head } })])).toEqual([
      ["An agent's change may not hold a symbolic link.", undefined],
    ]);
    expect(said([change("web/a.ts")], { role: "db" })).toEqual([
      ["The run was made in the role `db`, which the policy does not have.", 2],
    ]);
    expect(said([change("web/a.ts")])).toEqual([
      ["Every changed path is inside the role `web` and the approved plan.", undefined],
    ]);
  });

  test("an altered casefile names the line of the policy that has it written", () => {
    const policy = `${roles}gates:\n  casefile: { plan: "tasks/{story}/PLAN.md" }\n`;
    const casefiles = [{ path: "tasks/7/PLAN.md", blob: "e".repeat(40) }];
    const altered = change("tasks/7/PLAN.md", { after: { mode: "100644", sha: head } });
    expect(ask("scope", made([altered], { casefiles }, policy)).reasons).toMatchObject([
      { code: "casefile-altered", path: "tasks/7/PLAN.md", policyLine: 7 },
    ]);
  });

  test.each([
    ["record", "record-unknown"],
    ["changes", "changes-unknown"],
  ] as const)("an unread %s is unknown", (fact, code) => {
    expect(ask("scope", { ...made([change("web/a.ts")]), [fact]: unknown("no answer") })).toMatchObject({
      status: "unknown",
      codes: [code],
    });
  });

  test("every kind of sensitive file is kept from agents, whatever the role allows", () => {
    const policy = 'version: 1\nextends: default\nroles: { web: { allow: ["**"] } }';
    const names = sensitive.map(({ pattern }) =>
      pattern
        .replace(/\/?\*\*\/?/g, "/")
        .replace(/^\/|\/$/g, "")
        .replaceAll("*", "x"),
    );
    const answer = ask(
      "scope",
      made(
        names.map((path) => change(path)),
        { paths: ["**"] },
        policy,
      ),
    );
    expect(answer.reasons.map((reason) => reason.path)).toEqual(names);
  });
});
