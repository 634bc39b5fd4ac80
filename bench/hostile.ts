/**
 * What a hostile change costs, as ratios to an ordinary change in the same repository: with `check` on a clone, and with
 * `check --pr`, which reads as the service does, from a GitHub in this process.
 */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startSandbox } from "../sandbox/server/server.ts";
import { fanOut, largeFiles, longLine, makeBase, manyCommits, tinyBinaries } from "./hostile-changes.ts";
import { atMost, printTable, type Row } from "./table.ts";
import { type Cost, costOf } from "./timing.ts";

const program = fileURLToPath(new URL("../dist/sallyport.cjs", import.meta.url));
const check = (...args: string[]): [string, ...string[]] => [process.execPath, program, "check", ...args];

/** More than at rest: than the same look at an ordinary change takes. */
const bounds = { megabytes: 300, requests: 30, times: 40 };

const rows: Row[] = [];
function compare(what: string, hostile: Cost, ordinary: Cost): void {
  rows.push(
    atMost(`${what}: memory over rest`, hostile.megabytes - ordinary.megabytes, bounds.megabytes, "MB"),
    atMost(`${what}: time / ordinary`, hostile.ms / ordinary.ms, bounds.times),
  );
}

const dir = await makeBase();
await largeFiles(dir, "large", 900);
await tinyBinaries(dir, 5_200);
await manyCommits(dir, "many", 10_000);
await longLine(dir);
fanOut(dir);
const local = (head: string) => costOf({ argv: check("--repo", dir, "--base", "main", "--head", head) });
const rest = await local("ordinary");
const changes = {
  large: "900 test files of 4.9 MB",
  tiny: "5,200 tiny binary files",
  many: "10,000 commits",
  lines: "a line of 60 MB, 2 million lines",
  fan: "10^10 files from ten trees",
};
for (const [branch, what] of Object.entries(changes)) compare(`clone, ${what}`, await local(branch), rest);

const isHeld = printTable("hostile changes in a clone", rows.splice(0));

// Fewer, because this GitHub takes long to show them.
await largeFiles(dir, "large", 40);
await manyCommits(dir, "many", 1_000);
const shown = { large: "40 test files of 4.9 MB", tiny: changes.tiny, many: "1,000 commits", lines: changes.lines };
const sandbox = await startSandbox({
  seed: {
    users: [{ login: "lena", token: "ghp_lena" }],
    organizations: [{ login: "acme", members: ["lena"] }],
    repositories: [{ full_name: "acme/web", files: { "README.md": "x\n" }, collaborators: { lena: "admin" } }],
  },
});
const [remote] = sandbox.state.repositories;
if (remote === undefined) throw new Error("the sandbox has no repository");
const pulled = ["ordinary", "large", "tiny", "many", "lines"];
execFileSync("git", ["-C", remote.dir, "fetch", "-q", dir, "+main:main", ...pulled.map((one) => `${one}:${one}`)]);
const headers = { authorization: "token ghp_lena", "content-type": "application/json" };
async function look(head: string): Promise<Cost & { requests: number }> {
  const body = JSON.stringify({ title: head, head, base: "main" });
  const opened = await fetch(`${sandbox.url}/repos/acme/web/pulls`, { method: "POST", headers, body });
  const { number } = (await opened.json()) as { number: number };
  await sandbox.settled();
  const before = sandbox.requests().length;
  const env = { GITHUB_TOKEN: "ghp_lena", GITHUB_API_URL: sandbox.url };
  const cost = await costOf({ argv: check("--pr", `acme/web#${number}`), env });
  return { ...cost, requests: sandbox.requests().length - before };
}
const ordinary = await look("ordinary");
for (const [branch, what] of Object.entries(shown)) {
  const hostile = await look(branch);
  compare(`GitHub, ${what}`, hostile, ordinary);
  rows.push(atMost(`GitHub, ${what}: requests`, hostile.requests, bounds.requests, ""));
}
await sandbox.close();
rmSync(dir, { recursive: true, force: true });
console.log(
  `an ordinary change: clone ${rest.ms.toFixed(0)} ms, ${rest.megabytes.toFixed(0)} MB; ` +
    `GitHub ${ordinary.ms.toFixed(0)} ms, ${ordinary.megabytes.toFixed(0)} MB, ${ordinary.requests} requests`,
);
if (!printTable("hostile changes on GitHub", rows) || !isHeld) process.exitCode = 1;
