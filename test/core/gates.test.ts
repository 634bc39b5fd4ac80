import { describe, expect, test } from "@jest/globals";
import type { PullFacts } from "../../core/facts.ts";
import type { GateName } from "../../core/gate.ts";
import { gates } from "../../core/gates.ts";
import { known, unknown } from "../../core/known.ts";
import { sensitive } from "../../core/sensitive.ts";
import {
  author,
  change,
  earlier,
  evidenceOfHead,
  facts,
  head,
  recordOf,
  renamed,
  type run,
  runRecord,
  signOff,
  tester,
} from "./sample-facts.ts";

/** A gate's answer in short: its status, the codes of its reasons, and the reasons themselves. */
function ask(name: GateName, given: PullFacts) {
  if (!given.policy.known || given.policy.value.state !== "loaded")
    throw new Error("these tests give a policy");
  const { status, reasons } = gates[name].judge(given, given.policy.value);
  return { status, codes: reasons.map((reason) => reason.code), reasons };
}

/** Rows of a gate's table: what is told, the facts, the status and the codes that are expected. */
type Row = [string, PullFacts, string, string[]];

function table(name: GateName, rows: Row[]) {
  test.each(rows)("%s", (_, given, status, codes) => {
    const answer = ask(name, given);
    expect({ status: answer.status, codes: answer.codes }).toEqual({ status, codes });
    for (const reason of answer.reasons)
      expect(reason.next !== undefined).toBe(!["pass", "not-applicable"].includes(status));
  });
}

const roles = 'version: 1\nroles:\n  web:\n    allow: ["web/**", "docs/*.md"]\n    deny: ["web/vendor"]\n';

describe("forbidden-paths", () => {
  const policy =
    'version: 1\ngates:\n  forbidden-paths:\n    deny:\n      - ".github/workflows"\n      - "vendor/**"\n      - "app/[id]/page.tsx"\n';
  const with_ = (...changes: ReturnType<typeof change>[]) => facts({ policy, changes });
  table("forbidden-paths", [
    ["passes when nothing forbidden is touched", with_(change("src/a.ts")), "pass", ["no-forbidden-path"]],
    ["fails on a forbidden file", with_(change(".github/workflows/ci.yml")), "fail", ["forbidden-path"]],
    [
      "T001: fails on a rename out of a forbidden folder",
      with_(...renamed(".github/workflows/ci.yml", "src/ci.yml")),
      "fail",
      ["forbidden-path"],
    ],
    [
      "fails on a rename into a forbidden folder",
      with_(...renamed("src/ci.yml", ".github/workflows/ci.yml")),
      "fail",
      ["forbidden-path"],
    ],
    [
      "T008: fails on a submodule in the folder's place",
      with_(change("vendor", { after: { mode: "160000", sha: head } })),
      "fail",
      ["forbidden-path"],
    ],
    [
      "T027: fails on a name with an invisible character",
      with_(change(".git\u200Bhub/x")),
      "fail",
      ["hostile-name"],
    ],
    ["T028: fails on a name with a line break", with_(change("src/x\nallowed")), "fail", ["hostile-name"]],
    ["T031: fails on git's own folder", with_(change("a/.GIT/config")), "fail", ["hostile-name"]],
    ["T034: fails on a literal bracket path", with_(change("app/[id]/page.tsx")), "fail", ["forbidden-path"]],
    [
      "fails on a folder of another case",
      with_(change(".GitHub/Workflows/ci.yml")),
      "fail",
      ["forbidden-path"],
    ],
    [
      "tells every hit",
      with_(change("vendor/a"), change("vendor/b"), change("c")),
      "fail",
      ["forbidden-path", "forbidden-path"],
    ],
    ["T041: fails when nothing changed", facts({ policy, changes: [] }), "fail", ["nothing-changed"]],
    [
      "T041: fails when nothing changed and no path is forbidden",
      facts({ changes: [] }),
      "fail",
      ["nothing-changed"],
    ],
    ["does not apply when the policy forbids no path", facts(), "not-applicable", ["not-configured"]],
  ]);

  test("unread facts are unknown, even when no path is forbidden", () => {
    for (const text of [policy, "version: 1"]) {
      const changes = { ...facts({ policy: text }), changes: unknown("the listing is cut short") };
      expect(ask("forbidden-paths", changes)).toMatchObject({
        status: "unknown",
        codes: ["changes-unknown"],
      });
      const mergeBase = { ...facts({ policy: text }), mergeBase: unknown("two merge bases") };
      expect(ask("forbidden-paths", mergeBase)).toMatchObject({
        status: "unknown",
        codes: ["merge-base-unknown"],
      });
    }
  });

  test("a hit names the file, the pattern, the line of the policy, the next step and who", () => {
    expect(ask("forbidden-paths", with_(change("vendor/a"))).reasons).toEqual([
      {
        code: "forbidden-path",
        message: "This change changes a file that the policy forbids by `vendor/**`.",
        path: "vendor/a",
        policyLine: 6,
        next: {
          step: "Take this file out of the change, or ask a maintainer to change line 6 of the policy.",
          who: "@ada, the author",
        },
      },
    ]);
  });

  test("T027: a hostile name is told by its code point", () => {
    expect(ask("forbidden-paths", with_(change("a\u202Eb"))).reasons[0]?.message).toContain("U+202E");
  });
});

