import type { Pairs } from "./workflow.ts";

/** Flags that choose some of the tests, and so leave out the others. */
export const choosing = /^(?:--lib|--bins?|--doc|--examples?|--tests?|--bench|--benches)$/;
/** Stands for tests that are named one by one. */
export const someTests = "some tests";

const script = "script [^ ]+";
const javascript = `^(?:jest|vitest|react-scripts test|ng test|${script}`;
const cargo = "^(?:cargo (?:test|t|nextest|miri|llvm-cov|tarpaulin|careful)|\\$ test)";
const go = "^(?:go test|gotestsum|richgo)";

/** Flags that leave checks out and take a value, which is part of what they say, by the programs that take them. */
const withValue: readonly (readonly [program: string, flags: string])[] = [
  ["^(?:pytest|py\\.test|tox|nox|coverage)", "-k|-m|--ignore|--ignore-glob|--deselect"],
  [
    `${javascript})`,
    "--testPathIgnorePatterns?|--testNamePattern|-t|--exclude|--changedSince|--findRelatedTests|--selectProjects|--ignoreProjects|--path-ignore-patterns",
  ],
  [
    `^(?:mocha|playwright|cypress|ava|${script})`,
    "-g|--grep|--grep-invert|-f|--fgrep|--ignore|--match|--spec|--exclude",
  ],
  [go, "--?(?:run|skip|tags-skip)"],
  [cargo, "--exclude|--skip|-E|--filter-expr"],
  ["^gradle", "-x|--exclude-task|--tests"],
  ["^rspec", "-t|--tag|--exclude-pattern|-P|--pattern|-e|--example"],
  ["^(?:phpunit|pest|paratest|artisan test)", "--exclude-group|--group|--filter|--testsuite|--exclude-testsuite"],
  ["^dotnet (?:test|vstest)", "--filter|--[tT]est[cC]ase[fF]ilter|/[tT]est[cC]ase[fF]ilter"],
  ["^ctest", "-E|--exclude-regex|-R|--tests-regex|-LE|--label-exclude|-L"],
  ["^bazel", "--test_tag_filters|--test_filter"],
  ["^swift test", "--skip|--filter"],
  ["^(?:flutter|dart) test", "-x|--exclude-tags|-t|--tags|-n|--name|--plain-name"],
  ["^mix test", "--exclude|--only"],
  ["^deno test", "--ignore|--filter"],
  ["^bun test", "-t|--test-name-pattern|--path-ignore-patterns"],
  ["^node --test", "--test-name-pattern|--test-skip-pattern"],
  ["^(?:golangci-lint|trivy|gitleaks)", "--issues-exit-code|--exit-code"],
];

/** Words that leave checks out, or let failures pass, as they are written. */
const alone: readonly (readonly [program: string, words: string])[] = [
  ["^(?:pytest|py\\.test)", "--lf|--last-failed|--suppress-no-test-exit-code|--exitfirst-pass"],
  [
    `${javascript}|playwright)`,
    "--passWithNoTests|--pass-with-no-tests|--onlyChanged|-o|--changed|--lastCommit|--onlyFailures|--last-failed",
  ],
  ["^make ", "-i|-ki|-ik|--ignore-errors"],
  ["^mocha", "-i|--invert|--pass-on-failing-test-suite|--dry-run"],
  [go, "--?(?:short|list)"],
  [cargo, `--no-run|${choosing.source.slice(4, -2)}`],
  ["^mvn", "-D(?!.*(?:javadoc|gpg|deploy|site|source|install\\.|sign|release))[\\w.-]*[sS]kip[\\w.-]*(?:=true)?"],
  ["^mvn", "-D(?:maven\\.test\\.failure\\.ignore|testFailureIgnore)(?:=true)?|-fn|--fail-never"],
  ["^mvn", "-D(?:test|it\\.test|groups|excludedGroups|surefire\\.excludes?)=.+"],
  ["^gradle", "-[PD](?!.*(?:javadoc|sign|publish))[\\w.]*[sS]kip[\\w.]*(?:=true)?|--dry-run|-m"],
  ["^xcodebuild", "-(?:skip|only)-testing:.+"],
  ["^deno test", "--permit-no-files|--no-run"],
  [".", "--exit-zero|--exit-0|--no-fail|--soft-fail|--issues-exit-code=0|--exit-code=0|--noCheck|--ignore-errors"],
  [".", "-{1,2}(?:skip|no|without|exclude|disable)[-_]?(?:unit|integration|e2e)?[-_]?[tT]ests?(?:=.*)?"],
  [`^${script}|^\\w+ `, "--if-present"],
];

