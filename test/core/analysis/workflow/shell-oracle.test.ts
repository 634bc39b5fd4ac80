import { spawnSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { commandsOf } from "../../../../core/analysis/workflow/shell-status.ts";

/** Scripts in which `check` stands once, among commands that end well. */
const { list } = fc.letrec<{ command: string; list: string }>((tie) => ({
  command: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constant("check"),
    fc
      .tuple(
        tie("command"),
        fc.constantFrom(
          " || true",
          " || exit 4",
          " || { echo a; exit 1; }",
          " && echo a",
          " && true || echo a",
          " || false",
        ),
      )
      .map(([one, more]) => one + more),
    fc.tuple(fc.constantFrom("true && ", "false || ", "! "), tie("command")).map(([more, one]) => `${more}{ ${one}; }`),
    fc
      .tuple(tie("list"), fc.constantFrom(["( ", " )"], ["{ ", "; }"]))
      .map(([one, [open, close]]) => open + one + close),
    fc
      .tuple(tie("command"), fc.constantFrom("", "else exit 6; ", "else echo a; ", "else false; "))
      .map(([one, more]) => `if ${one}; then echo b; ${more}fi`),
    fc
      .tuple(tie("command"), fc.constantFrom("exit 7", "echo a", "false"))
      .map(([one, more]) => `if ! { ${one}; }; then ${more}; fi`),
    tie("list").map((one) => `if true; then ${one}; fi`),
    tie("list").map((one) => `for i in 1; do ${one}; done`),
    tie("command").map((one) => `{ ${one}; } | cat`),
    tie("command").map((one) => `{ ${one}; } 2>&1 | tee /dev/null | sort`),
    tie("list").map((one) => `f() { ${one}; }; f`),
    tie("command").map((one) => `x=$( ${one} )`),
    tie("command").map((one) => `code=0; { ${one}; } || code=$?; exit $code`),
    tie("command").map((one) => `set +e; ${one}; code=$?; set -e; exit "$code"`),
  ),
  list: fc
    .tuple(
      fc.array(fc.constantFrom("echo a", "true", "set +e", "set -o pipefail"), { maxLength: 2 }),
      tie("command"),
      fc.array(fc.constantFrom("echo b", "true", "exit 0", "set +e"), { maxLength: 2 }),
    )
    .map(([before, one, after]) => [...before, one, ...after].join("; ")),
}));

/** Whether bash ends a script badly when the check fails, and ends it well when the check does. */
function failsByCheck(script: string, options: readonly string[]): boolean {
  const status = (check: number) =>
    spawnSync("bash", [...options, "-c", `check() { return ${check}; }\n${script}`], { stdio: "ignore" }).status;
  return status(3) !== 0 && status(0) === 0;
}

test("what is told to be ignored is ignored by bash", () => {
  fc.assert(
    fc.property(list, fc.boolean(), (script, errexit) => {
      const ran = commandsOf(script, { errexit, pipefail: false }, ([name]) => name === "check");
      const isIgnored = ran?.every(({ words, ignored }) => words[0] !== "check" || ignored !== null) === true;
      if (isIgnored) expect(failsByCheck(script, errexit ? ["-e"] : [])).toBe(false);
    }),
    { numRuns: 150, examples: [["f() { check && echo a; }; f; echo b", true]] },
  );
}, 60_000);
