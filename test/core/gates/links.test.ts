import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Change, FileSide } from "../../../core/facts.ts";
import { gates } from "../../../core/gates/registry.ts";
import { known, unknown } from "../../../core/known.ts";
import { nameProblem } from "../../../core/paths/patterns.ts";
import { ask, type Row, table } from "../../builders/gate-table.ts";
import { change, facts, head, policyOf, renamed } from "../../builders/pull-facts.ts";

const side = (mode: string, sha = head): FileSide => ({ mode, sha });
const file = side("100644");
const program = side("100755");
const link = side("120000");
const submodule = side("160000");

describe("links", () => {
  const policy = 'version: 1\ngates:\n  links:\n    allow: ["docs/latest", "third_party/**", "bin/**"]\n';
  const changed = (path: string, before: FileSide | null, after: FileSide | null) => change(path, { before, after });
  const plain = (...changes: Change[]) => facts({ changes });
  const allowing = (...changes: Change[]) => facts({ policy, changes });
  const pointing = (path: string, target: string | undefined, before: FileSide | null = null) => {
    const after = { state: "opaque" as const, why: "link" as const, ...(target === undefined ? {} : { target }) };
    const texts = known([{ path, before: { state: "absent" as const }, after }]);
    return { ...plain(changed(path, before, link)), texts };
  };
  const fixture = "test/fixtures/root/link";
  const twin = change("Auth.js", { before: null, twin: "auth.js" });
  table("links", [
    ["passes plain files without any setting", plain(change("src/a.ts")), "pass", ["plain-files"]],
    ["passes a new program", plain(changed("run.sh", null, program)), "pass", ["plain-files"]],
    [
      "passes a change of a program's content",
      plain(changed("run.sh", program, side("100755", "0"))),
      "pass",
      ["plain-files"],
    ],
    [
      "passes git's old mode for group-writable files",
      plain(changed("a", side("100664"), file)),
      "pass",
      ["plain-files"],
    ],
    ["passes a rename of a plain file", plain(...renamed("a", "b")), "pass", ["plain-files"]],
    ["passes a Unicode name", plain(change("docs/café/日本.md")), "pass", ["plain-files"]],

    ["H12: fails on a name that differs by case", plain(twin), "fail", ["name-twin"]],
    ["H12: passes one that goes away", plain({ ...twin, after: null }), "pass", ["plain-files"]],
    ["H12: passes one that the policy accepts", allowing({ ...twin, path: "bin/Auth.js" }), "pass", ["plain-files"]],

    ["T007: fails on a new symbolic link", plain(changed("src/link", null, link)), "fail", ["link"]],
    [
      "T007: fails on a link that is redirected",
      plain(changed("src/link", side("120000", "0"), link)),
      "fail",
      ["link"],
    ],
    ["passes a new link of a fixture to a file beside it", pointing(fixture, "real"), "pass", ["plain-files"]],
    ["passes one to a file further down", pointing(fixture, "real/deep.txt"), "pass", ["plain-files"]],
    ...["../real", "real/../../x", "/etc/passwd", ".", "./real", "", "a//b", "..\\real", "a\u202Eb", ".git/config"].map(
      (target): Row => [
        `T007: fails on a fixture's link to ${JSON.stringify(target)}`,
        pointing(fixture, target),
        "fail",
        ["link"],
      ],
    ),
    [
      "passes a package's link to the licence above",
      pointing("core/LICENSE-MIT", "../LICENSE-MIT"),
      "pass",
      ["plain-files"],
    ],
    ...[
      ["core/LICENSE-MIT", "../../LICENSE-MIT"],
      ["core/LICENSE-MIT", "../secrets.txt"],
      ["core/LICENSE-MIT", "/LICENSE-MIT"],
      ["core/LICENSE-MIT", "LICENSE-MIT"],
      ["core/LICENSE-MIT", "../.github/LICENSE-MIT"],
      ["core/build.rs", "../build.rs"],
      ["core/MY-LICENSE", "../MY-LICENSE"],
      ["core/LICENSE@x", "../LICENSE@x"],
    ].map(
      ([path = "", target]): Row => [
        `T007: fails on ${path} that is ${target}`,
        pointing(path, target),
        "fail",
        ["link"],
      ],
    ),
    [
      "T008: fails on a submodule among fixtures",
      { ...pointing(fixture, "real"), changes: known([changed(fixture, null, submodule)]) },
      "fail",
      ["submodule"],
    ],
    ["T007: fails on one whose target was not read", pointing(fixture, undefined), "fail", ["link"]],
    ["T007: fails on one that is redirected", pointing(fixture, "real", side("120000", "0")), "fail", ["link"]],
    ["T007: fails on one outside of fixtures", pointing("src/link", "real"), "fail", ["link"]],
    ["T006: fails when a fixture's file becomes one", pointing(fixture, "real", file), "fail", ["type-changed"]],
    [
      "T007: fails on one while no text is known",
      { ...pointing(fixture, "real"), texts: unknown("cut short") },
      "fail",
      ["link"],
    ],
    ["passes a link that goes away", plain(changed("src/link", link, null)), "pass", ["plain-files"]],
    ["fails on a link that is renamed", plain(changed("a", link, null), changed("b", null, link)), "fail", ["link"]],
    ["fails on a mode that git does not have", plain(changed("a", null, side("040000"))), "fail", ["link"]],
    [
      "T008: fails on a submodule in a folder's place",
      plain(changed("vendor/a", file, null), changed("vendor", null, submodule)),
      "fail",
      ["submodule"],
    ],
    [
      "T009: fails on a submodule that moves to another commit",
      plain(changed("vendor", side("160000", "0"), submodule)),
      "fail",
      ["submodule"],
    ],
    ["passes a submodule that goes away", plain(changed("vendor", submodule, null)), "pass", ["plain-files"]],

    ["T006: fails when a file becomes a link", plain(changed("a", file, link)), "fail", ["type-changed"]],
    ["T006: fails when a file becomes a submodule", plain(changed("a", file, submodule)), "fail", ["type-changed"]],
    ["T006: fails when a link becomes a file", plain(changed("a", link, file)), "fail", ["type-changed"]],
    [
      "T006: fails when a submodule becomes a program",
      plain(changed("a", submodule, program)),
      "fail",
      ["type-changed"],
    ],
    ["T006: fails when a link becomes a submodule", plain(changed("a", link, submodule)), "fail", ["type-changed"]],
    ["fails when a file becomes executable", plain(changed("a", file, program)), "fail", ["mode-changed"]],
    [
      "fails when a check's program stops being executable",
      plain(changed("a", program, file)),
      "fail",
      ["mode-changed"],
    ],

    ["T027: fails on an invisible character", plain(change(".git\u200Bhub/x")), "fail", ["hostile-name"]],
    ["T027: fails on a look-alike dot", plain(change("\uFF0Egithub/x")), "fail", ["hostile-name"]],
    ["T027: fails on a name that turns the direction of reading", plain(change("a\u202Eb")), "fail", ["hostile-name"]],
    ["T028: fails on a line break", plain(change("src/x\nallowed")), "fail", ["hostile-name"]],
    ["fails on a byte that is no UTF-8", plain(change("a\uFFFDb")), "fail", ["hostile-name"]],
    ["T031: fails on git's own folder", plain(change("a/.GIT/config")), "fail", ["hostile-name"]],
    ["T031: fails on its short name", plain(change("git~1/config")), "fail", ["hostile-name"]],
    ["T031: fails on it with a joiner inside", plain(change(".g\u200Cit/config")), "fail", ["hostile-name"]],
    ["T032: fails on a device", plain(change("src/con.txt")), "fail", ["hostile-name"]],
    ["T032: fails on a name that ends with a dot", plain(change("a.")), "fail", ["hostile-name"]],
    ["T032: fails on a stream", plain(change("x::$DATA")), "fail", ["hostile-name"]],
    ["T032: fails on a backslash", plain(change("src\\..\\y")), "fail", ["hostile-name"]],
    ["fails on a rename to a hostile name", plain(...renamed("a", "con")), "fail", ["hostile-name"]],
    [
      "passes a rename away from one, or it could never be put right",
      plain(...renamed("con", "a")),
      "pass",
      ["plain-files"],
    ],
    ["says only the name of a link under a hostile name", plain(changed("con", null, link)), "fail", ["hostile-name"]],

    ["passes a link that the policy accepts", allowing(changed("docs/latest", null, link)), "pass", ["plain-files"]],
    [
      "passes a submodule that the policy accepts",
      allowing(changed("third_party/zlib", null, submodule)),
      "pass",
      ["plain-files"],
    ],
    ["passes a mode that the policy lets change", allowing(changed("bin/run", file, program)), "pass", ["plain-files"]],
    [
      "passes a change of type that the policy accepts",
      allowing(changed("docs/latest", file, link)),
      "pass",
      ["plain-files"],
    ],
    ["fails beside what is accepted", allowing(changed("docs/older", null, link)), "fail", ["link"]],
    ["fails on a twin of another case", allowing(changed("Docs/latest", null, link)), "fail", ["link"]],
    ["T027: never accepts a hostile name", allowing(changed("third_party/con", null, file)), "fail", ["hostile-name"]],
    [
      "tells every finding",
      allowing(
        changed("a", null, link),
        changed("b", null, submodule),
        changed("bin/c", null, link),
        changed("d", file, program),
      ),
      "fail",
      ["link", "submodule", "mode-changed"],
    ],
  ]);

  test("unread changes are unknown", () => {
    expect(ask("links", { ...facts(), changes: unknown("cut short") })).toMatchObject({
      status: "unknown",
      codes: ["changes-unknown"],
    });
  });

  test("reads where new links of fixtures and licences lead, and no other", () => {
    const links = ["core/LICENSE", fixture, "src/link"].map((path) => changed(path, null, link));
    const others = [changed("test/fixtures/b", side("120000", "0"), link), changed("test/fixtures/c", null, file)];
    const changes = [...links, ...others, changed("test/fixtures/d", link, null)];
    expect(gates.links.reads?.({ changes, record: null }, policyOf("version: 1"))).toEqual(["core/LICENSE", fixture]);
  });

  test("a finding names the file, the policy's line where it has one, the next step and who", () => {
    const reason = {
      code: "type-changed",
      message: "What was a file becomes a symbolic link.",
      path: "a",
      next: {
        step: "Take this out of the change, or ask a maintainer to accept it under `gates.links.allow` in the policy.",
        who: "@ada, the author",
      },
    };
    expect(ask("links", plain(changed("a", file, link))).reasons).toEqual([reason]);
    expect(ask("links", allowing(changed("a", file, link))).reasons).toEqual([{ ...reason, policyLine: 4 }]);
  });

  const old = side("120000", "0");
  test.each<[string, FileSide | null, FileSide]>([
    ["This change adds a symbolic link, which stands for a file elsewhere.", null, link],
    ["This change redirects a symbolic link, which stands for a file elsewhere.", old, link],
    ["This change adds a submodule: code of another repository.", null, submodule],
    ["This change moves a submodule to another commit: code of another repository.", side("160000", "0"), submodule],
    ["What was a submodule becomes a file.", submodule, file],
    ["What was a file becomes a submodule.", file, submodule],
    ["This file becomes executable.", file, program],
    ["This file is no longer executable.", program, file],
  ])("%s", (message, before, after) => {
    expect(ask("links", plain(changed("src/a", before, after))).reasons.map((one) => one.message)).toEqual([message]);
  });

  test("H12: a name that some systems take for another is told with the other, also of a link", () => {
    const message = "Some systems take this name for that of `auth.js`, which is there as well.";
    expect(ask("links", plain({ ...twin, after: link })).reasons.map((one) => one.message)).toEqual([message]);
  });

  test("T027: a hostile name is told by its code point", () => {
    expect(ask("links", plain(change("a\u202Eb"))).reasons[0]?.message).toContain("U+202E");
  });

  test("whatever the policy accepts, only plain files under plain names pass outside of it", () => {
    const path = fc.constantFrom("a", "bin/b", "con", "x\ny", "docs/latest", "docs/latest/c", "Bin/d");
    const aSide = fc.constantFrom(null, file, program, link, submodule);
    const accepted = new Set(["bin/b", "docs/latest", "docs/latest/c"]);
    fc.assert(
      fc.property(path, aSide, aSide, (where, before, after) => {
        const passes = ask("links", allowing(changed(where, before, after))).status === "pass";
        const isNew = before === null && (after === file || after === program);
        const isPlain = after === null || before === after ? after !== link && after !== submodule : isNew;
        expect(passes).toBe(after === null || (nameProblem(where) === null && (isPlain || accepted.has(where))));
      }),
    );
  });
});
