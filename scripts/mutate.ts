/**
 * `npm run mutate [-- core/people core/gates/trace.ts …]`: changes each decision of these rooms, one at a time, and
 * says which changes none of core's tests notices. `--texts` changes the texts for people as well.
 */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { Instrumenter } from "@stryker-mutator/instrumenter";
import type { Coverage, Request } from "./mutant-tests.ts";

const top = join(import.meta.dirname, "..");
process.chdir(top);
const withTexts = process.argv.includes("--texts");
const chosen = process.argv.slice(2).filter((name) => name !== "--texts");
const targets = chosen.length > 0 ? chosen : ["core/verdict", "core/gates", "core/people", "core/ledger", "core/group"];

const filesIn = (name: string): string[] =>
  statSync(name).isFile()
    ? [name]
    : readdirSync(name, { recursive: true, encoding: "utf8" }).flatMap((one) =>
        one.endsWith(".ts") ? [join(name, one)] : [],
      );
const sources = targets.flatMap(filesIn);
/** What `npm test -- test/core` runs. */
const testFiles = execFileSync(process.execPath, ["node_modules/jest/bin/jest.js", "--listTests", "test/core"])
  .toString()
  .trim()
  .split("\n")
  .map((name) => relative(top, name));

const quiet = () => undefined;
const off = () => false;
const instrumenter = new Instrumenter({
  ...{ isTraceEnabled: off, isDebugEnabled: off, isInfoEnabled: off, isWarnEnabled: off, isErrorEnabled: off },
  ...{ isFatalEnabled: off, trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet },
});
const { files, mutants: made } = await instrumenter.instrument(
  sources.map((name) => ({ name, content: readFileSync(name, "utf8"), mutate: true })),
  { plugins: null, excludedMutations: [], ignorers: [] },
);
const folder = mkdtempSync(join(tmpdir(), "mutants-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const mutated = join(folder, "sources.json");
writeFileSync(
  mutated,
  JSON.stringify(Object.fromEntries(files.map(({ name, content }) => [pathToFileURL(join(top, name)).href, content]))),
);

type Mutant = (typeof made)[number];
type Outcome = "killed" | "stuck" | "survived" | "untested";

const lines = Object.fromEntries(sources.map((name) => [name, readFileSync(name, "utf8").split("\n")]));
function originalOf({ fileName, location: { start, end } }: Mutant): string {
  const [first = "", ...rest] = (lines[fileName] ?? []).slice(start.line, end.line + 1);
  if (rest.length === 0) return first.slice(start.column, end.column);
  return [first.slice(start.column), ...rest.slice(0, -1), rest.at(-1)?.slice(0, end.column)].join("\n");
}
/**
 * A string with a blank in it is a text for people and no decision reads it, so it is left out. A string without one (a
 * status, a code, a path, a field) decides, and counts.
 */
const isText = (mutant: Mutant) => mutant.mutatorName === "StringLiteral" && /\s/.test(originalOf(mutant));
const mutants = made.filter((mutant) => withTexts || !isText(mutant));

const start = (mutant?: string): ChildProcess =>
  fork(join(top, "scripts/mutant-tests.ts"), [mutated], {
    execArgv: ["--no-warnings"],
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: join(folder, "cache"),
      ...(mutant === undefined ? {} : { __STRYKER_ACTIVE_MUTANT__: mutant }),
    },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });

/** The process's answer; null if it ended or did not answer in time, and then it is gone. */
function ask(child: ChildProcess, request: Request, ms: number): Promise<unknown> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), ms);
    const answer = (value: unknown) => {
      clearTimeout(timer);
      child.removeAllListeners();
      resolve(value);
    };
    child.once("message", answer);
    child.once("exit", () => answer(null));
    child.send(request);
  });
}

let child = start();
const covered = (await ask(child, { ask: "coverage", sources, files: testFiles }, 600_000)) as Coverage | null;
if (covered === null || covered.failed.length > 0)
  throw new Error(`without any mutant, tests fail:\n${covered?.failed.join("\n")}`);
const coverage = covered;

