import { double, leaves, slashes, type TestLanguage, triple } from "./language.ts";

/** How tests in Swift are read. */
export const swift: TestLanguage = {
  endings: "swift",
  syntax: { ...slashes, quotes: [triple, double], lineEnds: "\r" },
  blocks: "{}",
  cases: /\bfunc\s{1,9}test\w{0,200}\s{0,9}\(|@Test\b/g,
  functions: /\bfunc\s{1,9}(\w{1,200})\s{0,9}(?:<[^(){}]{0,100}>)?\(/g,
  hooks: /\boverride\s{1,9}func\s{1,9}setUp\w{0,20}\s{0,9}\(/g,
  assertions:
    /\bXCT(?:Assert|Fail|Unwrap)\w{0,60}\s{0,9}\(|#(?:expect|require)(?:\s{0,9}\(|\b)|(?<![\w.])(?:assert|verify|check)[A-Z]\w{0,60}\(|\bfatalError\(/g,
  idle: [{ text: /^(?:XCTFail|fatalError)/, within: /\b(?:catch|else)\b[^{};\n]{0,200}\{/g }],
  never: /@(?:Test|Suite)\([^)\n]{0,200}\.disabled\b(?!\(\s{0,9}if:)/g,
  sometimes:
    /@(?:Test|Suite)\([^)\n]{0,200}\.(?:disabled\(\s{0,9}if:|enabled\(\s{0,9}if:)|@available\((?![^)\n]{0,200}\bdeprecated\b)/g,
  neverInside: /\bXCTSkip\(/g,
  sometimesInside: /\bXCTSkip(?:If|Unless)\(/g,
  directives: true,
  exits: leaves,
};
