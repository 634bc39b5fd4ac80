import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { policyCommand } from "../../../../app/cli/policy/policy.ts";
import { commitFiles, file, plainGit } from "../../../builders/git-repository.ts";
import { runCommand } from "../../../hosts/run-command.ts";

const policyPath = ".github/sallyport.yml";
const workflow = "on: pull_request\njobs:\n  unit:\n    name: test\n    runs-on: ubuntu-latest\n    steps: []\n";

let top: string;
beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), "sallyport-"));
});
afterAll(() => rmSync(top, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(top, path)), { recursive: true });
  writeFileSync(join(top, path), text);
}

const run = (args: string[], cwd = top) => runCommand(policyCommand, args, { cwd });

beforeEach(() => {
  rmSync(top, { recursive: true, force: true });
  mkdirSync(top);
  plainGit(top, ["init", "-q", "-b", "main", "."]);
  write(".github/workflows/ci.yml", workflow);
  write("src/a.ts", "");
  write("ignored/a.ts", "");
  write(".gitignore", "ignored\n");
});

const denies = (pattern: string) => `version: 1\ngates:\n  forbidden-paths: { deny: ["${pattern}"] }\n`;

const everyDuty = 'people: { planners: ["@p"], executors: ["@e"], approvers: ["@q"], architects: ["@r"] }\n';