/** 0: of the mirrored file; 1: of its folder; 2: any other. */
const nearness = (test: string, { fileName }: Mutant) =>
  basename(test).startsWith(basename(fileName, ".ts")) ? 0 : dirname(test) === join("test", dirname(fileName)) ? 1 : 2;

/**
 * The test files that may notice a mutant while they load. For what its own module makes, these are the nearest
 * files that cover that module: a process for each mutant costs too much for all of them.
 */
function loadedWith(mutant: Mutant): string[] {
  if (!coverage.atStart.includes(mutant.id))
    return coverage.loads.filter(({ mutants }) => mutants.includes(mutant.id)).map(({ file }) => file);
  const siblings = new Set(mutants.filter(({ fileName }) => fileName === mutant.fileName).map(({ id }) => id));
  const passing = [...coverage.loads, ...coverage.tests].filter(({ mutants }) =>
    mutants.some((id) => siblings.has(id)),
  );
  const files = [...new Set(passing.map(({ file }) => file))];
  const nearest = Math.min(...files.map((file) => nearness(file, mutant)));
  return files.filter((file) => nearness(file, mutant) === nearest);
}

const pairs = coverage.tests.flatMap((test) => test.mutants.map((mutant) => ({ mutant, test })));
const covering = Map.groupBy(pairs, ({ mutant }) => mutant);

/**
 * A survivor would cost every test that covers it. So beside those of the mirrored file only the nearest tests run, the
 * quick ones first, for so many milliseconds. What only others notice counts as survived.
 */
const budgetMs = 2_000;
const slowMs = 100;

async function outcomeOf(mutant: Mutant): Promise<Outcome> {
  let left = budgetMs;
  const near = (covering.get(mutant.id) ?? [])
    .map(({ test }) => test)
    .sort(
      (a, b) => Number(a.ms > slowMs) - Number(b.ms > slowMs) || nearness(a.file, mutant) - nearness(b.file, mutant),
    )
    .filter((test, index) => {
      if (index === 0 || nearness(test.file, mutant) === 0) return true;
      left -= test.ms;
      return left > 0;
    });
  if (near.length > 0) {
    const ms = 10_000 + 8 * near.reduce((sum, { ms }) => sum + ms, 0);
    const hits = coverage.hits[mutant.id] ?? 0;
    const tests = near.map(({ id }) => id);
    const killed = await ask(child, { ask: "mutant", mutant: mutant.id, tests, hits }, ms);
    if (killed === null) {
      child = start();
      await ask(child, { ask: "load", sources, files: testFiles }, 600_000);
      return "stuck";
    }
    if (killed === true) return "killed";
  }
  const files = loadedWith(mutant);
  if (files.length === 0) return near.length > 0 ? "survived" : "untested";
  const fresh = start(mutant.id);
  const killed = await ask(fresh, { ask: "fresh", mutant: mutant.id, files }, 300_000);
  fresh.kill();
  return killed === null ? "stuck" : killed === true ? "killed" : "survived";
}

const brief = (text: string) => {
  const one = text.replace(/\s+/g, " ");
  return one.length > 70 ? `${one.slice(0, 68)} …` : one;
};

/** One line of a mutant that no test noticed. */
function told(mutant: Mutant, outcome: Outcome): string {
  const { fileName, location, mutatorName, replacement } = mutant;
  const note = outcome === "untested" ? " (no test covers it)" : "";
  return `${fileName}:${location.start.line + 1} ${mutatorName}: ${brief(originalOf(mutant))} → ${brief(replacement)}${note}`;
}

for (const [room, those] of Map.groupBy(mutants, ({ fileName }) => dirname(fileName))) {
  let killed = 0;
  for (const mutant of those) {
    const outcome = await outcomeOf(mutant);
    if (outcome === "killed" || outcome === "stuck") killed += 1;
    else console.log(told(mutant, outcome));
  }
  const share = ((100 * killed) / those.length).toFixed(1);
  console.log(`${room}: ${killed} of ${those.length} killed (${share} %)`);
}
const all = coverage.tests.map(({ id }) => id);
if ((await ask(child, { ask: "mutant", mutant: "none", tests: all, hits: 1 }, 600_000)) !== false)
  throw new Error("without any mutant, tests fail after the others: one of them leaves something behind");
child.kill();
