import { describe, expect, test } from "@jest/globals";
import { parseScript } from "../../../../core/analysis/workflow/shell-parser.ts";
import { commandsOf } from "../../../../core/analysis/workflow/shell-status.ts";
import { expression } from "../../../builders/workflow.ts";

const isCheck = (words: readonly string[]) => words[0] === "check";
const follow = (script: string) => commandsOf(script, { errexit: true, pipefail: false }, isCheck) ?? [];

describe("a script", () => {
  test.each([
    ["words in quotes", `a 'b c' "d $e" f\\ g`, ["a", "b c", "d $e", "f g"]],
    ["lines that go on", "a \\\n  b", ["a", "b"]],
    ["no comment", "a # b\n", ["a"]],
    ["a sign inside a word", "a#b", ["a#b"]],
    ["no redirections", "a >b 2>&1 <c d", ["a", "d"]],
    ["expressions of a workflow", `a ${expression("b || 'c'")} d`, ["a", expression("b || 'c'"), "d"]],
    ["expansions", `a \${b:-c d} $((1 + 2)) $'e\\'f'`, ["a", `\${b:-c d}`, "$((1 + 2))", "$'e\\'f'"]],
    ["patterns", "a @(b|c) d", ["a", "@(b|c)", "d"]],
    ["line ends of Windows", "a b\r\n", ["a", "b"]],
  ])("has %s", (_, script, words) => {
    expect(follow(script)[0]?.words).toEqual(words);
  });

  test.each([
    ["a here-document is no command", "cat <<EOF\ncheck\nEOF\ncheck", 2],
    ["one whose end is set in", "cat <<-'X'\n\tcheck\n\tX\ncheck", 2],
    ["two on a line", "cat <<A <<B\ncheck\nA\ncheck\nB\ncheck", 2],
    ["what is assigned is a command", "a=$(check)", 1],
    ["in backticks, too", "a=`check`", 1],
    ["and one in another", "a $(b $(check))", 3],
    ["the other side of a pipe", "a | check", 2],
    ["all that a case may run", "case $a in b|c) check ;; (*) check;; esac", 2],
    ["a loop's body", "for a in b c; do check; done; while a; do check; done; for ((;;)); do check; done", 4],
    ["a function where it is called, as often as that", "f() { check; }\nfunction g { f; f; }\ng", 5],
    ["not one that nothing calls", "f() { check; }", 0],
    ["one that calls itself, once", "f() { check; f; }\nf", 3],
    ["a comparison is one command", "[[ $a == b && ( $c < d || -n $e ) ]]", 1],
    ["sums are one command", "((a = (1 + 2) * 3))", 1],
    ["what another shell is handed", "sudo bash -lc 'check && check'", 3],
    ["a list of values is one word", "a=(b 'c d' $(check))", 0],
  ])("%s", (_, script, count) => {
    expect(follow(script)).toHaveLength(count);
  });

  test.each([
    "if a; then",
    "a (b",
    "'a",
    '"a',
    "a $(b",
    "a `b",
    "fi",
    "done",
    "a; }",
    "case a in b",
    "f() {",
    "a || ",
    "( a",
    "${a",
    ")",
  ])("%j is none", (script) => {
    expect(parseScript(script)).toBeNull();
  });

  test("the line of a command is told by where it stands", () => {
    const script = "a\n\nif b; then\n  check | c\nfi\nsh -c '\n\ncheck'\n";
    const line = (offset: number) => script.slice(0, offset).split("\n").length;
    expect(follow(script).flatMap(({ words, offset }) => (words[0] === "check" ? [line(offset)] : []))).toEqual([4, 6]);
  });
});

test.each([
  "(",
  "$(",
  "{ ",
  "if a; then ",
  "`",
  '"$(',
  "a || ",
  "a | ",
  "f() { f; f; }\n",
  "! ",
  "a() { ",
  "case a in b) ",
  "<<a ",
  "'",
  "\\",
  "[[ ",
  "bash -c '",
  "$((",
  "${",
])("T038: half a megabyte of %j is given up or read in time", (piece) => {
  const start = performance.now();
  for (const length of [100, 5_000, 190_000, 500_000])
    commandsOf(
      piece.repeat(Math.ceil(length / piece.length)).slice(0, length),
      { errexit: true, pipefail: false },
      isCheck,
    );
  expect(performance.now() - start).toBeLessThan(3_000);
});

test("T038: functions that call one another by the hundred end", () => {
  const names = Array.from({ length: 200 }, (_, place) => `f${place}`);
  const script = names.map((name, place) => `${name}() { f${place + 1}; f${place + 1} || f${place + 1}; }`).join("\n");
  expect(follow(`${script}\nf0 || f1\nif f2; then f3; fi`).length).toBeLessThan(50_000);
});
