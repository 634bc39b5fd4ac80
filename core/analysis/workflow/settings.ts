import type { Syntax } from "../../languages/language.ts";
import { readCode } from "../code-text.ts";
import { leftOut } from "./left-out.ts";

/** What a file of settings tells a test runner to leave out or to let pass, with its line. */
export type Setting = { said: string; line: number };

/** Folders that hold no tests of the project, or those of another runner. */
const usual =
  /node_modules|(?:^|[/*])(?:dist|build|out|lib|coverage|vendor|target|tmp|temp|e2e|playwright|cypress|fixtures?|templates?|examples?|playground|benchmarks?|__snapshots__|__mocks__|__fixtures__)(?:$|[/*])|^\W{0,9}\.|\.(?:git|cache|idea|next|nuxt|output|vscode|turbo|yarn|svelte-kit|wrangler|claude|worktrees)\b|\.d\.ts|\.(?:config|conf|setup)\.|\bmocks?\b/;

const syntax: Syntax = {
  lineComments: ["//"],
  blockComments: [["/*", "*/"]],
  quotes: ['"', "'"].map((sign) => ({ open: sign, close: sign, escapes: true as const })),
  lineEnds: "\r\u2028\u2029",
  script: true,
};
const lists = /^(?:testPathIgnorePatterns|exclude|ignore|testIgnore|excludeSpecPattern|ignoreTestFiles|grepInvert)$/;
const switches = /^(?:passWithNoTests|dangerouslyIgnoreUnhandledErrors|invert|passOnFailingTestSuite)$/;
const ofRunner = /(?:^|\/)(?:\.mocharc|(?:jest|playwright|cypress|karma|ava)\.conf)/;
const aside = /^(?:coverage|benchmark|typecheck|deps|optimizeDeps|server|watch)$/;

/** Reads lists and switches under their keys in JavaScript or JSON; what is worked out while running is not read. */
function fromScript(path: string, text: string): Setting[] {
  const { uncommented, bare } = readCode(text, syntax);
  const found: Setting[] = [];
  // Whether what stands in a pair of braces is for tests, and for a part of them that leaves no test out.
  const above: { isTests: boolean; isAside: boolean }[] = [];
  const testKey = path.endsWith("package.json") ? /^(?:test|jest|mocha|ava|vitest)$/ : /^test$/;
  const tokens = /(?:(["'`]) {0,200}\1|(?<![\w$])[\w$-]{1,100})\s{0,99}:\s{0,99}([{[]|true\b)?|[{}\n]/g;
  let line = 1;
  for (const match of bare.matchAll(tokens)) {
    const [token, , value = ""] = match;
    const key = /^["'`]?([\w$-]+)/.exec(uncommented.slice(match.index, match.index + token.length))?.[1] ?? "";
    const { isTests, isAside } = above.at(-1) ?? { isTests: ofRunner.test(path), isAside: false };
    if (token === "}") above.pop();
    else if (token === "{" || value === "{")
      above.push({ isTests: isTests || testKey.test(key), isAside: isAside || aside.test(key) });
    else if (token !== "\n" && isTests && !isAside) {
      if (value === "true" && switches.test(key)) found.push({ said: key, line });
      if (value !== "true" && lists.test(key)) {
        const from = match.index + token.indexOf(":") + 1;
        const rest = uncommented.slice(from, from + 5_000);
        const list = rest.slice(0, value === "[" ? rest.indexOf("]") : rest.search(/[\n,}]/));
        for (const [, , one = ""] of list.matchAll(/(["'`/])((?:\\.|(?!\1)[^\\\n]){1,300})\1/g))
          if (!usual.test(one)) found.push({ said: `${key} ${one}`, line });
      }
    }
    line += token.split("\n").length - 1;
  }
  return found;
}

const python = /^[ \t]{0,50}(addopts|collect_ignore(?:_glob)?|norecursedirs)[ \t]{0,9}\+?=(.{0,2000})/;

/** Options of pytest: the words of `addopts`, and what is not collected; a value may go on over lines that are set in. */
function fromPython(_: string, text: string): Setting[] {
  const lines = text.split("\n").map((line) => line.replace(/(?:^|\s)#.*$/, ""));
  return lines.flatMap((line, index): Setting[] => {
    const [, name = "", first = ""] = python.exec(line) ?? [];
    if (name === "") return [];
    const values = [first];
    for (let at = index + 1; at < index + 200 && /^(?:[ \t]+\S|\s*["'\]])/.test(lines[at] ?? ""); at += 1)
      values.push(lines[at] ?? "");
    const pieces = values
      .join(" ")
      .slice(0, 20_000)
      .split(/["'[\],()\s]+/);
    const words = pieces.filter((one) => one.length > 1);
    const said =
      name === "addopts"
        ? leftOut("pytest", `pytest ${words.join(" ")}`, new Map())
        : words.filter((one) => !usual.test(one)).map((one) => `${name} ${one}`);
    return said.map((one) => ({ said: one, line: index + 1 }));
  });
}

type Part = { from: number; part: string };

/** The parts of a text from an opening to what closes them; one pass. */
function parts(text: string, open: RegExp, close: string): Part[] {
  const found: Part[] = [];
  const pattern = new RegExp(open, "g");
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const end = text.indexOf(close, pattern.lastIndex);
    if (end === -1) break;
    found.push({ from: match.index, part: text.slice(match.index, end) });
    pattern.lastIndex = end + close.length;
  }
  return found;
}

/** Switches of Maven, Gradle and PHPUnit: within which part of the file, if not anywhere, and how they look. */
const switchesOf: readonly [file: RegExp, within: [open: RegExp, close: string] | null, look: RegExp][] = [
  [
    /pom\.xml$/,
    null,
    /<(?:skipTests|maven\.test\.skip|skipITs|testFailureIgnore|maven\.test\.failure\.ignore)>\s{0,99}true/g,
  ],
  [/pom\.xml$/, null, /<excludedGroups>[^<]{1,500}/g],
  [/pom\.xml$/, [/maven-(?:surefire|failsafe)-plugin/, "</plugin>"], /<exclude>[^<]{1,500}|<skip>\s{0,99}true/g],
  [/phpunit\.xml/, [/<(?:testsuites?|groups)\b/, "</testsuite"], /<exclude>[^<]{1,500}/g],
  [/phpunit\.xml/, [/<groups>/, "</groups>"], /<group>[^<]{1,200}(?=[^<]*<\/group>\s*<\/exclude>)/g],
  [/gradle/, null, /\bignoreFailures\s{0,9}=\s{0,9}true|\bexcludeTags\b.{0,200}|\btest\.enabled\s{0,9}=\s{0,9}false/g],
  [
    /gradle/,
    [
      /(?:^|\n)\s{0,50}(?:tasks\.)?(?:test|withType[(<]\s{0,9}Test\b|named(?:<Test>)?\(\s{0,9}["']test["'])[^\n{]{0,100}\{/,
      "\n}",
    ],
    /\benabled\s{0,9}=\s{0,9}false|\bexclude\b.{1,200}/g,
  ],
];

function fromBuild(path: string, text: string): Setting[] {
  let [plain, at] = ["", 0];
  for (const { from, part } of parts(text, /<!--/, "-->")) {
    plain += text.slice(at, from) + part.replace(/[^\n]/g, " ");
    at = from + part.length;
  }
  plain += text.slice(at);
  const found: Setting[] = [];
  for (const [, within, look] of switchesOf.filter(([file]) => file.test(path))) {
    for (const { from, part } of within === null ? [{ from: 0, part: plain }] : parts(plain, ...within))
      for (const { 0: said, index } of part.matchAll(look)) {
        const line = plain.slice(0, from + index).split("\n").length;
        if (found.length < 500) found.push({ said: said.replace(/\s+/g, " ").trim().slice(0, 200), line });
      }
  }
  return found;
}

function fromRspec(_: string, text: string): Setting[] {
  return leftOut("rspec", `rspec ${text.replace(/\s+/g, " ")}`, new Map()).map((said) => ({ said, line: 1 }));
}

const readers: readonly [RegExp, (path: string, text: string) => Setting[]][] = [
  [
    /(?:^|\/)(?:(?:jest|vitest|vite|playwright|cypress|karma|ava)\.(?:config|workspace|conf)\.[cm]?[jt]s|\.mocharc\.(?:jsonc?|[cm]?js)|package\.json)$/,
    fromScript,
  ],
  [/(?:^|\/)(?:pytest\.ini|pyproject\.toml|setup\.cfg|tox\.ini|conftest\.py)$/, fromPython],
  [/(?:^|\/)(?:pom\.xml|build\.gradle(?:\.kts)?|phpunit\.xml(?:\.dist)?)$/, fromBuild],
  [/(?:^|\/)\.rspec$/, fromRspec],
];

/** Whether a file holds settings of a test runner that can leave tests out. */
export function holdsSettings(path: string): boolean {
  return readers.some(([pattern]) => pattern.test(path));
}

/** What the settings of a file leave out. Read by their look: nothing is run. Longer files hold data. */
export function settingsIn(path: string, text: string): Setting[] {
  if (text.length > 500_000) return [];
  return readers.find(([pattern]) => pattern.test(path))?.[1](path, text) ?? [];
}
