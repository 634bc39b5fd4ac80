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
import { draftPolicy } from "../../../../app/cli/init/draft.ts";
import { hookText } from "../../../../app/cli/init/hook.ts";
import { initCommand } from "../../../../app/cli/init/init.ts";
import { policyCommand } from "../../../../app/cli/policy/policy.ts";
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
    const linted = await runCommand(policyCommand, ["lint", "--strict"], { cwd: top });
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
    const parsed = parsePolicy(draftPolicy({ files, checks: [] }, "x"));
    expect(parsed).toMatchObject({
      ok: true,
      policy: {
        extends: "default",
        people: { planners: [], executors: [], approvers: [], architects: [], separation: "strict" },
        roles: { code: { allow: ["src/**"] }, docs: { allow: ["docs/**"] } },
        gates: {
          tests: [{ when: ["src/**"], need: ["test/**"] }],
          "diff-size": { ignore: ["**/go.sum"] },
        },
      },
    });
  });

  test("shows the checks of the workflows in a comment", () => {
    const checks = [
      { file: "ci.yml", pieces: ["unit"] },
      { file: "ci.yml", pieces: ["on ", ""] },
    ];
    const text = draftPolicy({ files: [], checks }, "x");
    expect(text).toContain('# ci: { checks: ["@github-actions/unit"] }');
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
    expect(read(policyPath)).toContain('allow: ["deep/**"]');
  });

  test("outside a work tree: exit 2 and one line", async () => {
    const outside = mkdtempSync(join(tmpdir(), "sallyport-"));
    const { err, exit } = await runCommand(initCommand, [], { cwd: outside, env });
    rmSync(outside, { recursive: true });
    expect({ exit, lines: err.split("\n").length }).toEqual({ exit: 2, lines: 2 });
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

  test("in place of an older one of ours", async () => {
    write(".git/hooks/pre-push", `${hookText.split("\n").slice(0, 2).join("\n")}\nexit 0\n`);
    expect((await run("--hook")).exit).toBe(0);
    expect(read(".git/hooks/pre-push")).toContain("sallyport check");
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
    const PATH = `${join(top, "bin")}:${process.env.PATH}`;
    const ran = spawnSync(join(top, "hook"), [], { cwd: top, input: pushed, env: { ...env, PATH, ...more } });
    const asked = existsSync(note) ? readFileSync(note, "utf8").trim().split("\n") : [];
    return { exit: ran.status, asked, err: ran.stderr.toString() };
  }
  const check = (rest: string) => `--no-install sallyport check ${rest}`;

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
