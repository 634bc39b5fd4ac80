/**
 * A process of the mutation run: loads tests with the mutated sources in place of the real ones, without Jest's
 * module registry, so that all mutants share one load. It is also what the tests get for `@jest/globals`.
 */
import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { pathToFileURL } from "node:url";
import { expect } from "expect";
import fc from "fast-check";
import { bind } from "jest-each";

/** What the run asks: all tests with what each of them covers, or those that tell whether a mutant is noticed. */
export type Request =
  | { ask: "coverage"; sources: string[]; files: string[] }
  /** In a process that takes the place of one that got stuck: the tests are there and are not measured again. */
  | { ask: "load"; sources: string[]; files: string[] }
  | { ask: "mutant"; mutant: string; tests: string[]; hits: number }
  /** For what is made while modules load: a process of its own, mutated from its start, tests read file by file. */
  | { ask: "fresh"; mutant: string; files: string[] };
export type Coverage = {
  tests: { id: string; file: string; ms: number; mutants: string[] }[];
  /** The mutants that were covered while the sources loaded, and while each test file did. */
  atStart: string[];
  loads: { file: string; mutants: string[] }[];
  /** How often the tests reached each mutant. */
  hits: Record<string, number>;
  failed: string[];
};

type Body = (...row: never[]) => unknown;
type Counts = Record<string, number>;
declare global {
  var __stryker__: {
    activeMutant?: string | undefined;
    currentTestId?: string | undefined;
    mutantCoverage?: { static: Counts; perTest: Record<string, Counts> };
    hitCount?: number;
    hitLimit?: number;
  };
}
globalThis.__stryker__ ??= {};
const state = globalThis.__stryker__;

const tests = new Map<string, { file: string; run: () => unknown }>();
let file = "";
let path: string[] = [];
let before: (() => unknown)[] = [];

function declare(name: string, run: Body): void {
  const title = `${file}: ${[...path, name].join(" › ")}`;
  // Two tests may have one name.
  const id = tests.has(title) ? `${title} (${tests.size})` : title;
  tests.set(id, { file, run: run as () => unknown });
}
function group(name: string, body: Body): void {
  path.push(name);
  (body as () => unknown)();
  path.pop();
}

export { expect };
export const test = Object.assign(declare, { each: bind(declare, false) });
export const describe = Object.assign(group, { each: bind(group, false) });
export const beforeAll = (hook: () => unknown) => before.push(hook);
/** The process ends after its tests, and with it what they held. */
export const afterAll = () => undefined;

const mutated: Record<string, string> = process.argv[2] ? JSON.parse(readFileSync(process.argv[2], "utf8")) : {};
/** In a process of one mutant only its file is mutated: that loads sooner. */
const active = process.env.__STRYKER_ACTIVE_MUTANT__;
const isWanted = (source: string) => active === undefined || source.includes(`stryMutAct_9fa48("${active}")`);
registerHooks({
  resolve: (name, context, next) =>
    name === "@jest/globals" ? { url: import.meta.url, shortCircuit: true } : next(name, context),
  load: (url, context, next) => {
    const source = mutated[url];
    return source !== undefined && isWanted(source)
      ? { format: "module", source: stripTypeScriptTypes(source), shortCircuit: true }
      : next(url, context);
  },
});
// The same examples in each run, and no search for the smallest one.
fc.configureGlobal({ seed: 1, endOnFailure: true });

async function load(name: string): Promise<void> {
  file = name;
  path = [];
  before = [];
  await import(pathToFileURL(name).href);
  for (const hook of before) await hook();
}

/** Runs one test. Null: it passed. */
async function failureOf(id: string): Promise<string | null> {
  state.currentTestId = id;
  try {
    await tests.get(id)?.run();
    return null;
  } catch (error) {
    return `${id}: ${error}`;
  } finally {
    state.currentTestId = undefined;
  }
}

async function loadAll(sources: string[], files: string[]): Promise<void> {
  for (const name of sources) await import(pathToFileURL(name).href);
  for (const name of files) {
    state.currentTestId = name;
    await load(name);
  }
}

async function cover(sources: string[], files: string[]): Promise<Coverage> {
  const mutantsOf = (id: string) => Object.keys(state.mutantCoverage?.perTest[id] ?? {});
  await loadAll(sources, files);
  const loads = files.map((file) => ({ file, mutants: mutantsOf(file) }));
  const atStart = Object.keys(state.mutantCoverage?.static ?? {});
  const result: Coverage = { tests: [], atStart, loads, hits: {}, failed: [] };
  for (const [id, { file }] of tests) {
    const start = performance.now();
    const failure = await failureOf(id);
    if (failure !== null) result.failed.push(failure);
    result.tests.push({ id, file, ms: performance.now() - start, mutants: mutantsOf(id) });
    const counts = Object.entries(state.mutantCoverage?.perTest[id] ?? {});
    for (const [mutant, hits] of counts) result.hits[mutant] = (result.hits[mutant] ?? 0) + hits;
  }
  return result;
}

/** Whether a test fails while the mutant is active. */
async function isKilled(request: Extract<Request, { mutant: string }>): Promise<boolean> {
  state.activeMutant = request.mutant;
  if (request.ask === "mutant") {
    state.hitCount = 0;
    state.hitLimit = request.hits * 100;
    for (const id of request.tests) if ((await failureOf(id)) !== null) return true;
    return false;
  }
  for (const name of request.files) {
    try {
      await load(name);
    } catch {
      return true;
    }
    for (const [id, one] of tests) if (one.file === name && (await failureOf(id)) !== null) return true;
  }
  return false;
}

process.on("message", async (request: Request) => {
  if (request.ask === "coverage") process.send?.(await cover(request.sources, request.files));
  else if (request.ask === "load") process.send?.(await loadAll(request.sources, request.files).then(() => true));
  else process.send?.(await isKilled(request));
});
