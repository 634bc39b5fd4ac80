import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";

const top = join(import.meta.dirname, "..");
let dist: string;
beforeAll(() => {
  // One folder below the top, as `dist` is: it reads the package there and finds the packages that stay outside of it.
  dist = mkdtempSync(join(top, "dist-"));
  execFileSync(process.execPath, ["scripts/build.mjs", basename(dist)], { cwd: top });
}, 60_000);
afterAll(() => rmSync(dist, { recursive: true, force: true }));

const run = (...args: string[]) =>
  execFileSync(process.execPath, [join(dist, "sallyport.js"), ...args], {
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
    "rebuild",
    "sandbox",
    "demo",
  ])
    expect(help).toContain(`  ${command}`);
});

test.each(["check", "policy", "backtest", "init", "ledger", "replay", "serve", "rebuild", "sandbox", "demo"])(
  "%s is loaded by itself",
  (command) => {
    expect(run(command, "--help")).toContain(`Usage: sallyport ${command}`);
  },
);

test("what runs as a process of its own is there", () => {
  for (const name of ["action", "sandbox", "git-runner"])
    expect(existsSync(join(dist, `${name}.js`))).toBe(true);
});
