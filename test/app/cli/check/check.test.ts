import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { checkCommand } from "../../../../app/cli/check/check.ts";
import { gateNames, gates } from "../../../../core/gates/registry.ts";
import { Verdict } from "../../../../schemas/verdict.ts";
import { commitFiles, file, makeRepository, type Node, plainGit } from "../../../builders/git-repository.ts";
import { serveGitApi } from "../../../hosts/git-api.ts";
import { runCommand } from "../../../hosts/run-command.ts";

const check = (args: string[], env: Record<string, string> = {}, cwd = repository.dir) =>
  runCommand(checkCommand, args, { cwd, env });

const policyPath = ".github/sallyport.yml";
const denies = (pattern: string) => file(`version: 1\ngates:\n  forbidden-paths: { deny: [${pattern}] }\n`);

let repository: ReturnType<typeof makeRepository>;
let scratch: string;
let main: string;
let head: string;

function branch(name: string, files: Record<string, Node>, parents: string[] = []): string {
  const sha = commitFiles(repository.dir, new Map(Object.entries(files)), parents);
  plainGit(repository.dir, ["update-ref", `refs/heads/${name}`, sha]);
  return sha;
}

beforeAll(() => {
  repository = makeRepository();
  scratch = mkdtempSync(join(tmpdir(), "sallyport-"));
  main = branch("main", { [policyPath]: denies("governance"), a: file("1\n") });
  head = branch("good", { [policyPath]: denies("governance"), a: file("2\n") }, [main]);
  branch("bad", { [policyPath]: denies("nothing"), "governance/x": file("1\n") }, [main]);
  branch("empty", { [policyPath]: denies("governance"), a: file("1\n") }, [main]);
});
afterAll(() => {
  repository.remove();
  rmSync(scratch, { recursive: true, force: true });
});

