import { double, type TestLanguage, triple } from "./language.ts";

/** For all other languages: what most of them have in common. */
export const other: TestLanguage = {
  endings: "erl hrl clj cljs hs lua zig nim jl r pl pm t ml mli elm sql ps1",
  syntax: { lineComments: ["//", "#", "--"], blockComments: [["/*", "*/"]], quotes: [triple, double] },
  blocks: "indent",
  cases:
    /(?<![\w.])(?:it|spec|specify|scenario|property|(?:def|deftest|fn|func|fun)\s{1,9}\w{0,60}test\w{0,60}|test\w{0,60}|deftest)\s{0,9}["'([{]|\bdeftest\b/g,
  assertions: /(?<![\w.])(?:assert|refute|expect|should|verify|check|is|ok)\w{0,60}[ \t]{0,9}[!("'=]?/g,
  never: /(?<![\w.])(?:xit|xdescribe|xtest)\b/g,
};
