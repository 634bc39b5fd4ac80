import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readSeed, type Seed } from "../../../sandbox/seed/seed.ts";
import { startSandbox } from "../../../sandbox/server/server.ts";

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "seed-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

const base: Seed = { users: [{ login: "lena" }], organizations: [{ login: "acme" }] };

describe("a seed that is wrong is refused in one line", () => {
  test.each<[string, unknown, RegExp]>([
    ["an unknown field", { ...base, teams: [] }, /^seed: .*teams/],
    [
      "an owner that there is not",
      { repositories: [{ full_name: "acme/web" }] },
      /acme\/web: there is no user or organization acme/,
    ],
    [
      "a collaborator that there is not",
      { ...base, repositories: [{ full_name: "acme/web", collaborators: { max: "read" } }] },
      /no user or organization max/,
    ],
    [
      "an app that there is not",
      { ...base, repositories: [{ full_name: "acme/web", installed: ["x"] }] },
      /there is no app x/,
    ],
    [
      "a team that there is not",
      { ...base, repositories: [{ full_name: "acme/web", teams: { x: "read" } }] },
      /has no team x/,
    ],
    [
      "a role that there is not",
      { ...base, repositories: [{ full_name: "acme/web", collaborators: { lena: "king" } }] },
      /^seed: repositories\.0\.collaborators\.lena/,
    ],
    ["a name without owner", { ...base, repositories: [{ full_name: "web" }] }, /full_name: must be owner\/name/],
  ])("%s", async (_title, seed, message) => {
    const failure = await startSandbox({ seed: seed as Seed }).catch((error: Error) => error.message);
    expect(failure).toMatch(message);
    expect(failure).not.toMatch(/\n/);
  });

  test("a file that is no YAML, by its name", async () => {
    const file = join(dir, "broken.yml");
    writeFileSync(file, "users: [");
    await expect(readSeed(file)).rejects.toThrow(/^.*broken\.yml: [^\n]*$/);
  });
});

test("a repository is cloned with its branches and stays as it was", async () => {
  const origin = join(dir, "origin");
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.org", "-C", origin, ...args], {
      encoding: "utf8",
    });
  execFileSync("git", ["init", "-q", "-b", "trunk", origin]);
  git("commit", "-q", "--allow-empty", "-m", "first");
  git("branch", "other");
  const seed = { ...base, repositories: [{ full_name: "acme/web", path: origin }] };
  const sandbox = await startSandbox({ seed });
  const answer = await fetch(`${sandbox.url}/repos/acme/web/branches`);
  expect(await answer.json()).toMatchObject([
    { name: "other" },
    { name: "trunk", commit: { sha: git("rev-parse", "HEAD").trim() } },
  ]);
  expect(sandbox.state.repositories[0]?.defaultBranch).toBe("trunk");
  const kept = sandbox.state.dir;
  await sandbox.close();
  expect(existsSync(kept)).toBe(false);
});

test("a missing private key is made for its owner's eyes only, and used again", async () => {
  const file = join(dir, "app.pem");
  const seed = { ...base, apps: [{ slug: "sallyport", private_key_file: file }] };
  await (await startSandbox({ seed })).close();
  const key = readFileSync(file, "utf8");
  expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await (await startSandbox({ seed })).close();
  expect(readFileSync(file, "utf8")).toBe(key);
});

test("a directory that is given is kept, and not planted over", async () => {
  const kept = join(dir, "kept");
  const seed = { ...base, repositories: [{ full_name: "acme/web", files: { a: "a" } }] };
  await (await startSandbox({ seed, dir: kept })).close();
  expect(existsSync(join(kept, "repositories/acme/web.git/HEAD"))).toBe(true);
  await expect(startSandbox({ seed, dir: kept })).rejects.toThrow(/web\.git holds a repository of an earlier start/);
});

test("a port that is taken is an error", async () => {
  const first = await startSandbox({ seed: base });
  await expect(startSandbox({ seed: base, port: first.port })).rejects.toThrow(/EADDRINUSE/);
  await first.close();
});

describe("run by itself", () => {
  const run = (...args: string[]) =>
    spawn(process.execPath, ["sandbox/main.ts", ...args], { stdio: ["ignore", "ignore", "pipe"] });

  test("it says where it listens and ends when told to", async () => {
    const file = join(dir, "seed.yml");
    writeFileSync(file, "organizations: [{ login: acme }]\nrepositories: [{ full_name: acme/web }]\n");
    const child = run("--seed", file);
    const [line] = await new Promise<string[]>((resolve) =>
      child.stderr.on("data", (chunk) => resolve(String(chunk).split("\n"))),
    );
    const url = /^sandbox listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(line ?? "")?.[1];
    expect((await fetch(`${url}/repos/acme/web`)).status).toBe(200);
    child.kill("SIGTERM");
    expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(0);
  });

  test.each<[string, string[]]>([
    ["no seed", []],
    ["a seed that is not there", ["--seed", "/none.yml"]],
    ["no number as port", ["--seed", "x.yml", "--port", "http"]],
    ["an unknown option", ["--sed", "x.yml"]],
  ])("%s is bad input", async (_title, args) => {
    const child = run(...args);
    expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(2);
  });
});
