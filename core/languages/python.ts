import { double, hashes, single, type TestLanguage, triple } from "./language.ts";

/** How tests in Python are read. */
export const python: TestLanguage = {
  endings: "py",
  syntax: {
    ...hashes,
    quotes: [triple, { open: "'''", close: "'''", escapes: true, across: true }, double, single],
    lineEnds: "\r",
  },
  blocks: "indent",
  cases: /^[ \t]{0,200}(?:async[ \t]{1,9})?def[ \t]{1,9}test\w{0,200}[ \t]{0,9}\(/gm,
  functions: /^[ \t]{0,200}(?:async[ \t]{1,9})?def[ \t]{1,9}(\w{1,200})[ \t]{0,9}\(/gm,
  hooks: /^[ \t]{0,200}def[ \t]{1,9}set_?[uU]p\w{0,20}[ \t]{0,9}\(/gm,
  annotation: /@[\w.]{1,200}[ \t]{0,9}\(?/y,
  assertions:
    /(?<![\w.])assert\b|(?<=\.)assert\w{1,60}\(|(?<![\w.])(?:assert|check|verify)_\w{1,60}\(|\b(?:pytest\.)?(?:raises|warns|deprecated_call)\(|\bpytest\.fail\b|\bself\.fail\(|\.fnmatch_lines\w{0,20}\(/g,
  tupleIsTrue: true,
  table: { call: /\bparametrize\(/g, argument: 1 },
  never:
    /@[\w.]{0,60}?(?<!\w)(?:skip\b|(?:skipif|skipIf)\(\s{0,9}(?:True|1)\b|skipUnless\(\s{0,9}(?:False|0)\b|xfail\b(?!\(\s{0,9}(?!\w{1,30}\s{0,9}=[^=])[^)\s])|expectedFailure\b)|\bparametrize\([^\n[\]]{0,200},\s{0,9}\[\s{0,9}\]/g,
  sometimes:
    /@[\w.]{0,60}?(?<!\w)(?:(?:skipif|skipIf|skipUnless)\b|xfail\(\s{0,9}(?!\w{1,30}\s{0,9}=[^=])[^)\s])|(?<!@)\bpytest\.mark\.(?:skip|skipif|xfail)\b/g,
  neverInside: /\b(?:pytest\.(?:skip|xfail)|self\.skipTest|(?:raise[ \t]{1,9})?(?:unittest\.)?SkipTest)\b/g,
  neverFile:
    /^(?:pytestmark\b[^\n]{0,200}\b(?:skip\b|skipif\(\s{0,9}True\b|xfail)|pytest\.skip\(|__test__[ \t]{0,9}=[ \t]{0,9}False).*$/gm,
  sometimesFile:
    /^(?:pytestmark\b[^\n]{0,200}\bskipif\b|[ \t]{1,20}pytest\.skip\([\s\S]{0,300}?allow_module_level).*$/gm,
  exits: /^[ \t]{0,200}(?:return|raise|continue|break)\b(?!.{0,200}\bSkipTest)/gm,
  swallows:
    /^[ \t]{0,200}except\b(?:[ \t]{0,9}:|[^:\n]{0,200}\b(?:AssertionError|Exception|BaseException)\b[^:\n]{0,100}:)/gm,
};
