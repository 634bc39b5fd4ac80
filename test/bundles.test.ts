import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { makeRepository } from "../bench/made.ts";

const top = join(import.meta.dirname, "..");
let dist: string;
beforeAll(() => {
  // One folder below the top, as `dist` is: it reads the package there and finds the packages that stay outside of it.
  dist = mkdtempSync(join(top, "dist-"));
  execFileSync(process.execPath, ["scripts/build.mjs", basename(dist)], { cwd: top });
}, 60_000);
afterAll(() => rmSync(dist, { recursive: true, force: true }));

const run = (...args: string[]) =>
  execFileSync(process.execPath, [join(dist, "sallyport.cjs"), ...args], {
    encoding: "utf8",
    cwd: tmpdir(),
    env: {},
  });

test("the command line's bundle starts and tells its commands", () => {
  const help = run("--help");
  for (const command of [
    "check",
    "policy",
    "backtest",
    "ledger",
    "replay",
    "serve",
    "doctor",
    "rebuild",
    "sandbox",
    "demo",
  ])
    expect(help).toContain(`  ${command}`);
});

test.each(["check", "policy", "backtest", "init", "ledger", "replay", "serve", "doctor", "rebuild", "sandbox", "demo"])(
  "%s is loaded by itself",
  (command) => {
    expect(run(command, "--help")).toContain(`Usage: sallyport ${command}`);
  },
);

test("what runs as a process of its own is there", () => {
  for (const name of ["action", "sandbox", "git-runner"]) expect(existsSync(join(dist, `${name}.js`))).toBe(true);
});

test("what every start of `check` reads holds no schemas: to make them takes longer than to judge", () => {
  for (const file of ["sallyport.cjs", "program.cjs"])
    expect(readFileSync(join(dist, file), "utf8")).not.toContain("ZodError");
  expect(readFileSync(join(dist, "action.js"), "utf8")).toContain("ZodError");
});

describe("what `check` remembers of a policy", () => {
  const repository = makeRepository({ files: 3, linesBefore: 2, linesAdded: 1, rules: 2 });
  const caches = mkdtempSync(join(tmpdir(), "sallyport-cache-"));
  afterAll(() => {
    for (const folder of [repository, caches]) rmSync(folder, { recursive: true, force: true });
  });
  const remembered = () => {
    const [file, ...others] = readdirSync(join(caches, "sallyport")).filter((name) => /^policy-/.test(name));
    expect(others).toEqual([]);
    return join(caches, "sallyport", file ?? "none");
  };
  const check = (env: NodeJS.ProcessEnv) => {
    const args = ["check", "--repo", repository, "--base", "main", "--head", "feature", "--json"];
    return execFileSync(process.execPath, [join(dist, "sallyport.cjs"), ...args], { encoding: "utf8", env });
  };

  test("the verdict is the same without a memory, when it is made, and when it is used", () => {
    const without = check({});
    expect(JSON.parse(without)).toMatchObject({ conclusion: "success" });
    expect(check({ XDG_CACHE_HOME: caches })).toBe(without);
    const made = remembered();
    expect(check({ XDG_CACHE_HOME: caches })).toBe(without);
    expect(remembered()).toBe(made);
  });

  const twice = (title: string, text: string) => [title, text, text].join("\n");
  test.each<[string, (made: string) => string]>([
    ["is cut", (made) => made.slice(0, -10)],
    ["is empty", () => ""],
    ["has another shape", () => '{"state":"loaded"}'],
    ["holds null", () => "null"],
    ["has one character changed", (made) => made.replace('"loaded"', '"absent"')],
    ["is another policy's", () => twice(`policy-0-${"0".repeat(40)}`, '{"state":"absent"}')],
    ["is no JSON", (made) => twice(basename(remembered()), made.slice(0, 20))],
  ])("a memory that %s is made again", (_, damaged) => {
    const without = check({});
    expect(check({ XDG_CACHE_HOME: caches })).toBe(without);
    const made = readFileSync(remembered(), "utf8");
    writeFileSync(remembered(), damaged(made));
    expect(check({ XDG_CACHE_HOME: caches })).toBe(without);
    expect(readFileSync(remembered(), "utf8")).toBe(made);
  });

  test("a folder that cannot be written to changes nothing", () => {
    expect(check({ XDG_CACHE_HOME: "/dev/null" })).toBe(check({}));
  });
});
