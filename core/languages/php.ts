import { double, handler, leaves, single, type TestLanguage } from "./language.ts";

/** How tests in PHP are read. */
export const php: TestLanguage = {
  endings: "php",
  syntax: {
    lineComments: ["//", "# "],
    blockComments: [["/*", "*/"]],
    quotes: [double, single],
    lineEnds: "\r",
  },
  blocks: "{}",
  cases: /\bfunction\s{1,9}test\w{0,200}\s{0,9}\(|#\[Test\b|(?<![\w>$:])(?:it|test)\(\s{0,9}["']/g,
  functions: /\bfunction\s{1,9}(\w{1,200})\s{0,9}\(/g,
  hooks: /\bfunction\s{1,9}setUp\s{0,9}\(/g,
  assertions:
    /(?:->|::)assert\w{1,60}\(|(?<![\w>$:])expect\(|(?:->|::)(?:expects|should(?:Not|Have)\w{1,60})\(|->(?:once|twice|never|times|atLeast)\(|(?:->|::)fail\(/g,
  idle: [{ text: /^(?:->|::)fail/, within: handler }],
  rows: /#\[TestWith\b/g,
  table: { call: /#\[DataProvider\b/g, argument: 0 },
  never: /(?<![\w>$:])(?:todo|xit)\(\s{0,9}["']/g,
  sometimes: /#\[Requires\w{1,60}\b/g,
  neverInside: /(?:->|::)markTest(?:Skipped|Incomplete)\(|(?<=\}\s{0,9}\)\s{0,99})->(?:skip|todo)\(/g,
  focuses: /->only\(\s{0,9}\)/g,
  exits: leaves,
  swallows: /\bcatch\s{0,9}\([^(){}]{0,100}\b(?:Throwable|Exception|AssertionFailedError)\b[^(){}]{0,60}\)\s{0,9}\{/g,
};