describe("sallyport policy lint", () => {
  test.each([
    ["", "policy, forbidden-paths, links, scope, trace, evidence, approval, dependencies, stop, manual-test"],
    [
      "extends: default\ngates: { review: {} }\n",
      "policy, forbidden-paths, links, tests, secrets, harness, scope, trace, evidence, approval, dependencies, stop, protected, review, manual-test",
    ],
  ])("a policy without a doubt: exit 0, its gates and roles (%#)", async (rest, gates) => {
    write(policyPath, `version: 1\nroles: { web: { allow: ["src/**"] } }\n${everyDuty}${rest}`);
    expect(await run(["lint"])).toEqual({
      out: `${policyPath} is valid. Gates: ${gates}. Roles: web.\n`,
      err: "",
      exit: 0,
    });
  });

  test("this repository governs itself: its policy is valid, and nothing in it is doubtful", async () => {
    const here = join(import.meta.dirname, "../../../..");
    expect(await run(["lint"], here)).toMatchObject({ err: "", exit: 0 });
  });

  test("T054 a link in the place of the policy or of a workflow is not followed: exit 2, as the App takes none", async () => {
    write("elsewhere.yml", "version: 1\n");
    symlinkSync(join(top, "elsewhere.yml"), join(top, policyPath));
    expect(await run(["lint"])).toMatchObject({
      out: "",
      exit: 2,
      err: expect.stringContaining("plain file"),
    });
    expect((await run(["lint", "elsewhere.yml"])).exit).toBe(0);

    rmSync(join(top, policyPath));
    write(policyPath, 'version: 1\ngates: { ci: { checks: ["@github-actions/test"] } }\n');
    expect((await run(["lint", "--strict"])).exit).toBe(0);
    rmSync(join(top, ".github/workflows/ci.yml"));
    write("ci.yml", workflow);
    symlinkSync(join(top, "ci.yml"), join(top, ".github/workflows/ci.yml"));
    expect((await run(["lint", "--strict"])).exit).toBe(1);
  });

  test("a warning: its line, what is doubtful and what to do; exit 0, and 1 with --strict", async () => {
    write(policyPath, denies("docs"));
    const { out, exit } = await run(["lint"]);
    expect(out).toContain(`${policyPath}:3: warning matches-nothing: \`docs\` matches no file`);
    expect(out).toContain("  next: There is no `docs`");
    expect(out).toContain("is valid. 1 warning.");
    expect(exit).toBe(0);
    expect((await run(["lint", "--strict"])).exit).toBe(1);
  });

  test("files count before they are committed, and not when they are ignored", async () => {
    write(policyPath, denies("src"));
    expect((await run(["lint", "--strict"])).exit).toBe(0);
    write(policyPath, denies("ignored"));
    expect((await run(["lint", "--strict"])).exit).toBe(1);
  });

  test("checks are compared with the names of the jobs", async () => {
    const ci = (name: string) => `version: 1\ngates: { ci: { checks: ["@github-actions/${name}"] } }\n`;
    write(policyPath, ci("test"));
    expect((await run(["lint", "--strict"])).exit).toBe(0);
    write(policyPath, ci("unit"));
    expect((await run(["lint"])).out).toContain("warning no-such-check");
  });

  test("a workflow that cannot be read accuses nobody, and is told", async () => {
    write(".github/workflows/bad.yml", "jobs: [");
    write(policyPath, `version: 1\ngates: { ci: { checks: ["@github-actions/gone"] } }\n`);
    const { out, err, exit } = await run(["lint", "--strict"]);
    expect({ out, err, exit }).toMatchObject({
      exit: 0,
      err: expect.stringContaining("note: checks are not compared with workflows: .github/workflows/bad.yml"),
    });
    expect(out).not.toContain("no-such-check");
  });

  test("an error: exit 1, with line and column", async () => {
    write(policyPath, "version: 1\ngates:\n  diff-sise: {}\n");
    const { out, err, exit } = await run(["lint"]);
    expect({ out, exit }).toEqual({ out: "", exit: 1 });
    expect(err).toMatch(/^\.github\/sallyport\.yml:3:3: unknown key "diff-sise".*"diff-size"/);
  });

  test("several errors: all of them in the order of the text, ten at most", async () => {
    write(policyPath, "version: 1\ngates: { diff-sise: {}, diff-size: { files: 010 } }\n");
    expect((await run(["lint"])).err.split("\n")).toEqual([
      expect.stringMatching(/^\.github\/sallyport\.yml:2:10: unknown key/),
      expect.stringMatching(/^\.github\/sallyport\.yml:2:45: put "010" in quotes/),
      "",
    ]);
    const most = Array.from({ length: 13 }, (_, index) => `k${index}: 1\n`).join("");
    write(policyPath, `version: 1\n${most}`);
    const { err } = await run(["lint"]);
    expect(err.split("\n").slice(9)).toEqual([expect.stringContaining(':11:1: unknown key "k9"'), "… and 3 more", ""]);
    expect(JSON.parse((await run(["lint", "--json"])).out).problems).toHaveLength(13);
  });

  test("as JSON: whether it is valid, the problem, the warnings", async () => {
    write(policyPath, denies("docs"));
    expect(JSON.parse((await run(["lint", "--json"])).out)).toEqual({
      file: policyPath,
      valid: true,
      problem: null,
      problems: [],
      warnings: [
        {
          code: "matches-nothing",
          message: expect.any(String),
          policyLine: 3,
          next: expect.any(String),
        },
      ],
      notCompared: [],
      history: null,
    });
    write(policyPath, "version: 2\n");
    const broken = await run(["lint", "--json"]);
    expect({ exit: broken.exit, told: JSON.parse(broken.out) }).toMatchObject({
      exit: 1,
      told: { valid: false, problem: { line: 1, column: 1 }, problems: [{ line: 1 }], warnings: [] },
    });
  });

  test("T17: with --history it tells what the policy would have blocked, in brief", async () => {
    write(policyPath, "version: 1\ngates: { diff-size: { lines: 1 } }\n");
    for (const text of ["", "a\n", "a\nb\nc\n"]) {
      write("src/a.ts", text);
      plainGit(top, ["add", "src"]);
      plainGit(top, ["commit", "-q", "--allow-empty", "-m", `src ${text.length}`]);
    }
    const { out, exit } = await run(["lint", "--history", "10"]);
    expect({ exit, lines: out.split("\n").slice(1) }).toEqual({
      exit: 0,
      lines: [
        "Of the last 2 changes of main it would have blocked 1:",
        expect.stringMatching(/^ {4}[0-9a-f]{12} src 6$/),
        "      diff-size: The change has 2 lines; the policy allows 1.",
        "",
      ],
    });
    expect(JSON.parse((await run(["lint", "--history", "1", "--json"])).out).history).toMatchObject({
      changes: 1,
      blocked: [{ subject: "src 6" }],
    });
    expect(await run(["lint", "--history", "some"])).toMatchObject({
      exit: 2,
      err: 'sallyport policy lint: --history "some" is not a number of changes: write 1 to 9999\n',
    });
  });

  test("no file: exit 2", async () => {
    expect(await run(["lint", "nope.yml"])).toMatchObject({
      out: "",
      exit: 2,
      err: expect.stringContaining("cannot read nope.yml"),
    });
  });

  test("a named file, compared with another work tree", async () => {
    write("other.yml", denies("src"));
    const { out, exit } = await run(["lint", join(top, "other.yml"), "--repo", top, "--strict"], tmpdir());
    expect({ exit, valid: out.includes("is valid.") }).toEqual({ exit: 0, valid: true });
  });

  test("outside a work tree the policy is still checked, and what was not compared is told", async () => {
    const outside = mkdtempSync(join(tmpdir(), "sallyport-"));
    writeFileSync(join(outside, "policy.yml"), denies("docs"));
    const { err, exit } = await run(["lint", "policy.yml"], outside);
    rmSync(outside, { recursive: true });
    expect({ err, exit }).toMatchObject({
      exit: 0,
      err: expect.stringContaining("patterns are not compared with files"),
    });
  });
});

