import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { load } from "js-yaml";
import { hookText } from "../../../../app/cli/init/hook.ts";
import { initCommand } from "../../../../app/cli/init/init.ts";
import { policyCommand } from "../../../../app/cli/policy/policy.ts";
import { readLayout } from "../../../../collect/draft/layout.ts";
import { type DraftContext, draftPolicy, proposedRules } from "../../../../collect/draft/policy.ts";
import { parsePolicy } from "../../../../collect/policy/policy.ts";
import { plainGit } from "../../../builders/git-repository.ts";
import { runCommand } from "../../../hosts/run-command.ts";

const policyPath = ".github/sallyport.yml";
const env = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "sallyport-"));
  plainGit(top, ["init", "-q", "-b", "main", "."]);
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

function write(path: string, text = ""): void {
  mkdirSync(dirname(join(top, path)), { recursive: true });
  writeFileSync(join(top, path), text);
}
const read = (path: string) => readFileSync(join(top, path), "utf8");
const run = (...args: string[]) => runCommand(initCommand, args, { cwd: top, env });

/** The draft for a tree without history, parsed. */
function drafted(files: string[], more: Partial<DraftContext> = {}) {
  const layout = readLayout(files);
  const rules = proposedRules(layout).map(([yaml]) => ({ yaml, against: null }));
  const people = { owners: [], file: null, committers: [] };
  const text = draftPolicy({ layout, people, checks: [], rules, schema: "x", ...more });
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return { text, policy: parsed.policy };
}

