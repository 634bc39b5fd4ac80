import { braced, character, double, handler, leaves, slashes, type TestLanguage, triple } from "./language.ts";

/** How tests in Java, Kotlin, Groovy and Scala are read. */
export const jvm: TestLanguage = {
  endings: "java kt kts scala groovy",
  syntax: { ...slashes, quotes: [triple, double, character], lineEnds: "\r" },
  blocks: "{}",
  cases:
    /@(?:Test|ParameterizedTest|RepeatedTest|TestFactory|TestTemplate|Property|Theory)\b|(?<![\w.])(?:test|it|should)\(\s{0,9}"|\bdef\s{1,9}"/g,
  functions: new RegExp(`\\bfun\\s{1,9}(?:[\\w.<>?]{1,100}\\.)?(\\w{1,100})\\s{0,9}\\(|${braced.source}`, "g"),
  hooks: /@Before(?:Each|All|Class)?\b/g,
  assertions:
    /(?<![.\w])(?:\w{1,40}\.)?(?:assert|verify|fail|expect|check)\w{0,60}(?:<[^()\n]{0,100}>)?\s{0,9}[({]|\bshould(?:Be|Not|Equal|Throw|Have|Contain)\w{0,20}\b|\bexpected\s{0,9}=\s{0,9}(?=[A-Z])/g,
  idle: [{ text: /^(?:\w{1,40}\.)?fail/, within: handler }],
  table: { call: /@(?:CsvSource|ValueSource|EnumSource|MethodSource|ArgumentsSource)\(/g, argument: 0 },
  never:
    /@(?:Disabled|Ignore)\b|@Test\s{0,9}\([^)\n]{0,200}\benabled\s{0,9}=\s{0,9}false|(?<![\w.])(?:ignore|xtest|xit)\(\s{0,9}"/g,
  sometimes: /@(?:Disabled(?:On|If|For|In)\w{0,60}|Enabled(?:On|If|For|In)\w{0,60}|RequiresTag)\b/g,
  neverInside: /\bassume(?:True\(\s{0,9}false|False\(\s{0,9}true)\b|\bAbort\.abort\(/g,
  sometimesInside: /(?<!\.)\b(?:Assum(?:e|ptions)\.)?assume\w{0,20}\((?!\s{0,9}(?:true|false)\s{0,9}[,)])/g,
  exits: leaves,
  swallows: /\bcatch\s{0,9}\([^(){}]{0,100}\b(?:Throwable|Error|AssertionError)\b[^(){}]{0,60}\)\s{0,9}\{/g,
};
