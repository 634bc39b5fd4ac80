import {
  braced,
  character,
  double,
  handler,
  leaves,
  scriptEnds,
  slashes,
  type TestLanguage,
  triple,
} from "./language.ts";

/** How tests in C#, F# and Visual Basic are read. */
export const dotnet: TestLanguage = {
  endings: "cs fs vb",
  syntax: {
    ...slashes,
    quotes: [triple, { open: '@"', close: '"', across: true }, double, character],
    lineEnds: `${scriptEnds}\u0085`,
  },
  blocks: "{}",
  cases: /\[(?:\w{0,20}Fact|\w{0,20}Theory|Test|TestMethod|DataTestMethod|TestCase|TestCaseSource|Scenario)\b/g,
  functions: braced,
  assertions:
    /\b\w{0,20}Assert\.\w{1,60}(?:<[^()]{0,100}>)?\(|\.Should\w{0,40}\(|\bExpect\(|\.(?:Verify|Received)\w{0,20}\(|(?<![\w.])(?:Assert|Verify|Check)[A-Z]\w{0,60}\(/g,
  idle: [{ text: /Fail\(/, within: handler }],
  rows: /\[(?:InlineData|TestCase|DataRow|Arguments)\(/g,
  never: /\[(?:\w{1,40}[^\]\n]{0,100},\s{0,9})?(?:Ignore|Explicit)\b|\[\w{1,40}\([^\]\n]{0,200}\bSkip\s{0,9}=/g,
  sometimes: /\[Conditional(?:Fact|Theory)\b|\[\w{1,40}\([^\]\n]{0,200}\bSkip(?:When|Unless)\s{0,9}=/g,
  neverInside: /\bAssert\.(?:Ignore|Inconclusive|Skip)\(/g,
  sometimesInside: /\bSkip\.If\w{0,9}\(|\bAssert\.Skip(?:When|Unless)\(/g,
  directives: true,
  exits: leaves,
  swallows:
    /\bcatch\s{0,9}(?:\([^(){}]{0,100}\b(?:Exception|XunitException|AssertionException)\b[^(){}]{0,60}\)\s{0,9})?\{/g,
};