describe("sallyport policy explain", () => {
  const policy = `version: 1\nextends: default\nroles: { web: { allow: ["src/**"] } }\ngates:\n  forbidden-paths: { deny: [governance] }\n`;
  beforeEach(() => {
    const sha = commitFiles(top, new Map([[policyPath, file(policy)]]));
    plainGit(top, ["update-ref", "refs/heads/main", sha]);
  });

  test("asks the default branch's policy, not the work tree's", async () => {
    write(policyPath, "version: 1\n");
    expect(await run(["explain", "governance/x"])).toEqual({
      out: `governance/x
  gates.forbidden-paths.deny.0 \`governance\` (${policyPath}:5): no pull request may touch it, whoever wrote it
  no role allows it, so no agent may touch it
`,
      err: "",
      exit: 0,
    });
  });

  test("says so when no rule touches a path", async () => {
    write("policy.yml", "version: 1\n");
    expect((await run(["explain", "--policy", "policy.yml", "x"])).out).toBe("x\n  no rule\n");
  });

  test("several paths, there or not, with `./` and `/` around them", async () => {
    const { out } = await run(["explain", "--json", "./src/", "AGENTS.md", "src/new.ts"]);
    const { paths } = JSON.parse(out);
    expect(paths.map(({ path, rules }: { path: string; rules: { key: string }[] }) => [path, rules[0]?.key])).toEqual([
      ["src", "roles.web.allow.0"],
      ["AGENTS.md", "extends"],
      ["src/new.ts", "roles.web.allow.0"],
    ]);
  });

  test("a name that no change may hold is told", async () => {
    expect((await run(["explain", "a\u202Eb"])).out).toMatch(
      /^a\[U\+202E\]b\n {2}no change may hold this name: .*U\+202E/,
    );
  });

  test.each([
    ["no such file", ["--policy", "nope.yml"], /nope\.yml cannot be read/],
    ["no git directory", ["--repo", "/nonexistent"], /nonexistent/],
  ])("%s: exit 2 and one line", async (_, args, line) => {
    const { out, err, exit } = await run(["explain", "a", ...args]);
    expect({ out, exit, lines: err.split("\n").length }).toEqual({ out: "", exit: 2, lines: 2 });
    expect(err).toMatch(line);
  });

  test("a default branch without a policy, and a policy that is not valid: exit 2", async () => {
    write("policy.yml", "version: 2\n");
    expect(await run(["explain", "a", "--policy", "policy.yml"])).toMatchObject({
      exit: 2,
      err: expect.stringContaining("policy.yml:1:1: "),
    });
    plainGit(top, ["update-ref", "refs/heads/main", commitFiles(top, new Map([["a", file("1")]]))]);
    expect(await run(["explain", "a"])).toMatchObject({
      exit: 2,
      err: expect.stringContaining("--policy"),
    });
  });
});

test("sallyport policy schema prints a JSON Schema", async () => {
  expect(JSON.parse((await run(["schema"])).out)).toMatchObject({ type: "object" });
});
