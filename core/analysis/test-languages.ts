import type { Quote, Syntax } from "./code-text.ts";

/**
 * The syntax of tests in a family of languages. The expressions run on code with blanked comments and strings, whose
 * quotes remain; every repetition is bounded, because the files may be hostile.
 */
export type TestLanguage = {
  syntax: Syntax;
  /** Matches the beginning of a case. */
  cases: RegExp;
  assertions: RegExp;
  /** Skips the case or block that begins here or, if it begins like an annotation, the one that follows. */
  skips: RegExp;
  /** Skips the case that contains it, if it is the first thing in it. */
  skipsInside?: RegExp;
  /** Skips every other case of the file. */
  focuses?: RegExp;
  /** Skips the whole file; matched on the raw text, because it may be a comment. */
  skipsFile?: RegExp;
  /** How the end of a case or block is found. */
  blocks: "()" | "{}" | "indent";
};

const double: Quote = { open: '"', close: '"', escapes: true };
const single: Quote = { open: "'", close: "'", escapes: true };
const character: Quote = { ...single, within: 12 };
const triple: Quote = { open: '"""', close: '"""', escapes: true, across: true };
const slashes = { lineComments: ["//"], blockComments: [["/*", "*/"]] } as const;
const hashes = { lineComments: ["#"], blockComments: [] } as const;
/** Line ends of ECMAScript and of C#, which has one more. */
const scriptEnds = "\r\u2028\u2029";
const hooks =
  "describe|suite|context|before|beforeEach|beforeAll|after|afterEach|afterAll|use|step|extend|set\\w{0,20}|info|expect|mock|slow|fail|configure|teardown";