const rulesOf = (table: typeof alone) =>
  table.map(([program, words]) => ({ program: new RegExp(program), words: new RegExp(`^(?:${words})$`) }));
const rules = { withValue: rulesOf(withValue), alone: rulesOf(alone) };

/** Variables that say so: `SKIP=eslint pre-commit run`, `SKIP_TESTS: true`. */
const skipping =
  /^(?:SKIP|.*SKIP_?(?:UNIT_?|INTEGRATION_?|E2E_?)?(?:TESTS?|CHECKS?|LINT\w*|HOOKS?)|(?:TESTS?|CHECKS?|LINT)_?SKIP\w*|NO_?TESTS?)$/i;
/** Variables that hold options. */
const options =
  /^(?:PYTEST_ADDOPTS|MAVEN_ARGS|MAVEN_CLI_OPTS|MAVEN_OPTS|GRADLE_ARGS|GOFLAGS|JEST_ARGS|VITEST_ARGS|NEXTEST_ARGS)$/;
/** The ways in which a build tool is told to leave out every test: whichever it is, it is the same. */
const allTests =
  /^-D(?:maven\.test\.skip|skipTests)(?:\.exec)?(?:=true)?$|^-x test$|^--exclude-task test$|^-PskipTests|^--no-run$|^-DskipTests/;

/** Whether a value asks for nothing to be left out: every test, or a number other than the zero that lets failures pass. */
function leavesNothing(flag: string, value: string): boolean {
  if (/exit-code$/.test(flag)) return value !== "0";
  if (/^(?:-x|--exclude-task)$/.test(flag)) return /javadoc|dokka|sign|publish|dist|jar$/i.test(value);
  return /^(?:\.|\.\*|\*)?$/.test(value);
}

/** What a command says of checks that it leaves out, piece by piece. `key` is what the command is called by. */
export function leftOut(key: string, text: string, env: Pairs): string[] {
  const found: string[] = [];
  const add = (said: string) => found.push(allTests.test(said) ? "all tests" : said);
  const given = [...env].flatMap(([name, value]) => (options.test(name) ? value.split(/\s+/) : []));
  const words = [...text.split(/\s+/).slice(0, 2_000), ...given.slice(0, 200)];
  const [flags, plain] = [rules.withValue, rules.alone].map((all) => all.filter(({ program }) => program.test(key)));
  words.forEach((word, index) => {
    if (plain?.some((rule) => rule.words.test(word))) add(word);
    const equals = word.startsWith("-") ? word.indexOf("=") : -1;
    const flag = equals === -1 ? word : word.slice(0, equals);
    const value = equals === -1 ? (words[index + 1] ?? "") : word.slice(equals + 1);
    // A value that is filled in later may be any part of what is run: parts make a whole in a matrix.
    if (!flags?.some((rule) => rule.words.test(flag)) || value.includes("$") || leavesNothing(flag, value)) return;
    // What is left out may be a list, of which each member counts.
    for (const one of value.split(",")) add(`${flag} ${one}`.trim());
  });
  for (const [name, value] of env)
    if (skipping.test(name) && !/^(?:|0|false|no|off)$/i.test(value) && !value.includes("$")) add(`${name}=${value}`);
  const isChoice = words.some(
    (word, index) => index > 1 && /^\w/.test(word) && !/^--?\w[\w-]*$/.test(words[index - 1] ?? ""),
  );
  return [...new Set(isChoice ? [...found, someTests] : found)];
}