describe("a first policy", () => {
  const trees: [string, string[]][] = [
    ["an empty repository", []],
    ["files at the top alone", ["main.py", "README.md"]],
    ["source, tests and documents", ["src/a.ts", "lib/b.ts", "test/a.test.ts", "docs/a.md", "package-lock.json"]],
    ["tests beside the source", ["pkg/a.go", "pkg/a_test.go", "go.sum"]],
    ["names with characters that patterns use", ["app/[id]/page.tsx", "a b/c", "[x]/y", "#z/y", "{q}/r", "*s/t"]],
    ["made and fetched files", ["dist/a.js", "vendor/x.go", "node_modules/y/z.js", "src/a.js"]],
    ["a workflow", [".github/workflows/ci.yml", "src/a.rs"]],
  ];
  test.each(trees)("for %s lints clean", async (_, files) => {
    for (const path of files) write(path, path.endsWith("ci.yml") ? "jobs: { unit: {} }\n" : "");
    expect(await run()).toMatchObject({ err: "", exit: 0 });
    const linted = await runCommand(policyCommand, ["lint", "--json"], { cwd: top });
    // It names nobody, which only people can mend.
    const codes: string[] = JSON.parse(linted.out).warnings.map((one: { code: string }) => one.code);
    expect(codes.filter((code) => !code.startsWith("nobody-"))).toEqual([]);
    expect(linted).toMatchObject({ err: "", exit: 0 });
  });

  test("begins with the schema for editors and has its comments", async () => {
    await run();
    const [first = "", ...rest] = read(policyPath).split("\n");
    expect(first).toMatch(/^# yaml-language-server: \$schema=https:\/\/\S+\/schemas\/json\/policy\.json$/);
    expect(rest.length).toBeGreaterThan(20);
  });

  test("names the schema of this installation when asked, by a path that is there", async () => {
    await run("--local-schema");
    const [, path = ""] = /\$schema=(.*)/.exec(read(policyPath)) ?? [];
    expect(existsSync(join(top, ".github", path))).toBe(true);
  });

  test("names nobody, no made folder, and the folders that are there", () => {
    const files = ["src/a.ts", "dist/b.js", "docs/c.md", "test/d.ts", "go.sum", ".hidden/e"];
    expect(drafted(files).policy).toMatchObject({
      extends: "default",
      people: { planners: [], executors: [], approvers: [], architects: [], separation: "strict" },
      roles: { code: { allow: ["src/**", "test/**"] }, docs: { allow: ["docs/**"] } },
      gates: {
        tests: [{ when: ["src/**/*.ts"], need: ["test/**"] }],
        "diff-size": { ignore: ["**/go.sum"] },
      },
    });
  });

  const layouts: [string, string[], { when: string[]; need: string[] }][] = [
    ["a capital", ["Source/A.swift", "Tests/ATests.swift"], { when: ["Source/**/*.swift"], need: ["Tests/**"] }],
    ["Go at the root", ["a.go", "a_test.go", "cmd/b.go"], { when: ["cmd/**/*.go", "*.go"], need: ["**/*_test.go"] }],
    [
      "Maven",
      ["pom.xml", "src/main/java/a/test/A.java", "src/test/java/a/ATest.java"],
      { when: ["src/main/**/*.java"], need: ["**/test/**"] },
    ],
    [
      "Gradle with modules and source sets",
      ["core/build.gradle.kts", "core/src/main/kotlin/A.kt", "core/src/jvmTest/kotlin/ATest.kt"],
      { when: ["core/**/src/main/**/*.kt"], need: ["**/jvmTest/**"] },
    ],
    [
      "a monorepo",
      ["packages/a/src/f.ts", "packages/a/tsup.config.ts", "packages/a/test/f.ts", "packages/a/package.json"],
      { when: ["packages/*/src/**/*.ts"], need: ["**/test/**"] },
    ],
    [
      "samples and scripts",
      ["lib/a.js", "examples/b.js", "scripts/c.js", "d.config.js", "test/a.test.js"],
      { when: ["lib/**/*.js"], need: ["test/**"] },
    ],
  ];
  test.each(layouts)("U9: asks tests for code alone, where the tests lie: %s", (_, files, { when, need }) => {
    const { policy } = drafted(files);
    expect(policy.gates.tests).toEqual([{ when, need: need.map((one) => one.replace("_test.go", "_test.*")) }]);
    expect(policy.roles.code?.allow).toEqual(expect.arrayContaining(policy.gates.tests?.[0]?.need ?? []));
  });

  test("U9: gives migrations, infrastructure and releases to no role", () => {
    const files = [
      "app/a.py",
      "app/db/migrations/1.py",
      "app/Dockerfile",
      "infra/main.tf",
      "release/make.py",
      "ci/x.py",
    ];
    const { policy, text } = drafted(files);
    expect(policy.roles).toEqual({
      code: { execution: "none", allow: ["app/**"], deny: ["**/migrations/**", "**/Dockerfile*"] },
    });
    expect(text).toContain("no role has ci/**, infra/**, release/**");
  });

  test("shows the checks of the workflows in a comment", () => {
    const checks = [
      { file: "ci.yml", pieces: ["unit"] },
      { file: "ci.yml", pieces: ["on ", ""] },
    ];
    expect(drafted([], { checks }).text).toContain('# ci: { checks: ["@github-actions/unit"] }');
  });

  test("U9: names who owns all in CODEOWNERS, and shows committers in a comment alone", async () => {
    write("src/a.ts");
    write(".github/CODEOWNERS", "# all\n* @old\n* @acme/core x@example.com # last\n/docs @writer\n");
    const by = (email: string) => ["commit", "-q", "--allow-empty", "-m", "x", "--author", `x <${email}>`];
    plainGit(top, by("7+ada@users.noreply.github.com"));
    plainGit(top, by("ada@example.com"));
    plainGit(top, by("8+dependabot[bot]@users.noreply.github.com"));
    await run();
    expect(parsePolicy(read(policyPath))).toMatchObject({
      policy: { people: { planners: [], executors: [], approvers: ["@acme/core"], architects: ["@acme/core"] } },
    });
    expect(read(policyPath)).toContain("# who committed, by addresses that prove nothing: @ada#7\n");
  });

  test.each([
    ["the policy", policyPath, "outside"],
    ["its folder", ".github", "."],
  ])("T180: is not written through a link in the place of %s", async (_, path, target) => {
    const elsewhere = mkdtempSync(join(tmpdir(), "sallyport-"));
    writeFileSync(join(elsewhere, "outside"), "mine\n");
    mkdirSync(dirname(join(top, path)), { recursive: true });
    symlinkSync(join(elsewhere, target), join(top, path));
    for (const args of [[], ["--force"]])
      expect(await run(...args)).toMatchObject({
        exit: 1,
        out: "",
        err: expect.stringContaining("is a link"),
      });
    expect(readdirSync(elsewhere)).toEqual(["outside"]);
    expect(readFileSync(join(elsewhere, "outside"), "utf8")).toBe("mine\n");
    rmSync(elsewhere, { recursive: true, force: true });
  });

  test("is never written over one that is there, unless forced", async () => {
    write(policyPath, "mine\n");
    expect(await run()).toMatchObject({ exit: 1, err: expect.stringContaining("--force") });
    expect(read(policyPath)).toBe("mine\n");
    expect((await run("--force")).exit).toBe(0);
    expect(read(policyPath)).toContain("version: 1");
  });

  test("is not written beside one with the other ending", async () => {
    write(".github/sallyport.yaml", "mine\n");
    expect(await run("--force")).toMatchObject({ exit: 1, err: expect.stringContaining("rename it") });
    expect(existsSync(join(top, policyPath))).toBe(false);
  });

  test("is written at the top of the work tree, from any folder in it", async () => {
    write("deep/er/a.ts");
    await runCommand(initCommand, [], { cwd: join(top, "deep/er"), env });
    expect(read(policyPath)).toContain('- "deep/**"');
  });

  test("outside a work tree: exit 2 and one line", async () => {
    const outside = mkdtempSync(join(tmpdir(), "sallyport-"));
    const { err, exit } = await runCommand(initCommand, [], { cwd: outside, env });
    rmSync(outside, { recursive: true });
    expect({ exit, lines: err.split("\n").length }).toEqual({ exit: 2, lines: 2 });
  });
});

describe("U9: a draft on history", () => {
  /** Merged changes, each with its files; the newest is last. */
  function merge(...changes: Record<string, string>[]) {
    for (const files of changes) {
      for (const [path, text] of Object.entries(files)) write(path, text);
      plainGit(top, ["add", "-A"]);
      plainGit(top, ["commit", "-q", "-m", `\u001b[31m${Object.keys(files)}`]);
    }
  }
  const start = { "src/a.ts": "", "test/a.test.ts": 'test("a", () => expect(a()).toBe(0));\n' };
  const untested = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ "src/a.ts": `export const a = () => ${at};\n` }));

  test("a rule that merged changes broke is left out with its number, and shown with examples", async () => {
    merge(start, ...untested(4));
    const { out, err, exit } = await run();
    // A slow machine shows progress; there is nothing else to say.
    expect({ err: err.replace(/\d of 4 changes\n/g, ""), exit }).toEqual({ err: "", exit: 0 });
    expect(out).toContain("Tried on the last 4 changes of main.");
    expect(out).toMatch(
      /tests is left out, in a comment: 4 of them broke it, such as\n {4}[0-9a-f]{12} \[U\+001B\]\[31msrc\/a\.ts\n {6}tests: src\/a\.ts: /,
    );
    expect(read(policyPath)).toMatch(/# left out: 4 of the last 4 merged changes .*\n {2}# tests:\n {2}# {3}- when: /);
    expect(parsePolicy(read(policyPath))).toMatchObject({
      ok: true,
      policy: { gates: { "diff-size": { files: 30 } } },
    });
  });

  test("a rule that they kept stays", async () => {
    merge(start, ...untested(1));
    expect((await run()).out).toContain("would have blocked 1 of them:\n");
    expect(parsePolicy(read(policyPath))).toMatchObject({ policy: { gates: { tests: [{ need: ["test/**"] }] } } });
  });

  test("a size that they broke is widened before it is given up", async () => {
    const wide = (lines: number, name: string) => ({ [name]: "x\n".repeat(lines) });
    merge(start, wide(1500, "src/a.txt"), wide(1600, "src/b.txt"), wide(900, "src/c.txt"));
    await run();
    expect(parsePolicy(read(policyPath))).toMatchObject({ policy: { gates: { "diff-size": { lines: 2000 } } } });
    merge(wide(6000, "src/d.txt"), wide(6000, "src/e.txt"));
    await run("--force");
    expect(read(policyPath)).toMatch(/# left out: 2 of the last 5 .*\n {2}# diff-size: \{ files: 150, lines: 5000/);
  });

  test("a history that cannot be read is told, and the draft is written all the same", async () => {
    write("src/a.ts");
    const { out, exit } = await run();
    expect(exit).toBe(0);
    expect(out).toMatch(/Not tried on history: .* has no commit yet\n/);
  });
});

describe("installing the hook", () => {
  test("where git looks for it, as a program, and once", async () => {
    const { out, exit } = await run("--hook");
    const path = join(top, ".git/hooks/pre-push");
    expect({ exit, told: out.includes(path), mode: statSync(path).mode & 0o111 }).toEqual({
      exit: 0,
      told: true,
      mode: 0o111,
    });
    expect(await run("--hook")).toMatchObject({ exit: 0, out: expect.stringContaining("there already") });
  });

  test("in the folder of core.hooksPath", async () => {
    plainGit(top, ["config", "core.hooksPath", "own hooks"]);
    await run("--hook");
    expect(read("own hooks/pre-push")).toContain("sallyport check");
  });

  test("never in place of somebody else's: says which line to add", async () => {
    write(".git/hooks/pre-push", "#!/bin/sh\nmake test\n");
    const { err, exit } = await run("--hook", "--force");
    expect({ err, exit }).toMatchObject({ exit: 1, err: expect.stringContaining("add this line to it") });
    expect(read(".git/hooks/pre-push")).toBe("#!/bin/sh\nmake test\n");
  });

  test.each([
    ["9, whose own folder each install makes anew", ".husky/_"],
    ["with its folder alone", undefined],
  ])("husky %s: into .husky", async (_, hooksPath) => {
    write(".husky/pre-commit", "npm test\n");
    if (hooksPath !== undefined) plainGit(top, ["config", "core.hooksPath", hooksPath]);
    expect(await run("--hook")).toMatchObject({ exit: 0, out: expect.stringContaining("/.husky/pre-push.") });
    expect(read(".husky/pre-push")).toBe(hookText);
    write(".husky/pre-push", "npm test\n");
    const { err, exit } = await run("--hook");
    expect({ err, exit }).toMatchObject({
      exit: 1,
      err: expect.stringContaining("/.husky/pre-push is there and is kept"),
    });
    expect(read(".husky/pre-push")).toBe("npm test\n");
  });

  test.each([
    ["lefthook.yml", "pre-commit: {}\n", "npx lefthook install"],
    [".pre-commit-config.yaml", "repos: []\n", "pre-commit install --hook-type pre-push"],
    ["package.json", '{ "simple-git-hooks": { "pre-commit": "npm test" } }\n', "npx simple-git-hooks"],
    [".simple-git-hooks.json", '{ "pre-commit": "npm test" }\n', "npx simple-git-hooks"],
  ])("where hooks are written from %s: says what to add and what to run", async (path, text, command) => {
    write(path, text);
    const { err, exit } = await run("--hook");
    expect({ err, exit }).toMatchObject({
      exit: 1,
      err: expect.stringMatching(/ is kept; add this .*\bsallyport check\b/s),
    });
    expect(err).toContain(`then run: ${command}\n`);
    expect({ text: read(path), made: existsSync(join(top, ".git/hooks/pre-push")) }).toEqual({ text, made: false });
    write(path, `${text}# sallyport\n`);
    expect((await run("--hook")).exit).toBe(0);
  });

  test("a package.json of other things leaves git's own folder", async () => {
    write("package.json", '{ "devDependencies": { "simple-git-hooks": "1" } }\n');
    expect((await run("--hook")).out).toContain(".git/hooks/pre-push");
  });

  test("in place of an older one of ours", async () => {
    write(".git/hooks/pre-push", `${hookText.split("\n").slice(0, 2).join("\n")}\nexit 0\n`);
    expect((await run("--hook")).exit).toBe(0);
    expect(read(".git/hooks/pre-push")).toContain("sallyport check");
  });
});

describe("the files beside the policy", () => {
  const workflow = ".github/workflows/sallyport.yml";
  const review = ".github/workflows/sallyport-review.yml";
  const release = "https://github.com/sallyport/sallyport";
  /** Settings by which git takes a folder for an address. */
  const instead = (folder: string, address: string) => ({
    ...env,
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `url.${folder}.insteadOf`,
    GIT_CONFIG_VALUE_0: address,
  });
  const write1 = () => plainGit(top, ["commit", "-q", "--allow-empty", "-m", "x"]);
  const away = instead("/nowhere/", release);

  test("H13: the workflow runs the Action by the commit of its release", async () => {
    write1();
    plainGit(top, ["-c", "tag.gpgsign=false", "tag", "-a", "v1", "-m", "v1"]);
    const commit = plainGit(top, ["rev-parse", "HEAD"]).trim();
    const { exit } = await runCommand(initCommand, ["--action"], { cwd: top, env: instead(top, release) });
    expect({ exit, text: read(workflow) }).toEqual({
      exit: 0,
      text: expect.stringContaining(`uses: sallyport/sallyport/action@${commit} # v1\n`),
    });
  });

  test("the workflow is the template that the Action's README shows; it says how to pin, and replaces none", async () => {
    const { out } = await runCommand(initCommand, ["--action"], { cwd: top, env: away });
    const shown = readFileSync(join(import.meta.dirname, "../../../../action/README.md"), "utf8");
    for (const path of [workflow, review]) expect(shown).toContain(read(path));
    expect(out).toContain("Pin the Action: ");
    write(workflow, "mine\n");
    const again = await runCommand(initCommand, ["--action"], { cwd: top, env: away });
    expect({ ...again, text: read(workflow) }).toMatchObject({
      text: "mine\n",
      err: expect.stringContaining("is kept"),
    });
  });

  test("the workflow listens to those of the repository that run for pull requests, by their names", async () => {
    const job = "jobs: { test: { runs-on: x, steps: [] } }\n";
    write(".github/workflows/a.yml", `name: 'CI: "all" $&'\non: [push, pull_request]\n${job}`);
    write(".github/workflows/b.yml", `on:\n  pull_request:\n${job}`);
    write(".github/workflows/c.yml", `name: nightly\non: schedule\n${job}`);
    plainGit(top, ["add", "."]);
    await runCommand(initCommand, ["--action"], { cwd: top, env: away });
    const { on } = load(read(workflow)) as { on: { workflow_run: { workflows: string[] } } };
    expect(on.workflow_run.workflows).toEqual(["sallyport-review", 'CI: "all" $&', ".github/workflows/b.yml"]);
  });

  test("--json writes nothing, and prints what was found and each file that it would write", async () => {
    write("src/a.ts", "export {};\n");
    plainGit(top, ["add", "."]);
    const { out, exit } = await runCommand(initCommand, ["--action", "--json"], { cwd: top, env: away });
    const { files, layout, history } = JSON.parse(out);
    expect({ exit, layout, history }).toMatchObject({ exit: 0, layout: { code: ["src/**"] }, history: {} });
    expect(files.map(({ path, there }: { path: string; there: boolean }) => [path, there])).toEqual([
      [policyPath, false],
      [workflow, false],
      [review, false],
    ]);
    expect([policyPath, workflow, review].filter((path) => existsSync(join(top, path)))).toEqual([]);
    const more = await runCommand(initCommand, ["--forms", "--actions", "https://sallyport.acme.dev", "--json"], {
      ...{ cwd: top, env: away },
    });
    expect(JSON.parse(more.out).files.map(({ path }: { path: string }) => path)).toEqual([
      policyPath,
      ".github/workflows/sallyport-agent.yml",
      ".github/ISSUE_TEMPLATE/diff-prompt.yml",
      ".github/ISSUE_TEMPLATE/epic.yml",
      ".github/ISSUE_TEMPLATE/story.yml",
    ]);
    await runCommand(initCommand, ["--action"], { cwd: top, env: away });
    for (const { path, text } of files) expect(read(path)).toBe(text);
  });

  test("U1: the issue forms, each where none is; they and .env.example are in the package", async () => {
    write(".github/ISSUE_TEMPLATE/story.yml", "mine\n");
    await run("--forms");
    expect(readdirSync(join(top, ".github/ISSUE_TEMPLATE")).sort()).toEqual([
      "diff-prompt.yml",
      "epic.yml",
      "story.yml",
    ]);
    expect(read(".github/ISSUE_TEMPLATE/story.yml")).toBe("mine\n");
    const { files } = JSON.parse(readFileSync(join(import.meta.dirname, "../../../../package.json"), "utf8"));
    expect(files).toEqual(
      expect.arrayContaining([
        "action/workflow.yml",
        "action/workflow-review.yml",
        ".env.example",
        ".github/ISSUE_TEMPLATE",
      ]),
    );
  });

  /** A stand-in for `gh` that notes its arguments. */
  function gh(status: number) {
    write(
      "bin/gh",
      `#!/bin/sh\necho "$@" >>'${join(top, "note")}'\n[ "$1" = pr ] && echo https://github.com/a/b/pull/1\nexit ${status}\n`,
    );
    chmodSync(join(top, "bin/gh"), 0o755);
    return { ...env, PATH: `${join(top, "bin")}:${process.env.PATH}`, ...identity };
  }
  const identity = {
    GIT_AUTHOR_NAME: "a",
    GIT_AUTHOR_EMAIL: "a@b.c",
    GIT_COMMITTER_NAME: "a",
    GIT_COMMITTER_EMAIL: "a@b.c",
  };

  test("--pr opens a pull request with these files alone, and leaves what is checked out and staged", async () => {
    write1();
    plainGit(top, ["init", "-q", "--bare", "origin.git"]);
    plainGit(top, ["remote", "add", "origin", join(top, "origin.git")]);
    write("staged");
    plainGit(top, ["add", "staged"]);
    const { out, exit } = await runCommand(initCommand, ["--pr"], { cwd: top, env: gh(0) });
    expect({ out, exit }).toMatchObject({
      exit: 0,
      out: expect.stringContaining("Opened https://github.com/a/b/pull/1\n"),
    });
    expect(plainGit(join(top, "origin.git"), ["diff", "--name-only", "sallyport-setup^", "sallyport-setup"])).toBe(
      `${policyPath}\n`,
    );
    expect(plainGit(top, ["diff", "--cached", "--name-only"])).toBe("staged\n");
    expect(plainGit(top, ["symbolic-ref", "HEAD"])).toBe("refs/heads/main\n");
    expect(read("note")).toMatch(/^pr create --head sallyport-setup /m);
  });

  test("--pr where that cannot be: the commands to do it by hand, and exit 1", async () => {
    write1();
    const { err, exit } = await runCommand(initCommand, ["--pr"], { cwd: top, env: gh(1) });
    expect({ err, exit }).toMatchObject({ exit: 1, err: expect.stringContaining(`  git add ${policyPath}\n`) });
  });

  test("--pr without `gh` says that it is not installed", async () => {
    mkdirSync(join(top, "bin"));
    const git = process.env.PATH?.split(":").find((folder) => existsSync(join(folder, "git"))) ?? "";
    symlinkSync(join(git, "git"), join(top, "bin/git"));
    write1();
    const { err } = await runCommand(initCommand, ["--pr"], { cwd: top, env: { ...env, PATH: join(top, "bin") } });
    expect(err).toContain("no pull request was opened: `gh` is not installed");
  });

  test.each([[[]], [["--pr", "--hook"]]])(
    "an address of the service that is none writes nothing (%j)",
    async (more) => {
      write1();
      expect(await run("--actions", "sallyport.acme.dev", ...more)).toMatchObject({
        exit: 2,
        out: "",
        err: expect.stringContaining("write the address of the service in full"),
      });
      expect(existsSync(join(top, policyPath))).toBe(false);
    },
  );

  test("the next step comes last, and names what the workflow sets", async () => {
    const { out } = await runCommand(initCommand, ["--action", "--hook"], { cwd: top, env: away });
    expect(out.trim().split("\n").at(-1)).toMatch(/^Next: name people .* require the status `sallyport`\.$/);
    expect((await run("--force")).out).toMatch(/\nNext: name people .* require the check `sallyport`\.\n$/);
  });

  test("a policy that is kept is no cause to replace it where something else was asked for", async () => {
    await run();
    expect((await run("--hook")).err).toBe("");
    expect((await run()).err).toContain("--force replaces it");
  });
});

describe("the hook", () => {
  const zero = "0".repeat(40);
  let one: string;
  let two: string;
  beforeEach(() => {
    write("hook", hookText);
    chmodSync(join(top, "hook"), 0o755);
    const tree = plainGit(top, ["mktree"], "").trim();
    one = plainGit(top, ["commit-tree", tree, "-m", "one"]).trim();
    two = plainGit(top, ["commit-tree", tree, "-p", one, "-m", "two"]).trim();
    plainGit(top, ["update-ref", "refs/heads/main", one]);
  });

  /** Runs the hook with a stand-in for npx that notes what it was asked and ends with a status. */
  function hook(pushed: string, status: number, more: Record<string, string> = {}) {
    const note = join(top, "note");
    write("bin/npx", `#!/bin/sh\ncat >/dev/null\necho "$@" >>'${note}'\nexit ${status}\n`);
    chmodSync(join(top, "bin/npx"), 0o755);
    // npm puts the programs of this repository before the others, and with them our own.
    const others = (process.env.PATH ?? "").split(":").filter((folder) => !folder.endsWith("node_modules/.bin"));
    const PATH = [join(top, "bin"), ...others].join(":");
    const ran = spawnSync(join(top, "hook"), [], { cwd: top, input: pushed, env: { ...env, PATH, ...more } });
    const asked = existsSync(note) ? readFileSync(note, "utf8").trim().split("\n") : [];
    return { exit: ran.status, asked, err: ran.stderr.toString() };
  }
  const check = (rest: string) => `--no-install sallyport check ${rest}`;

  test("decides the same under husky, which starts it with -e", () => {
    write("hook", `#!/bin/sh\nset -e\n. '${join(top, "own")}'\n`);
    write("own", hookText);
    plainGit(top, ["update-ref", "refs/heads/main", one]);
    const pushed = `refs/heads/x ${two} refs/heads/x ${zero}\nrefs/heads/y ${two} refs/heads/y ${zero}\n`;
    expect(hook(pushed, 1)).toMatchObject({ exit: 1, asked: [check(`--head ${two}`), check(`--head ${two}`)] });
  });

  test("where no sallyport is installed, says how it comes there, and only then", () => {
    const pushed = `refs/heads/x ${two} refs/heads/x ${zero}\n`;
    const missing = "npm install --save-dev sallyport";
    expect(hook(pushed, 1)).toMatchObject({ exit: 1, err: expect.stringContaining(missing) });
    expect(hook(pushed, 2).err).not.toContain(missing);
    write("node_modules/.bin/sallyport", "#!/bin/sh\n");
    chmodSync(join(top, "node_modules/.bin/sallyport"), 0o755);
    expect(hook(pushed, 1).err).not.toContain(missing);
  });

  test("judges each pushed branch", () => {
    const pushed = `refs/heads/x ${two} refs/heads/x ${zero}\nrefs/heads/y ${two} refs/heads/y ${one}\n`;
    expect(hook(pushed, 0)).toMatchObject({
      exit: 0,
      asked: [check(`--head ${two}`), check(`--head ${two}`)],
    });
  });

  test.each([
    ["a deletion", () => `(delete) ${zero} refs/heads/x ${one}\n`],
    ["a tag", () => `refs/tags/v1 ${two} refs/tags/v1 ${zero}\n`],
    ["a branch that has nothing new", () => `refs/heads/x ${one} refs/heads/x ${zero}\n`],
    ["the first push of the default branch", () => `refs/heads/main ${one} refs/heads/main ${zero}\n`],
    ["nothing", () => ""],
  ])("leaves out %s", (_, pushed) => {
    expect(hook(pushed(), 1)).toMatchObject({ exit: 0, asked: [] });
  });

  test("compares what enters the default branch with where it stands on the other side", () => {
    expect(hook(`refs/heads/main ${two} refs/heads/main ${one}\n`, 0).asked).toEqual([
      check(`--base ${one} --head ${two}`),
    ]);
  });

  test("the default branch is where origin/HEAD points, else main, else master", () => {
    const pushed = `refs/heads/x ${two} refs/heads/trunk ${one}\n`;
    const remote = ["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"];
    expect(hook(pushed, 0).asked).toEqual([check(`--head ${two}`)]);
    plainGit(top, remote);
    expect(hook(pushed, 0).asked.at(-1)).toBe(check(`--base ${one} --head ${two}`));
    plainGit(top, ["symbolic-ref", "--delete", "refs/remotes/origin/HEAD"]);
    plainGit(top, ["update-ref", "refs/heads/master", one]);
    plainGit(top, ["update-ref", "-d", "refs/heads/main"]);
    const master = `refs/heads/x ${two} refs/heads/master ${one}\n`;
    expect(hook(master, 0).asked.at(-1)).toBe(check(`--base ${one} --head ${two}`));
  });

  test("T174 the name of a branch is never a part of the program", () => {
    const name = "refs/heads/$(>made);>made;'`>made`";
    plainGit(top, ["update-ref", name, two]);
    plainGit(top, ["symbolic-ref", "refs/remotes/origin/HEAD", name]);
    const { asked } = hook(`${name} ${two} ${name} ${one}\n`, 0);
    expect(asked).toEqual([check(`--base ${one} --head ${two}`)]);
    expect(existsSync(join(top, "made"))).toBe(false);
  });

  test("one failed branch stops the push, and the others are judged all the same", () => {
    const pushed = `refs/heads/x ${two} refs/heads/x ${zero}\nrefs/heads/y ${two} refs/heads/y ${zero}\n`;
    const { exit, asked } = hook(pushed, 1);
    expect({ exit, count: asked.length }).toEqual({ exit: 1, count: 2 });
  });

  test.each([
    [2, {}, 1],
    [2, { SALLYPORT_HOOK: "warn" }, 0],
    [1, { SALLYPORT_HOOK: "warn" }, 1],
    [127, { SALLYPORT_HOOK: "warn" }, 1],
    [2, { SALLYPORT_HOOK: "off" }, 1],
  ])("a judge that ends with %d under %j: exit %d", (status, more, exit) => {
    const { exit: ended, err } = hook(`refs/heads/x ${two} refs/heads/x ${zero}\n`, status, more);
    expect(ended).toBe(exit);
    if (status === 2) expect(err).toContain("could not be judged");
  });
});
