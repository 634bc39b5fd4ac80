import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { FileText } from "../../../core/facts.ts";
import { pathsToRead } from "../../../core/gates/registry.ts";
import { known, unknown } from "../../../core/known.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { change, facts, head, policyOf, text } from "../../builders/pull-facts.ts";

const policy = 'version: 1\ngates:\n  remediation: { surfaces: ["service/**", "db"], files: ["remediation/**"] }\n';
const trace = (status: string, rest = "origin: gate tests\n") =>
  `failure signature: TypeError\n${rest}repro command: npm test\nverification commands run: npm test\nfinal status: ${status}\n`;
const surface = change("service/a.ts");
const made = (path: string) => change(path, { before: null });
const given = (changes: ReturnType<typeof change>[], ...texts: FileText[]) =>
  facts({ policy, changes, texts: known(texts) });
const one = "remediation/1.md";
const with_ = (written: string | null) => given([surface, made(one)], text(one, written));

describe("remediation", () => {
  table("remediation", [
    ["passes with a whole trace", with_(trace("fixed")), "pass", ["traced"]],
    ["passes when the failure is mitigated", with_(trace("mitigated")), "pass", ["traced"]],
    [
      "passes with a trace that is changed",
      given([surface, change(one, { after: { mode: "100644", sha: head } })], text(one, trace("fixed"), "old")),
      "pass",
      ["traced"],
    ],
    [
      "passes with a trace in JSON",
      given(
        [surface, made("remediation/1.json")],
        text(
          "remediation/1.json",
          '{"failure_signature":"a","origin_task_id":"b","repro_command":"c","verification_commands_run":["d"],"final_status":"fixed"}',
        ),
      ),
      "pass",
      ["traced"],
    ],
    ["fails without a trace", given([surface]), "fail", ["trace-missing"]],
    ["fails while the failure is open", with_(trace("open")), "fail", ["still-open"]],
    ["fails when a part is missing", with_(trace("fixed", "")), "fail", ["part-missing"]],
    ["fails on a status of another word", with_(trace("done")), "fail", ["status-unclear"]],
    ["fails on an empty trace", with_("\n"), "fail", ["trace-unreadable"]],
    [
      "fails on a trace that is no text",
      given([surface, made(one)], {
        path: one,
        before: { state: "absent" },
        after: { state: "opaque", why: "binary" },
      }),
      "fail",
      ["trace-unreadable"],
    ],
    [
      "fails on JSON that is none",
      given([surface, made("remediation/1.json")], text("remediation/1.json", trace("fixed"))),
      "fail",
      ["trace-not-json"],
    ],
    [
      "fails when the trace was there before",
      given([surface], text(one, trace("fixed"), trace("fixed"))),
      "fail",
      ["trace-missing"],
    ],
    [
      "fails when only the trace's mode changes",
      given(
        [surface, change(one, { after: { mode: "100755", sha: "e".repeat(40) } })],
        text(one, trace("fixed"), trace("fixed")),
      ),
      "fail",
      ["trace-missing"],
    ],
    [
      "fails when the trace is deleted",
      given([surface, change(one, { after: null })], text(one, null, trace("fixed"))),
      "fail",
      ["trace-missing"],
    ],
    [
      "T007: fails on a link to a trace elsewhere",
      given([surface, change(one, { before: null, after: { mode: "120000", sha: head } })]),
      "fail",
      ["trace-missing"],
    ],
    [
      "fails on a trace in a folder that only looks like the right one",
      given([surface, made("Remediation/1.md")], text("Remediation/1.md", trace("fixed"))),
      "fail",
      ["trace-missing"],
    ],
    [
      "fails on an open failure beside a mended one",
      given(
        [surface, made(one), made("remediation/2.md")],
        text(one, trace("fixed")),
        text("remediation/2.md", trace("open")),
      ),
      "fail",
      ["still-open"],
    ],
    [
      "fails on an open failure whose trace is not whole",
      given(
        [surface, made(one), made("remediation/2.md")],
        text(one, trace("fixed")),
        text("remediation/2.md", "final status: open"),
      ),
      "fail",
      ["still-open"],
    ],
    [
      "passes with notes beside a whole trace",
      given(
        [surface, made(one), made("remediation/log.txt")],
        text(one, trace("fixed")),
        text("remediation/log.txt", "Log"),
      ),
      "pass",
      ["traced"],
    ],
    [
      "tells what every trace lacks when none is whole",
      given([surface, made(one), made("remediation/2.md")], text(one, trace("done")), text("remediation/2.md", "Log")),
      "fail",
      ["status-unclear", "part-missing"],
    ],
    ["T001: deleting a surface touches it", given([change("db/a", { after: null })]), "fail", ["trace-missing"]],
    ["T026: a surface of another case is one too", given([change("Service/a.ts")]), "fail", ["trace-missing"]],
    ["does not apply elsewhere", given([change("web/a.ts")]), "not-applicable", ["surfaces-untouched"]],
    ["does not apply to a trace alone", given([made(one)]), "not-applicable", ["surfaces-untouched"]],
    ["does not apply without settings", facts({ changes: [surface] }), "not-applicable", ["not-configured"]],
  ]);

  test.each([
    ["changes", "changes-unknown"],
    ["texts", "texts-unknown"],
  ] as const)("T018: unread %s are unknown", (fact, code) => {
    const lost = { ...with_(trace("fixed")), [fact]: unknown("no answer") };
    expect(ask("remediation", lost)).toMatchObject({ status: "unknown", codes: [code] });
  });

  test("a file that was asked for and is not among the texts is none", () => {
    expect(ask("remediation", given([surface, made(one)])).codes).toEqual(["trace-unreadable"]);
  });

  test("says which parts are missing, where, and who may go on", () => {
    const [reason] = ask("remediation", with_("final status: fixed")).reasons;
    expect(reason).toEqual({
      code: "part-missing",
      message:
        "The remediation trace does not tell: `failure signature`, `origin`, `repro command`, `verification commands run`.",
      path: one,
      policyLine: 3,
      next: { step: expect.stringContaining("as a heading"), who: "@ada, the author" },
    });
  });

  test("says how many surfaces are touched, by which line of the policy, or that they are traced", () => {
    const lined =
      'version: 1\ngates:\n  remediation:\n    surfaces: ["service/**", "db"]\n    files: ["remediation/**"]\n';
    const said = (...changes: ReturnType<typeof change>[]) =>
      ask("remediation", facts({ policy: lined, changes, texts: known([text(one, trace("fixed"))]) })).reasons;
    const next = { step: "Add a remediation trace in `remediation/**` to this change.", who: "@ada, the author" };
    const missing = (count: string) => ({
      ...{ code: "trace-missing", path: "service/a.ts", policyLine: 4, next },
      message: `The change touches ${count} of production surfaces (first: this one) and brings no remediation trace in \`remediation/**\`.`,
    });
    expect(said(surface)).toEqual([missing("1 file")]);
    expect(said(surface, change("db/a"))).toEqual([missing("2 files")]);
    expect(said(surface, made(one))).toEqual([
      {
        code: "traced",
        message: "The change touches 1 file of production surfaces and brings a whole remediation trace.",
      },
    ]);
  });

  test("an open failure is told before what other traces lack", () => {
    const two = "remediation/2.md";
    const both = given([surface, made(one), made(two)], text(one, trace("done")), text(two, trace("open")));
    expect(ask("remediation", both).reasons.map(({ code, path }) => [code, path])).toEqual([["still-open", two]]);
  });

  test("reads the traces that a change brings, and none when no surface is touched", () => {
    const read = (changes: ReturnType<typeof change>[]) => pathsToRead({ changes, record: null }, policyOf(policy));
    expect(read([surface, made(one), change("remediation/2.md", { after: null })])).toEqual([one]);
    expect(read([made(one)])).toEqual([]);
  });

  test("a touched surface passes only with a trace that is fixed or mitigated", () => {
    const status = fc.constantFrom("fixed", "mitigated", "open", "done", "");
    fc.assert(
      fc.property(fc.array(status, { maxLength: 4 }), (written) => {
        const files = written.map((one, index) => text(`remediation/${index}.md`, trace(one)));
        const answer = ask("remediation", given([surface, ...files.map(({ path }) => made(path))], ...files));
        const mended = written.some((one) => one === "fixed" || one === "mitigated");
        expect(answer.status).toBe(mended && !written.includes("open") ? "pass" : "fail");
      }),
    );
  });
});
