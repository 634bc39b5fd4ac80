import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { backtestCommand } from "../../../../app/cli/backtest/backtest.ts";
import { showProgress } from "../../../../app/terminal/progress.ts";
import { commitFiles, file, makeRepository, plainGit } from "../../../builders/git-repository.ts";
import { serveGitApi } from "../../../hosts/git-api.ts";
import { runCommand } from "../../../hosts/run-command.ts";

const policyPath = ".github/sallyport.yml";
const denies = (pattern: string) => `version: 1\ngates:\n  forbidden-paths: { deny: [${pattern}] }\n`;

let repository: ReturnType<typeof makeRepository>;
let scratch: string;
let changes: string[];

function commit(files: Record<string, string>, message: string, ...parents: string[]): string {
  const { dir } = repository;
  const nodes = new Map(Object.entries(files).map(([path, text]) => [path, file(text)]));
  const tree = `${commitFiles(dir, nodes)}^{tree}`;
  const named = parents.flatMap((parent) => ["-p", parent]);
  return plainGit(dir, ["commit-tree", tree, ...named, "-m", message]).trim();
}

beforeAll(() => {
  repository = makeRepository();
  scratch = mkdtempSync(join(tmpdir(), "sallyport-"));
  // The default branch forbids `lib`; three changes touched `web`, `lib` and `docs`.
  const policy = { [policyPath]: denies("lib") };
  const root = commit(policy, "Begin");
  const web = commit({ ...policy, "web/a": "1\n" }, "Web (#1)", root);
  const lib = commit({ ...policy, "web/a": "1\n", "lib/a": "1\n" }, "Lib", web);
  const docs = commit({ ...policy, "web/a": "1\n", "lib/a": "1\n", "docs/a": "1\n" }, "Docs", lib);
  changes = [docs, lib, web];
  plainGit(repository.dir, ["update-ref", "refs/heads/main", docs]);
  writeFileSync(join(scratch, "new.yml"), denies("web"));
  writeFileSync(join(scratch, "same.yml"), denies("lib"));
  writeFileSync(join(scratch, "broken.yml"), "version: 1\nnope: 1\n");
});
afterAll(() => {
  repository.remove();
  rmSync(scratch, { recursive: true, force: true });
});

/** Progress is shown after a second, which a busy machine may need. */
const told = (err: string) => err.replace(/^\d+ of \d+ changes\n/gm, "");

const run = (...args: string[]) => runCommand(backtestCommand, ["--repo", repository.dir, ...args], { cwd: scratch });

describe("sallyport backtest", () => {
  test("what moved, with gate and line, and the totals; exit 0", async () => {
    const { out, err, exit } = await run("--policy", "new.yml");
    const [docs, lib, web] = changes.map((sha) => sha.slice(0, 12));
    expect({ err: told(err), exit }).toEqual({ err: "", exit: 0 });
    expect(out).toContain("Changes of main, judged by new.yml (new) and the default branch's policy (old).");
    expect(out).toContain(`✗ now blocked      ${web} #1 Web (#1)\n    forbidden-paths (line 3 of the new policy)`);
    expect(out).toContain(`✓ now let through  ${lib} Lib\n    forbidden-paths (line 3 of the old policy)`);
    expect(out).toContain("3 changes: 1 now blocked, 1 now let through, 1 the same.");
    expect(out).toContain("Secrets were not searched for");
    expect(out).not.toContain(docs);
  });

  test("--strict: exit 1 when a merged change would be blocked, 0 when none would", async () => {
    expect((await run("--policy", "new.yml", "--strict")).exit).toBe(1);
    expect((await run("--policy", "same.yml", "--strict")).exit).toBe(0);
  });

  test("--json: the rows that moved, and with --all every row", async () => {
    const moved = JSON.parse((await run("--policy", "new.yml", "--json")).out);
    expect(moved).toMatchObject({
      from: "main",
      totals: { changes: 3, nowBlocked: 1, nowLetThrough: 1, undecided: 0, same: 1 },
      secrets: false,
      rows: [
        { sha: changes[1], effect: "now-let-through", because: { by: "old", path: "lib/a" } },
        { sha: changes[2], effect: "now-blocked", pull: 1, because: { by: "new", policyLine: 3 } },
      ],
    });
    const all = JSON.parse((await run("--policy", "new.yml", "--json", "--all")).out);
    expect(all.rows.map(({ sha }: { sha: string }) => sha)).toEqual(changes);
  });

  test("--last and --branch choose the changes", async () => {
    const { out } = await run("--policy", "new.yml", "--last", "1", "--branch", "main~1", "--all");
    expect(out).toContain("Changes of main~1,");
    expect(out).toContain("1 change: 0 now blocked, 1 now let through, 0 the same.");
  });

  test("--against takes the place of the default branch's policy", async () => {
    const { out } = await run("--policy", "new.yml", "--against", "new.yml");
    expect(out).toContain("judged by new.yml (new) and new.yml (old).");
    expect(out).toContain("0 now blocked, 0 now let through, 3 the same.");
  });

  test("without an old policy everything passed before", async () => {
    const other = makeRepository();
    const kept = repository;
    repository = other;
    const root = commit({ a: "1\n" }, "Begin");
    const web = commit({ a: "1\n", "web/a": "1\n" }, "Web", root);
    plainGit(other.dir, ["update-ref", "refs/heads/main", web]);
    const { out } = await run("--policy", "new.yml");
    repository = kept;
    other.remove();
    expect(out).toContain("new.yml (new) and no policy (old)");
    expect(out).toContain("1 change: 1 now blocked");
  });

  test("--secrets searches for secrets too, and says no more that it did not", async () => {
    const { out, exit } = await run("--policy", "new.yml", "--secrets");
    expect({ exit, left: out.includes("not searched") }).toEqual({ exit: 0, left: false });
  });

  test.each([
    ["no new policy", [], /--policy/],
    ["a policy that is not there", ["--policy", "nope.yml"], /nope\.yml cannot be read/],
    ["a policy that is not valid", ["--policy", "broken.yml"], /broken\.yml:2:1: unknown key "nope"/],
    ["an old policy that is not valid", ["--policy", "new.yml", "--against", "broken.yml"], /broken\.yml:2:1/],
    ["no number", ["--policy", "new.yml", "--last", "many"], /--last "many" is not a number/],
    ["no change at all", ["--policy", "new.yml", "--last", "0"], /--last "0"/],
    ["a branch that is not there", ["--policy", "new.yml", "--branch", "nope"], /no commit named "nope"/],
    ["a branch that looks like an option", ["--policy", "new.yml", "--branch=--all"], /no commit named "--all"/],
    ["no git directory", ["--policy", "new.yml", "--repo", "/nonexistent"], /nonexistent/],
    ["two sources at once", ["--policy", "new.yml", "--pr-repo", "o/r"], /--repo does not go with --pr-repo/],
  ])("%s: exit 2 and one line", async (_, args, line) => {
    const { out, err, exit } = await run(...args);
    expect({ out, exit, lines: err.split("\n").length }).toEqual({ out: "", exit: 2, lines: 2 });
    expect(err).toMatch(line);
  });

  test.each([
    ["no repository", ["--pr-repo", "nothing"], {}, /owner\/repo/],
    ["no token", ["--pr-repo", "o/r"], {}, /GITHUB_TOKEN/],
  ])("on GitHub, %s: exit 2 and one line", async (_, args, env, line) => {
    const options = { cwd: scratch, env };
    const { err, exit } = await runCommand(backtestCommand, ["--policy", "new.yml", ...args], options);
    expect({ exit, err }).toMatchObject({ exit: 2, err: expect.stringMatching(line) });
  });
});

