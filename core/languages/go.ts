import { character, double, slashes, type TestLanguage } from "./language.ts";

/** How tests in Go are read. */
export const go: TestLanguage = {
  endings: "go",
  syntax: { ...slashes, quotes: [double, { open: "`", close: "`", across: true }, character] },
  blocks: "{}",
  cases:
    /^func[ \t]{1,9}(?:\([^()\n]{0,100}\)[ \t]{0,9})?(?:Test(?!Main\b)|Fuzz|Example)\w{0,200}[ \t]{0,9}\(|\b(?:t|s|suite)\.Run\(|(?<![\w.])(?:It|Specify|Entry)\(\s{0,9}["`]/gm,
  functions:
    /^func[ \t]{1,9}(?:\([^()\n]{0,100}\)[ \t]{0,9})?(\w{1,200})(?:\[[^\]\n]{0,100}\])?[ \t]{0,9}\(|\b(\w{1,100})[ \t]{0,9}:=[ \t]{0,9}func\(/gm,
  hooks: /\bBeforeEach\(|^func[ \t]{1,9}\([^()\n]{0,100}\)[ \t]{0,9}SetupTest\(/gm,
  assertions:
    /\b(?:t|tb|b|s|c)\.(?:Error|Fatal|Fail)\w{0,10}\(|\b(?:assert|require|is|qt)\.\w{1,60}\(|\bExpect\(|(?<![\w.])(?:assert|require|check|verify|expect)[A-Z]\w{0,60}\(/g,
  idle: [
    {
      text: /^(?:assert|require)\.NoError\((?:[\w.()]{1,20},\s{0,9})?os\.(?:Remove|RemoveAll|Unsetenv|Setenv|Chdir)\(/,
      within: /\.Cleanup\(func\(\)\s{0,9}\{|\bdefer\s{1,9}func\(\)\s{0,9}\{/g,
    },
  ],
  never: /(?<![\w.])(?:XIt|PIt|XDescribe|PDescribe|XContext|PContext|XSpecify|PSpecify)\(/g,
  neverInside: /\.Skip(?:f|Now)?\(/g,
  focuses: /(?<![\w.])(?:FIt|FDescribe|FContext|FSpecify)\(/g,
  neverFile: /^\/\/(?:go:build|[ \t]\+build)[ \t]{1,9}ignore\b.{0,200}$/gm,
  sometimesFile: /^\/\/(?:go:build|[ \t]\+build)[ \t]{1,9}(?!ignore\b).{0,200}$/gm,
  exits: /\b(?:return|panic\()/g,
};
