import { character, double, slashes, type TestLanguage } from "./language.ts";

/** How tests in Rust are read. */
export const rust: TestLanguage = {
  endings: "rs",
  syntax: {
    ...slashes,
    quotes: [{ open: 'r#"', close: '"#', across: true }, { ...double, across: true }, character],
  },
  blocks: "{}",
  cases:
    /#\[(?:[\w:]{0,60}::)?(?:test|rstest|test_case|quickcheck|wasm_bindgen_test|maybe_tokio_test)\b|(?<![\w#:!])(?!assert)\w{0,40}test\w{0,40}!\s{0,9}[({]/g,
  functions: /\bfn\s{1,9}(\w{1,200})\s{0,9}(?:<[^(){}]{0,300}>)?\(|\bmacro_rules!\s{1,9}(\w{1,100})/g,
  assertions:
    /\b(?:debug_)?assert\w{0,60}!\s{0,9}[([{]|(?<![\w.])(?:assert|check|verify|expect)_\w{1,60}!?\s{0,9}\(|\bpanic!\s{0,9}[([{]|\bexpect!\[|#\[should_panic\b|\bprop_assert\w{0,20}!\(|\b\w{1,20}nice!\(|\.unwrap_err\(/g,
  idle: [{ text: /^panic!/, within: /\bErr\([^()\n]{0,60}\)\s{0,9}=>\s{0,9}\{/g }],
  rows: /#\[(?:case|test_case)\b/g,
  never: /#\[(?:ignore\b|cfg\((?:any\(\)|false|FALSE)\))/g,
  sometimes: /#\[(?:cfg_attr\([^\]\n]{0,100}\bignore\b|cfg\((?!test\b|any\(\)))/g,
  sometimesFile: /^#!\[cfg\((?!test\))[^\]]{0,600}/gm,
  exits: /\breturn\b/g,
};