describe("sallyport check in a git directory", () => {
  test("success: exit 0, the content gates judged and the others deferred", async () => {
    const { out, err, exit } = await check(["--head", "good", "--json"]);
    const verdict = Verdict.parse(JSON.parse(out));
    expect({ err, exit }).toEqual({ err: "", exit: 0 });
    expect(verdict).toMatchObject({ conclusion: "success", base: main, head, policy: { ref: main } });
    expect(verdict.deferred).toEqual(gateNames.filter((name) => gates[name].group !== "content"));
  });

  test("T047 failure: exit 1, by the policy of the default branch although the head changes it", async () => {
    const { out, exit } = await check(["--head", "bad", "--json"]);
    expect({ exit, verdict: JSON.parse(out) }).toMatchObject({
      exit: 1,
      verdict: { conclusion: "failure", policy: { ref: main } },
    });
  });

  test("T048 naming another base does not choose another policy", async () => {
    const { out } = await check(["--base", "bad", "--head", "good", "--json"]);
    expect(JSON.parse(out).policy.ref).toBe(main);
  });

  test("T041 a change of nothing does not pass", async () => {
    expect((await check(["--head", "empty"])).exit).toBe(1);
  });

  test("text for people names the gate and the path", async () => {
    const { out } = await check(["--head", "bad"]);
    expect(out).toContain("forbidden-paths");
    expect(out).toContain("governance/x");
  });

  test("a policy file given by hand is the one that counts", async () => {
    const path = join(scratch, "policy.yml");
    writeFileSync(path, denies("a").content);
    const { out, exit } = await check(["--head", "good", "--policy", path, "--json"]);
    expect({ exit, conclusion: JSON.parse(out).conclusion }).toEqual({ exit: 1, conclusion: "failure" });
  });

  test("the same question has the same bytes for an answer", async () => {
    expect(await check(["--head", "bad", "--json"])).toEqual(await check(["--head", "bad", "--json"]));
  });

  const refused: [string, string[], RegExp][] = [
    ["a head that is not there", ["--head", "nope"], /no commit named "nope"/],
    ["a head that looks like an option", ["--head=--all"], /no commit named "--all"/],
    ["a base that is not there", ["--base", "nope", "--head", "good"], /no commit named "nope"/],
    ["no git directory", ["--repo", "/nonexistent"], /\/nonexistent: .*; name a clone with --repo$/m],
    ["no policy file", ["--head", "good", "--policy", "nope.yml"], /nope\.yml cannot be read; .*there is no such file/],
    ["a pull request that is none", ["--pr", "o/r"], /owner\/repo#12/],
    ["no token", ["--pr", "o/r#7"], /GITHUB_TOKEN/],
    ["two questions at once", ["--pr", "o/r#7", "--head", "good"], /--head does not go with --pr/],
  ];
  test.each(refused)("%s: exit 2 and one line", async (_, args, line) => {
    const { out, err, exit } = await check(args);
    expect({ out, exit, lines: err.split("\n").length }).toEqual({ out: "", exit: 2, lines: 2 });
    expect(err).toMatch(line);
  });

  test("a git directory without a default branch needs a base, and still no policy is taken from it", async () => {
    const other = makeRepository();
    const base = commitFiles(other.dir, new Map([[policyPath, denies("x")]]));
    plainGit(other.dir, ["update-ref", "refs/heads/trunk", base]);
    const without = await check(["--head", "trunk"], {}, other.dir);
    const { out, exit } = await check(["--base", "trunk", "--head", "trunk", "--json"], {}, other.dir);
    other.remove();
    expect(without).toMatchObject({ exit: 2, err: expect.stringContaining("--base") });
    expect({ exit, verdict: JSON.parse(out) }).toMatchObject({
      exit: 2,
      verdict: { conclusion: "pending", policy: null },
    });
  });

  test("U3: without a policy it says what sets it up: exit 2 and one line", async () => {
    const other = makeRepository();
    const tip = commitFiles(other.dir, new Map([["a", file("1\n")]]));
    const next = commitFiles(other.dir, new Map([["a", file("2\n")]]), [tip]);
    plainGit(other.dir, ["update-ref", "refs/heads/main", tip]);
    plainGit(other.dir, ["update-ref", "refs/heads/next", next]);
    const { out, err, exit } = await check(["--head", "next"], {}, other.dir);
    other.remove();
    expect({ out, exit, lines: err.split("\n").length }).toEqual({ out: "", exit: 2, lines: 2 });
    expect(err).toMatch(/not set up yet.*npx sallyport init/);
  });

  test("U3: a first policy that is broken is told with every problem, one a line", async () => {
    const other = makeRepository();
    const tip = commitFiles(other.dir, new Map([["a", file("1\n")]]));
    const next = commitFiles(other.dir, new Map([[policyPath, file("version: 1\ngate: 1\nphase: 2\n")]]), [tip]);
    plainGit(other.dir, ["update-ref", "refs/heads/main", tip]);
    plainGit(other.dir, ["update-ref", "refs/heads/next", next]);
    const { out, err, exit } = await check(["--head", "next"], {}, other.dir);
    other.remove();
    expect({ out, exit, lines: err.split("\n").length }).toEqual({ out: "", exit: 2, lines: 4 });
    expect(err).toMatch(/not set up yet.*mend it.*\n.*Line 2.*"gate".*\n.*Line 3.*"phase"/);
  });

  test("H15: a head that breaks the policy fails with every problem at once", async () => {
    const broken = file("version: 1\ngate: 1\nphase: 2\n");
    branch("broken", { [policyPath]: broken, a: file("1\n") }, [main]);
    const { out, exit } = await check(["--head", "broken"]);
    expect(exit).toBe(1);
    expect(out).toMatch(/policy.*fails\n(?:.*\n)*.*unknown key "gate"(?:.*\n)*.*unknown key "phase"/);
  });

  test("the default branch is where origin/HEAD points", async () => {
    const clone = mkdtempSync(join(tmpdir(), "sallyport-"));
    plainGit(repository.dir, ["clone", "-q", "--branch", "good", `file://${repository.dir}`, clone]);
    plainGit(clone, ["remote", "set-head", "origin", "main"]);
    const { out } = await check(["--json"], {}, clone);
    rmSync(clone, { recursive: true, force: true });
    expect(JSON.parse(out)).toMatchObject({ base: main, head, policy: { ref: main } });
  });
});

describe("sallyport check of a pull request", () => {
  test("a refused token: exit 2 and one line", async () => {
    const api = await serveGitApi(repository.dir, { base: "main", head: "good" });
    const { err, exit } = await check(["--pr", "o/r#7"], { GITHUB_TOKEN: "bad", GITHUB_API_URL: api.url });
    api.close();
    expect({ exit, lines: err.split("\n").length, err }).toMatchObject({
      exit: 2,
      lines: 2,
      err: expect.stringContaining("check the token"),
    });
  });

  test("every gate is judged and none is deferred", async () => {
    const api = await serveGitApi(repository.dir, { base: "main", head: "good" });
    const { out, exit } = await check(["--pr", "o/r#7", "--json"], {
      GH_TOKEN: "good",
      GITHUB_API_URL: api.url,
    });
    api.close();
    expect({ exit, verdict: JSON.parse(out) }).toMatchObject({
      exit: 0,
      verdict: { conclusion: "success", head, deferred: [] },
    });
  });
});