describe("diff-size", () => {
  const policy =
    'version: 1\ngates: { diff-size: { files: 2, lines: 20, bytes: 1KB, ignore: ["**/package-lock.json"] } }';
  const with_ = (...changes: ReturnType<typeof change>[]) => facts({ policy, changes });
  table("diff-size", [
    ["passes at the limits exactly", with_(change("a"), change("b")), "pass", ["within-limits"]],
    [
      "fails on one file too many",
      with_(change("a", { added: 1 }), change("b", { added: 1 }), change("c", { added: 1 })),
      "fail",
      ["too-many-files"],
    ],
    ["counts deleted lines too", with_(change("a", { added: 10, deleted: 11 })), "fail", ["too-many-lines"]],
    [
      "T019: fails on one very long line",
      with_(change("a.min.js", { added: 1, bytes: 2_000_000 })),
      "fail",
      ["too-many-bytes"],
    ],
    [
      "T011: fails on a large binary file",
      with_(change("a.bin", { added: 0, bytes: 40_000_000, binary: true })),
      "fail",
      ["too-many-bytes"],
    ],
    [
      "T012: counts lines of a file that attributes call binary",
      with_(change(".gitattributes", { added: 1 }), change("src/a.ts", { added: 300 })),
      "fail",
      ["too-many-lines"],
    ],
    [
      "tells every limit that is passed",
      with_(change("a", { added: 21, bytes: 1_001 }), change("b"), change("c")),
      "fail",
      ["too-many-files", "too-many-lines", "too-many-bytes"],
    ],
    [
      "leaves ignored files out",
      with_(change("web/package-lock.json", { added: 9_000, bytes: 900_000 })),
      "pass",
      ["within-limits"],
    ],
    [
      "does not ignore a file of another case",
      with_(change("web/Package-Lock.json", { added: 9_000, bytes: 10 })),
      "fail",
      ["too-many-lines"],
    ],
    ["does not apply without limits", facts(), "not-applicable", ["not-configured"]],
  ]);

  test("unread changes are unknown", () => {
    expect(ask("diff-size", { ...facts({ policy }), changes: unknown("cut short") })).toMatchObject({
      status: "unknown",
    });
  });

  test("a pass shows the figures, a fail the figure, the limit and the line", () => {
    expect(ask("diff-size", with_(change("a"))).reasons[0]?.message).toBe(
      "1 files of 2, 10 lines of 20, 100 bytes of 1000.",
    );
    expect(ask("diff-size", with_(change("a", { added: 21 }))).reasons[0]).toMatchObject({
      message: "The change has 21 lines; the policy allows 20.",
      policyLine: 2,
    });
  });
});