test("sallyport backtest of merged pull requests on GitHub, by its default branch's policy", async () => {
  const { dir } = repository;
  const [head = ""] = changes;
  plainGit(dir, ["update-ref", "refs/heads/work", head]);
  const api = await serveGitApi(dir, { base: "main", head: "work" });
  const at = "2026-01-01T00:00:00Z";
  const pulls = changes.map((sha, index) => ({
    number: index + 1,
    title: `Change ${index + 1}`,
    body: null,
    labels: [],
    user: { id: 5, login: "ada", type: "User" },
    merged_at: at,
    updated_at: at,
    base: { ref: "main", sha: plainGit(dir, ["rev-parse", `${sha}^`]).trim() },
    head: { ref: "work", sha },
  }));
  const server = createServer(async (request, reply) => {
    const { url = "", headers, method = "GET" } = request;
    if (url.startsWith("/repos/o/r/pulls?")) {
      reply.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(pulls));
      return;
    }
    const sent = await text(request);
    const answer = await fetch(`${api.url}${url}`, {
      method,
      headers: { authorization: headers.authorization ?? "" },
      ...(sent === "" ? {} : { body: sent }),
    });
    reply.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const env = { GITHUB_TOKEN: "good", GITHUB_API_URL: `http://127.0.0.1:${port}` };
  const args = ["--policy", "new.yml", "--pr-repo", "o/r", "--last", "3"];
  const { out, err, exit } = await runCommand(backtestCommand, args, { cwd: scratch, env });
  server.close();
  api.close();
  expect({ err: told(err), exit }).toEqual({ err: "", exit: 0 });
  expect(out).toContain("Changes of o/r, main, judged by new.yml (new) and the default branch's policy (old).");
  expect(out).toContain("#2 Change 2");
  expect(out).toContain("3 changes: 1 now blocked, 1 now let through, 1 the same.");
});

describe("progress", () => {
  /** What is written when steps are told at these times, in milliseconds. */
  function shown(times: number[], redraws: boolean): string {
    let text = "";
    let clock = 0;
    const io = {
      out: () => undefined,
      err: (more: string) => {
        text += more;
      },
      exit: () => undefined,
      env: {},
      cwd: "/",
      color: false,
      redraws,
    };
    const progress = showProgress(io, "changes", () => clock);
    for (const [step, time] of times.entries()) {
      clock = time;
      progress.update(step + 1, times.length);
    }
    progress.end();
    return text;
  }

  test("is silent for a second", () => {
    expect(shown([10, 500, 999], false)).toBe("");
    expect(shown([10, 500, 999], true)).toBe("");
  });

  test("is a line every two seconds where lines stay", () => {
    expect(shown([1_000, 1_500, 3_000, 4_900, 5_000], false)).toBe("1 of 5 changes\n3 of 5 changes\n5 of 5 changes\n");
  });

  test("is a bar that is taken away on a terminal", () => {
    expect(shown([500, 1_200], true)).toBe(`\r[${"#".repeat(30)}] 2/2 changes\r\u001b[K`);
  });
});
