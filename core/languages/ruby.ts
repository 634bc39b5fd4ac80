import { double, single, type TestLanguage } from "./language.ts";

/** How tests in Ruby are read. */
export const ruby: TestLanguage = {
  endings: "rb",
  syntax: { lineComments: ["#"], blockComments: [["\n=begin", "\n=end"]], quotes: [double, single] },
  blocks: "indent",
  cases:
    /(?<![\w.:@])(?:it|specify|scenario|example|test|its|should|xit|fit|xspecify)[ \t]{0,9}[({]?[ \t]{0,9}["']|(?<![\w.:@])(?:it|specify)[ \t]{0,9}\{|\bdef[ \t]{1,9}test_\w{1,200}/g,
  functions: /\bdef[ \t]{1,9}(?:self\.)?(\w{1,200}[?!]?)/g,
  hooks: /^[ \t]{0,200}(?:before\b|setup\b|def[ \t]{1,9}setup\b)/gm,
  annotation: /@[\w.]{1,200}[ \t]{0,9}\(?/y,
  assertions:
    /\bexpect(?:_\w{1,60})?[ \t]{0,9}[({]|\bexpect_\w{1,60}\b|\bis_expected\b|(?<![\w.:@])(?:assert|refute)\w{0,60}|\.(?:must|wont)_\w{1,60}|\.should\b/g,
  never:
    /(?<![\w.:@])(?:xit|xdescribe|xcontext|xspecify|xscenario)\b|(?<![\w.:@])(?:it|describe|context|test)\b[^\n]{0,300}?(?:[,(][ \t]{0,9}(?:skip|pending):[ \t]{0,9}(?:true|["'])|,[ \t]{0,9}:(?:skip|pending)\b)/g,
  sometimes:
    /(?<![\w.:@])(?:it|describe|context|test)\b[^\n]{0,300}?(?:[,(][ \t]{0,9}(?:skip|pending):[ \t]{0,9}(?!true|false|["'])|,[ \t]{0,9}(?:if|unless):)/g,
  neverInside: /^[ \t]{0,200}(?:skip|pending)\b(?![ \t]{0,9}[=:.])/gm,
  focuses: /(?<![\w.:@])(?:fit|fdescribe|fcontext)[ \t(]{1,9}["']|\bfocus:[ \t]{0,9}true\b|,[ \t]{0,9}:focus\b/g,
  exits: /^[ \t]{0,200}(?:return|next|raise)\b/gm,
  swallows: /^[ \t]{0,200}rescue\b[^\n]{0,100}\b(?:Exception|Assertion|ExpectationNotMetError)\b[^\n]{0,60}/gm,
};
