import { double, handler, leaves, scriptEnds, single, slashes, type TestLanguage, triple } from "./language.ts";

const hooks =
  "describe|suite|context|before|beforeEach|beforeAll|after|afterEach|afterAll|use|step|extend|set\\w{0,20}|info|expect|mock|slow|fail|configure|teardown";
const blocks = "(?<![\\w$.])(?:Deno\\.|t\\.)?(?:it|test|specify|describe|suite|context|group|bench)\\b";
const member = "(?:\\.|\\[[\"'`])";
const chain = "[.\\w[\"'\\]]{0,40}?";
/** The options of a case, up to the value of one that switches it off. */
const options =
  "\\s{0,9}\\(\\s{0,99}(?:[\"'`][^\"'`]{0,250}[\"'`]\\s{0,9},\\s{0,9})?\\{[^{}()]{0,300}\\b(?:skip|todo|ignore)\\s{0,9}:\\s{0,9}";
/** Playwright's way to skip from the inside: a condition comes first, and a reason may follow. */
const given = "\\s{0,9}\\(\\s{0,99}(?:\\)|[^\"'`\\s)][^\\n]{0,200}?,\\s{0,99}[\"'`]|\\(\\{)";
/** One of two ways to run a block, as in `(isWindows ? describe.skip : describe)("a", …)`. */
const chosen = `(?<=[?:]\\s{0,9})${blocks}${chain}${member}skip\\b(?=\\s{0,9}(?::\\s{0,9}[\\w.]{1,40}\\s{0,9})?\\)\\s{0,9}\\()`;

/** How tests in JavaScript and TypeScript are read. */
export const javascript: TestLanguage = {
  endings: "js jsx mjs cjs ts tsx mts cts vue svelte dart coffee",
  syntax: { ...slashes, quotes: [triple, double, single], lineEnds: scriptEnds, script: true },
  blocks: "()",
  cases: new RegExp(
    `(?<![\\w$.]|function )(?:Deno\\.|t\\.)?(?:it|test|specify|testWidgets|xit|xtest|xspecify|fit)\\b(?!\\.(?:${hooks})\\b)(?!${chain}${member}(?:skip|fixme)${given})[.\\w["'\\]]{0,60}(?:<[^()]{0,200}>)?\\s{0,9}[(\`]`,
    "g",
  ),
  functions:
    /\bfunction\s{1,9}(\w{1,100})\s{0,9}[(<]|\b(?:const|let|var)\s{1,9}(\w{1,100})\s{0,9}(?::[^=;\n]{0,100})?=\s{0,9}(?:async\s{0,9})?(?:function\b|\([^()]{0,300}\)\s{0,9}(?::[^=;{}]{0,100})?=>|\w{1,60}\s{0,9}=>)/g,
  hooks: /(?<![\w$])(?:before|beforeEach|beforeAll|setup)\s{0,9}\(/g,
  assertions:
    /(?<![\w$])expect(?:TypeOf|\w{0,40}(?<=[a-z])(?=[A-Z])\w{0,40})?\s{0,99}(?:\.\s{0,99}(?:soft|poll|element)\s{0,9})?(?:<[^()]{0,100}>)?\((?!\s{0,9}(?:true|false|null|undefined|\d{1,9})\s{0,9}\))|(?<![\w$])assert\w{0,60}(?:\s{0,99}\.\s{0,99}\w{1,60}){0,3}\s{0,9}\(|(?<![\w$])(?:verify|check)[A-Z]\w{0,60}\s{0,9}\(|(?:\.should\b|(?<![\w$.])should)[.(]|(?<![\w$.])t\s{0,99}\.(?:is|not|true|false|truthy|falsy|like|regex|throws|rejects|ok|equal|same|match|deepEqual|notEqual|strictEqual|strictSame|plan|snapshot|assert)\w{0,20}\s{0,9}\(|(?<![\w$.])[\w$]{1,20}\s{0,99}\.(?:(?:not)?(?:deep)?(?:strict)?equal|strictSame|rejects|throws|ifError|ok)\s{0,9}\(/gi,
  idle: [
    { text: /^(?:assert\.fail|expect\.fail|fail)/, within: handler },
    {
      text: /\b(?:rm|rmdir|unlink)(?:Sync)?\(/,
      within: /(?<![\w$.])(?:after|afterEach|afterAll|teardown)\([^{};]{0,100}\{/g,
    },
  ],
  table: { call: /\.(?:each|for)\s{0,9}(?:<[^()]{0,200}>)?\(/g, argument: 0 },
  never: new RegExp(
    `(?<![?:]\\s{0,9})${blocks}${chain}${member}(?:(?:skip|todo|fixme|ignore)\\b(?!\\s{0,9}:|${given})|(?:skipIf|todoIf)\\s{0,9}\\(\\s{0,9}(?:true|1)\\s{0,9}\\)|runIf\\s{0,9}\\(\\s{0,9}(?:false|0)\\s{0,9}\\))|${blocks}${options}(?:true\\b|["'\`])|(?<![\\w$.])(?:xit|xtest|xdescribe|xcontext|xspecify)(?:\\.each\\b|\\s{0,9}\\(\\s{0,99}["'\`])|\\.each\\s{0,9}\\(\\s{0,9}\\[\\s{0,9}\\]`,
    "g",
  ),
  sometimes: new RegExp(
    `${blocks}${chain}${member}(?:(?:skipIf|todoIf)\\s{0,9}\\((?!\\s{0,9}(?:false|0)\\s{0,9}\\))|runIf\\s{0,9}\\((?!\\s{0,9}(?:true|1)\\s{0,9}\\)))|${blocks}${options}(?!true\\b|false\\b|["'\`])|${chosen}`,
    "g",
  ),
  neverInside:
    /(?<![\w$.])(?:this|t|ctx|context)\.(?:skip|todo)\s{0,9}\(|(?<![\w$.])test\.(?:skip|fixme)\s{0,9}\(\s{0,9}(?:true\b|\))/g,
  sometimesInside: new RegExp(
    `(?<![\\w$.])test(?:\\.describe)?\\.(?:skip|fixme)(?!\\s{0,9}\\(\\s{0,9}(?:true\\b|\\)))(?=${given})`,
    "g",
  ),
  focuses: new RegExp(
    `${blocks}${chain}${member}only\\b|(?<![\\w$.])(?:fit|fdescribe|fcontext)\\s{0,9}\\(\\s{0,99}["'\`]|(?<=[{,]\\s{0,99})only\\s{0,9}:\\s{0,9}true\\b`,
    "g",
  ),
  exits: leaves,
  swallows: /\bcatch\s{0,9}(?:\([^(){}]{0,100}\)\s{0,9})?\{/g,
};
