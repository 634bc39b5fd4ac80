import { braced, character, double, leaves, slashes, type TestLanguage } from "./language.ts";

/** How tests in C, C++ and Objective-C are read. */
export const c: TestLanguage = {
  endings: "c cc cpp cxx h hh hpp m mm",
  syntax: { ...slashes, quotes: [double, character] },
  blocks: "{}",
  cases: /\b(?:TEST|TEST_F|TEST_P|TYPED_TEST|TEST_CASE|SCENARIO|SECTION|BOOST_AUTO_TEST_CASE)\s{0,9}\(/g,
  functions: braced,
  assertions:
    /\b(?:EXPECT|ASSERT|REQUIRE|CHECK|BOOST_CHECK|BOOST_REQUIRE|BOOST_TEST)\w{0,60}\s{0,9}\(|\bassert\(|\bstatic_assert\(/g,
  never: /\b(?:TEST|TEST_F|TEST_P|TYPED_TEST)\s{0,9}\([^(){}]{0,200}\bDISABLED_/g,
  neverInside: /\bGTEST_SKIP\b|\bSKIP\(/g,
  directives: true,
  exits: leaves,
};
