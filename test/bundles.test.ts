import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { makeRepository } from "../bench/made.ts";
import { zipOf } from "./builders/zip.ts";
import { startGitSide } from "./hosts/sandbox-git.ts";

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

test("an install brings every package that the command line loads", () => {
  const { dependencies } = JSON.parse(readFileSync(join(top, "package.json"), "utf8"));
  // They say themselves that they need a checkout.
  const ofCheckouts = /^(?:sandbox|git-runner|commands\/demo-demo)\.js$/;
  // All that the Actions need is in them.
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter(
    (file) => /\.c?js$/.test(file) && file !== "action.js" && file !== "job.js" && !ofCheckouts.test(file),
  );
  const loaded = files.flatMap((file) => {
    const text = readFileSync(join(dist, file), "utf8");
    const names = [...text.matchAll(/\b(?:from|import|require)\s?\(?"((?:@[\w-]+\/)?[a-z][\w-]*)[\w./-]*"/g)];
    return names.map(([, name = ""]) => name).filter((name) => !isBuiltin(name));
  });
  expect(loaded).toContain("probot");
  expect([...new Set(loaded)].filter((name) => !Object.hasOwn(dependencies, name))).toEqual([]);
});

test("what runs as a process of its own is there", () => {
  for (const name of ["action", "sandbox", "git-runner"]) expect(existsSync(join(dist, `${name}.js`))).toBe(true);
});

test("what every start of `check` reads holds no schemas: to make them takes longer than to judge", () => {
  for (const file of ["sallyport.cjs", "program.cjs"])
    expect(readFileSync(join(dist, file), "utf8")).not.toContain("ZodError");
  expect(readFileSync(join(dist, "action.js"), "utf8")).toContain("ZodError");
});

test("the Action's bundle downloads an artifact of the head and judges the coverage that it reports", async () => {
  const wanted = "coverage: { artifact: { name: cov, workflow: .github/workflows/ci.yml }, min: 80, unread: block }";
  const policy = `version: 1\ngates: { evidence: { require: [{ ${wanted} }] } }\n`;
  const side = await startGitSide({ files: { ".github/sallyport.yml": policy } });
  const folder = mkdtempSync(join(tmpdir(), "sallyport-action-"));
  try {
    const head = await side.commit("feature", "a.ts", "1;\n");
    await side.call("writer", "POST", "pulls", { title: "A change", head: "feature", base: "main" });
    const [event, output] = [join(folder, "event.json"), join(folder, "output")];
    writeFileSync(event, JSON.stringify({ pull_request: { number: 1, head: { sha: head } } }));
    const env = {
      ...{ GITHUB_REPOSITORY: "acme/web", GITHUB_EVENT_NAME: "pull_request_target", GITHUB_EVENT_PATH: event },
      ...{ GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: output, "INPUT_API-URL": side.sandbox.url },
      ...{ "INPUT_GITHUB-TOKEN": "writer", "INPUT_FAIL-ON": "pending" },
    };
    const judge = async (covered: number | null) => {
      writeFileSync(output, "");
      const report = `SF:a.ts\nDA:1,${covered}\nDA:2,1\n`;
      const upload = { repository: "acme/web", name: "cov", workflow: ".github/workflows/ci.yml", head_sha: head };
      const zip = zipOf("coverage/lcov.info", report).toString("base64");
      if (covered !== null) await side.call("admin", "POST", "/_sandbox/artifacts", { ...upload, zip });
      // The sandbox answers in this process, so it must not wait for the job.
      await promisify(execFile)(process.execPath, [join(dist, "action.js")], { env, cwd: folder }).catch(() => null);
      return readFileSync(output, "utf8");
    };
    expect(await judge(null)).toMatch(/"conclusion": "pending".*"artifact-missing"/s);
    expect(await judge(0)).toMatch(/"conclusion": "failure".*50\.0 % of 2 lines are covered/s);
    expect(await judge(1)).toMatch(/"conclusion": "success".*100\.0 % of 2 lines are covered/s);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await side.close();
  }
}, 60_000);

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