describe("scope", () => {
  const made = (changes: ReturnType<typeof change>[], over: Parameters<typeof run>[0] = {}, policy = roles) =>
    facts({ policy, changes, record: runRecord(over) });
  const strict = `${roles}extends: default\n`;
  table("scope", [
    ["passes inside role and plan", made([change("web/a.ts")]), "pass", ["in-scope"]],
    ["fails outside the role", made([change("src/a.ts")], { paths: ["src"] }), "fail", ["outside-role"]],
    ["fails outside the declared paths", made([change("docs/a.md")]), "fail", ["outside-declared"]],
    ["fails on what the role is denied", made([change("web/vendor/x.js")]), "fail", ["denied-to-role"]],
    [
      "fails on what the role is denied in another case",
      made([change("web/Vendor/x.js")]),
      "fail",
      ["denied-to-role"],
    ],
    [
      "tells every part that a file misses",
      made([change("src/a.ts")]),
      "fail",
      ["outside-role", "outside-declared"],
    ],
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
    [
      "fails on a symbolic link",
      made([change("web/a", { after: { mode: "120000", sha: head } })]),
      "fail",
      ["link"],
    ],
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
    [
      "T012: keeps agents off attributes",
      made([change("web/.gitattributes")], {}, strict),
      "fail",
      ["sensitive-file"],
    ],
    [
      "keeps agents off their own instructions",
      made([change("web/agents.md")], {}, strict),
      "fail",
      ["sensitive-file"],
    ],
    [
      "keeps agents off sensitive files only when asked to",
      made([change("web/AGENTS.md")]),
      "pass",
      ["in-scope"],
    ],
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

describe("evidence", () => {
  const files = 'version: 1\ngates:\n  evidence:\n    files: ["evidence/**/*.json"]\n';
  const file = (text: string, path = "evidence/a.json") => ({ evidenceFiles: known([{ path, text }]) });
  table("evidence", [
    ["passes for a recorded head", facts({ record: runRecord() }), "pass", ["evidence-in-order"]],
    [
      "waits when nothing is recorded yet",
      facts({ record: runRecord({}, { evidence: [] }) }),
      "pending",
      ["evidence-not-recorded"],
    ],
    [
      "fails for a head pushed by somebody else",
      facts({ record: runRecord({}, { evidence: [{ ...evidenceOfHead, commit: earlier }] }) }),
      "fail",
      ["head-without-evidence"],
    ],
    [
      "passes for a recorded head after a rework",
      facts({
        record: runRecord({}, { evidence: [{ ...evidenceOfHead, commit: earlier }, evidenceOfHead] }),
      }),
      "pass",
      ["evidence-in-order"],
    ],
    [
      "fails when a declared file is missing",
      facts({ record: runRecord({ evidenceFiles: ["evidence/a.json"] }) }),
      "fail",
      ["evidence-file-missing"],
    ],
    [
      "passes when a declared file is there",
      facts({ record: runRecord({ evidenceFiles: ["evidence/a.json"] }), ...file("{}") }),
      "pass",
      ["evidence-in-order"],
    ],
    [
      "fails when a declared file is not JSON",
      facts({ record: runRecord({ evidenceFiles: ["evidence/a.json"] }), ...file("{") }),
      "fail",
      ["evidence-not-json"],
    ],
    [
      "fails rather than waits",
      facts({ record: runRecord({}, { evidence: [] }), ...file("{") }),
      "fail",
      ["evidence-not-recorded", "evidence-not-json"],
    ],
    [
      "looks at a person's evidence files too",
      facts({ policy: files, ...file("nope") }),
      "fail",
      ["evidence-not-json"],
    ],
    [
      "passes a person's good files",
      facts({ policy: files, ...file('{"a": [1, "x", null]}') }),
      "pass",
      ["evidence-in-order"],
    ],
    ["does not apply to a person's change without evidence files", facts(), "not-applicable", ["no-run"]],
  ]);

  test.each([
    ["record", "record-unknown"],
    ["evidenceFiles", "evidence-files-unknown"],
  ] as const)("an unread %s is unknown", (fact, code) => {
    expect(
      ask("evidence", { ...facts({ record: runRecord() }), [fact]: unknown("no answer") }),
    ).toMatchObject({ status: "unknown", codes: [code] });
    expect(ask("evidence", { ...facts(), [fact]: unknown("no answer") })).toMatchObject({
      status: "unknown",
      codes: [code],
    });
  });

  test.each([
    ['{\n  "a": 1,\n  "b": x\n}', 3, 8],
    ['{"a": 1,}', 1, 9],
    ["[1, 2", 1, 6],
    ["", 1, 1],
    ["{} {}", 1, 4],
    ['["a\nb"]', 1, 2],
    ["[01]", 1, 2],
    ['{"a" 1}', 1, 6],
    ["[[],{},]", 1, 8],
    ['{"a": {"b": []}, 3: 4}', 1, 18],
  ])("%j is told by line %d, column %d", (text, line, column) => {
    const reason = ask("evidence", facts({ policy: files, ...file(text) })).reasons[0];
    expect(reason).toMatchObject({ line, policyLine: 4, path: "evidence/a.json" });
    expect(reason?.message).toContain(`line ${line}, column ${column}.`);
  });
});

describe("manual-test", () => {
  const policy = (rest = "", separation = "strict") =>
    `version: 1\npeople: { approvers: ["@acme/qa", "@grace"], separation: ${separation} }\ngates:\n  manual-test: { when: { paths: ["web/**"], risk: [high] }${rest} }\n`;
  const signed = (...signOffs: ReturnType<typeof signOff>[]) =>
    facts({ policy: policy(), record: runRecord({}, { signOffs }) });
  table("manual-test", [
    ["waits for a sign-off", signed(), "pending", ["not-signed-off"]],
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
    [
      "T102: who asked for the run does not test it",
      signed(signOff({ by: author })),
      "pending",
      ["not-signed-off"],
    ],
    [
      "T102: nor under another name",
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
    [
      "another test's sign-off does not count",
      signed(signOff({ test: "other" })),
      "pending",
      ["not-signed-off"],
    ],
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
