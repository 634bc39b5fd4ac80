import { double, hashes, type TestLanguage } from "./language.ts";

/** How tests in shells (Bats) are read. */
export const shell: TestLanguage = {
  endings: "sh bash bats zsh",
  syntax: { ...hashes, quotes: [double, { open: "'", close: "'" }] },
  blocks: "{}",
  cases: /^@test\b|^(?:function[ \t]{1,9})?test\w{0,200}[ \t]{0,9}\(\)/gm,
  functions: /^[ \t]{0,40}(?:function[ \t]{1,9})?(\w{1,100})[ \t]{0,9}\(\)/gm,
  hooks: /^setup\w{0,20}[ \t]{0,9}\(\)/gm,
  assertions: /(?<![\w-])(?:assert|refute|fail)\w{0,60}\b|(?<![\w-])\[\[?[ \t]/g,
  never: /^xtest\w{0,200}[ \t]{0,9}\(\)/gm,
  neverInside: /^[ \t]{0,200}skip\b/gm,
  exits: /\b(?:return|exit)\b/g,
};