const javascript: TestLanguage = {
  syntax: { ...slashes, quotes: [triple, double, single], lineEnds: scriptEnds, script: true },
  cases: new RegExp(
    `(?<![\\w$.]|function )(?:Deno\\.|t\\.)?(?:it|test|specify|testWidgets|xit|xtest|xspecify|fit)\\b(?!\\.(?:${hooks})\\b)[.\\w["'\\]]{0,60}(?:<[^()]{0,200}>)?\\s{0,9}[(\`]`,
    "g",
  ),
  assertions:
    /(?<![\w$])expect(?:\.soft|\.poll)?\((?!\s{0,9}(?:true|false|null|undefined|\d{1,9})\s{0,9}\))|(?<![\w$])assert[.\w]{0,60}\((?!\s{0,9}(?:true|1)\s{0,9}[,)])|\.should[.(]|(?<![\w$.])t\.(?:is|not|true|false|truthy|falsy|like|regex|throws|rejects|ok|equal|same|match|deepEqual|notEqual|strictEqual|strictSame|plan|snapshot|assert)\w{0,20}\(/g,
  skips:
    /(?<![\w$.])(?:Deno\.|t\.)?(?:it|test|specify|describe|suite|context|group)\b[.\w["'\]]{0,40}?(?:\.|\[["'`])(?:skip|skipIf|runIf|todo|todoIf|fixme|ignore)\b|(?<![\w$.])(?:xit|xtest|xdescribe|xcontext|xspecify)(?:\.each\b|\s{0,9}\(\s{0,99}["'`])/g,
  skipsInside:
    /(?<![\w$.])(?:this|t|ctx|context)\.(?:skip|todo)\(|(?<=[{,]\s{0,99})(?:skip|todo|ignore)\s{0,9}:\s{0,9}(?:true\b|["'`])/g,
  focuses:
    /(?<![\w$.])(?:Deno\.|t\.)?(?:it|test|specify|describe|suite|context|bench)\b[.\w["'\]]{0,40}?(?:\.|\[["'`])only\b|(?<![\w$.])(?:fit|fdescribe|fcontext)\s{0,9}\(\s{0,99}["'`]|(?<=[{,]\s{0,99})only\s{0,9}:\s{0,9}true\b/g,
  blocks: "()",
};

const python: TestLanguage = {
  syntax: {
    ...hashes,
    quotes: [triple, { open: "'''", close: "'''", escapes: true, across: true }, double, single],
    lineEnds: "\r",
  },
  cases: /^[ \t]{0,200}(?:async[ \t]{1,9})?def[ \t]{1,9}test\w{0,200}[ \t]{0,9}\(/gm,
  assertions:
    /(?<![\w.])assert\b(?!\s{0,9}(?:True|1)\b)|\.assert\w{0,60}\((?!\s{0,9}True\s{0,9}\))|\bpytest\.(?:raises|warns|fail)\b|\bself\.fail\(/g,
  skips:
    /@[\w.]{0,60}?(?<!\w)(?:skip|skipif|skipIf|skipUnless|xfail|expectedFailure)\b|(?<!@)\bpytest\.mark\.(?:skip|skipif|xfail)\b/g,
  skipsInside: /\b(?:pytest\.(?:skip|xfail)|self\.skipTest|raise[ \t]{1,9}(?:unittest\.)?SkipTest)\b/g,
  skipsFile: /^(?:pytestmark\b[^\n]{0,200}\b(?:skip|xfail)\b|pytest\.skip\().*$/m,
  blocks: "indent",
};

const go: TestLanguage = {
  syntax: { ...slashes, quotes: [double, { open: "`", close: "`", across: true }, character] },
  cases:
    /^func[ \t]{1,9}(?:\([^()\n]{0,100}\)[ \t]{0,9})?(?:Test(?!Main\b)|Fuzz|Example)\w{0,200}[ \t]{0,9}\(|\b(?:t|s|suite)\.Run\(|(?<![\w.])(?:It|Specify|Entry)\(\s{0,9}["`]/gm,
  assertions:
    /\b(?:t|tb|b|s)\.(?:Error|Fatal|Fail)\w{0,10}\(|\b(?:assert|require|is|qt)\.\w{1,60}\(|\bExpect\(|\bcmp\.Diff\(/g,
  skips: /(?<![\w.])(?:XIt|PIt|XDescribe|PDescribe|XContext|PContext|XSpecify|PSpecify)\(/g,
  skipsInside: /\.Skip(?:f|Now)?\(/g,
  focuses: /(?<![\w.])(?:FIt|FDescribe|FContext|FSpecify)\(/g,
  skipsFile: /^\/\/(?:go:build|[ \t]\+build)[ \t]{1,9}ignore\b.{0,200}$/m,
  blocks: "{}",
};

const rust: TestLanguage = {
  syntax: {
    ...slashes,
    quotes: [{ open: 'r#"', close: '"#', across: true }, { ...double, across: true }, character],
  },
  cases: /#\[(?:[\w:]{0,60}::)?(?:test|rstest|test_case|quickcheck|wasm_bindgen_test)\b/g,
  assertions: /\b(?:debug_)?assert\w{0,60}!\s{0,9}[([{](?!\s{0,9}true\s{0,9}\))|\bpanic!|\bexpect!\[/g,
  skips: /#\[(?:ignore\b|cfg_attr\([^\]\n]{0,100}\bignore\b)/g,
  blocks: "{}",
};

const jvm: TestLanguage = {
  syntax: { ...slashes, quotes: [triple, double, character], lineEnds: "\r" },
  cases:
    /@(?:Test|ParameterizedTest|RepeatedTest|TestFactory|TestTemplate|Property|Theory)\b|(?<![\w.])(?:test|it|should)\(\s{0,9}"|\bdef\s{1,9}"/g,
  assertions:
    /\b(?:assert|verify|fail|expect)\w{0,60}\s{0,9}\((?!\s{0,9}true\s{0,9}\))|\bshould(?:Be|Not|Equal|Throw|Have|Contain)?\b/g,
  skips:
    /@(?:Disabled\w{0,60}|Ignore)\b|@Test\s{0,9}\([^)\n]{0,200}\benabled\s{0,9}=\s{0,9}false|(?<![\w.])(?:ignore|xtest|xit)\(\s{0,9}"/g,
  skipsInside: /\bassume(?:True\(\s{0,9}false|False\(\s{0,9}true)\b|\bAbort\.abort\(/g,
  blocks: "{}",
};

const dotnet: TestLanguage = {
  syntax: {
    ...slashes,
    quotes: [triple, { open: '@"', close: '"', across: true }, double, character],
    lineEnds: `${scriptEnds}\u0085`,
  },
  cases: /\[(?:Fact|Theory|Test|TestMethod|DataTestMethod|TestCase|TestCaseSource|Scenario)\b/g,
  assertions: /\bAssert\.\w{1,60}|\.Should\w{0,40}\(|\bExpect\(|\.Verify\w{0,20}\(/g,
  skips: /\[(?:\w{1,40}[^\]\n]{0,100},\s{0,9})?(?:Ignore|Explicit)\b|\[\w{1,40}\([^\]\n]{0,200}\bSkip\s{0,9}=/g,
  skipsInside: /\bAssert\.(?:Ignore|Inconclusive|Skip)\(|\bSkip\.If\w{0,9}\(/g,
  blocks: "{}",
};

const ruby: TestLanguage = {
  syntax: { lineComments: ["#"], blockComments: [["\n=begin", "\n=end"]], quotes: [double, single] },
  cases:
    /(?<![\w.:@])(?:it|specify|scenario|example|test|its|xit|fit|xspecify)[ \t]{0,9}[({]?[ \t]{0,9}["']|(?<![\w.:@])(?:it|specify)[ \t]{0,9}\{|\bdef[ \t]{1,9}test_\w{1,200}/g,
  assertions:
    /\bexpect[ \t]{0,9}[({]|\bis_expected\b|(?<![\w.:@])(?:assert|refute)\w{0,60}|\.(?:must|wont)_\w{1,60}|\.should\b/g,
  skips:
    /(?<![\w.:@])(?:xit|xdescribe|xcontext|xspecify|xscenario)\b|(?<![\w.:@])(?:it|describe|context|test)\b[^\n]{0,300}?(?:[,(][ \t]{0,9}(?:skip|pending):[ \t]{0,9}(?!false)|,[ \t]{0,9}:(?:skip|pending)\b)/g,
  skipsInside: /^[ \t]{0,200}(?:skip|pending)\b(?![ \t]{0,9}[=:.])/gm,
  focuses: /(?<![\w.:@])(?:fit|fdescribe|fcontext)[ \t(]{1,9}["']|\bfocus:[ \t]{0,9}true\b|,[ \t]{0,9}:focus\b/g,
  blocks: "indent",
};

const php: TestLanguage = {
  syntax: {
    lineComments: ["//", "# "],
    blockComments: [["/*", "*/"]],
    quotes: [double, single],
    lineEnds: "\r",
  },
  cases: /\bfunction\s{1,9}test\w{0,200}\s{0,9}\(|#\[Test\b|(?<![\w>$:])(?:it|test)\(\s{0,9}["']/g,
  assertions: /(?:->|::)assert\w{1,60}\(|\bexpect\(|->(?:expect|should)\w{1,60}\(/g,
  skips: /(?<![\w>$:])(?:todo|xit)\(\s{0,9}["']/g,
  skipsInside: /->markTest(?:Skipped|Incomplete)\(|->(?:skip|todo)\(/g,
  focuses: /->only\(/g,
  blocks: "{}",
};

const swift: TestLanguage = {
  syntax: { ...slashes, quotes: [triple, double], lineEnds: "\r" },
  cases: /\bfunc\s{1,9}test\w{0,200}\s{0,9}\(|@Test\b/g,
  assertions: /\bXCT(?:Assert|Fail|Unwrap)\w{0,60}|#(?:expect|require)\(/g,
  skips: /@(?:Test|Suite)\([^)\n]{0,200}\.disabled\b/g,
  skipsInside: /\bXCTSkip\w{0,10}\b/g,
  blocks: "{}",
};

const cpp: TestLanguage = {
  syntax: { ...slashes, quotes: [double, character] },
  cases: /\b(?:TEST|TEST_F|TEST_P|TYPED_TEST|TEST_CASE|SCENARIO|SECTION|BOOST_AUTO_TEST_CASE)\s{0,9}\(/g,
  assertions: /\b(?:EXPECT|ASSERT|REQUIRE|CHECK|BOOST_CHECK|BOOST_REQUIRE|BOOST_TEST)\w{0,60}\s{0,9}\(/g,
  skips: /#if[ \t]{1,9}0\b/g,
  skipsInside: /\bDISABLED_\w{1,200}|\bGTEST_SKIP\b|\bSKIP\(/g,
  blocks: "{}",
};

const shell: TestLanguage = {
  syntax: { ...hashes, quotes: [double, { open: "'", close: "'" }] },
  cases: /^@test\b|^(?:function[ \t]{1,9})?test\w{0,200}[ \t]{0,9}\(\)/gm,
  assertions: /(?<![\w-])(?:assert|refute|fail)\w{0,60}\b|(?<![\w-])\[\[?[ \t]/g,
  skips: /^xtest\w{0,200}[ \t]{0,9}\(\)/gm,
  skipsInside: /^[ \t]{0,200}skip\b/gm,
  blocks: "{}",
};

const gherkin: TestLanguage = {
  syntax: { ...hashes, quotes: [] },
  cases: /^[ \t]{0,200}(?:Scenario(?: Outline| Template)?|Example):/gm,
  assertions: /^[ \t]{0,200}Then\b/gm,
  skips: /(?<!\w)@(?:skip|ignore|wip|disabled)\b/gi,
  blocks: "indent",
};

/** For all other languages: what most of them have in common. */
const other: TestLanguage = {
  syntax: { lineComments: ["//", "#", "--"], blockComments: [["/*", "*/"]], quotes: [triple, double] },
  cases:
    /(?<![\w.])(?:it|spec|specify|scenario|property|(?:def|deftest|fn|func|fun)\s{1,9}\w{0,60}test\w{0,60}|test\w{0,60}|deftest)\s{0,9}["'([{]|\bdeftest\b/g,
  assertions: /(?<![\w.])(?:assert|refute|expect|should|verify|check|is|ok)\w{0,60}[ \t]{0,9}[!("'=]?/g,
  skips: /@tag[ \t]{1,9}:skip\b|(?<![\w.])(?:xit|xdescribe|xtest)\b/g,
  blocks: "indent",
};

const extensions: readonly (readonly [string, TestLanguage])[] = [
  ["js jsx mjs cjs ts tsx mts cts vue svelte dart coffee", javascript],
  ["py", python],
  ["go", go],
  ["rs", rust],
  ["java kt kts scala groovy", jvm],
  ["cs fs vb", dotnet],
  ["rb", ruby],
  ["php", php],
  ["swift", swift],
  ["c cc cpp cxx h hh hpp m mm", cpp],
  ["sh bash bats zsh", shell],
  ["feature", gherkin],
  ["ex exs erl hrl clj cljs hs lua zig nim jl r pl pm t ml mli elm sql ps1", other],
];

const byExtension: ReadonlyMap<string, TestLanguage> = new Map(
  extensions.flatMap(([names, language]) => names.split(" ").map((name) => [name, language] as const)),
);

/** The language of a file by its extension; null if it is no program: prose, data, pictures. */
export function testLanguage(path: string): TestLanguage | null {
  const ending = /\.(\w{1,10})$/.exec(path)?.[1]?.toLowerCase();
  return ending === undefined ? null : (byExtension.get(ending) ?? null);
}
