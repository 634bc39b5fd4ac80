import { double, hashes, type TestLanguage, triple } from "./language.ts";

/** How tests in Elixir are read. */
export const elixir: TestLanguage = {
  endings: "ex exs",
  syntax: { ...hashes, quotes: [triple, double] },
  blocks: "indent",
  cases: /(?<![\w.:@])(?:test|property)[ \t(]{1,9}"|^[ \t]{0,200}doctest\b/gm,
  annotation: /@\w{1,40}[^\n]{0,200}/y,
  functions: /\bdefp?[ \t]{1,9}(\w{1,200}[?!]?)/g,
  assertions: /(?<![\w.:@])(?:assert|refute|check|flunk)\w{0,60}|^[ \t]{0,200}doctest\b/gm,
  never: /@tag[ \t]{1,9}(?::skip\b|skip:[ \t]{0,9}(?:true|"))/g,
  neverFile: /^[ \t]{0,40}@moduletag[ \t]{1,9}(?::skip\b|skip:[ \t]{0,9}(?:true|")).*$/gm,
  exits: /^[ \t]{0,200}raise\b/gm,
  swallows: /^[ \t]{0,200}rescue\b/gm,
};
