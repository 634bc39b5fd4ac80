import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { git } from "../../app/demo/governed.ts";
import { programPath } from "../../app/settings/programs.ts";
import { startSandbox } from "../../sandbox/server/server.ts";
import { asker } from "../hosts/store-and-github.ts";
import { runWorkflows } from "../hosts/workflow-runner.ts";

const dir = mkdtempSync(join(tmpdir(), "action-first-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test("the Action alone: from nothing to the first verdict in two minutes and three steps", async () => {
  const files = { "README.md": "# Web\n", "src/a.ts": "export const a = 1;\n", "test/a.test.ts": "test();\n" };
  const sandbox = await startSandbox({
    seed: {
      users: [{ login: "lena", token: "ghp_lena" }],
      organizations: [{ login: "acme", owners: ["lena"] }],
      repositories: [{ full_name: "acme/governed", files, collaborators: { lena: "admin" } }],
    },
  });
  try {
    const clone = join(dir, "web");
    await git(dir, [
      "clone",
      "--quiet",
      "--",
      `http://lena:ghp_lena@127.0.0.1:${sandbox.port}/acme/governed.git`,
      clone,
    ]);
    const began = Date.now();
    const steps: string[] = [];
    const step = (text: string) => steps.push(`${((Date.now() - began) / 1_000).toFixed(1).padStart(6)} s  ${text}`);

    step("run `npx sallyport init --action`");
    const said = execFileSync(process.execPath, ["--no-warnings", programPath("sallyport"), "init", "--action"], {
      cwd: clone,
      env: { PATH: process.env.PATH },
      encoding: "utf8",
    });
    expect(said).toContain("Wrote .github/sallyport.yml");
    step("commit what it wrote to the default branch");
    await git(clone, ["add", "--all"]);
    await git(clone, ["commit", "--quiet", "--message", "Judge pull requests"]);
    await git(clone, ["push", "--quiet", "origin", "HEAD:main"]);
    const runner = runWorkflows(
      sandbox,
      "acme/governed",
      "",
      await git(clone, ["show", "HEAD:.github/workflows/sallyport.yml"]),
    );
    step("open a pull request");
    await git(clone, ["checkout", "--quiet", "-b", "change"]);
    writeFileSync(join(clone, "README.md"), "# Web, again\n");
    await git(clone, ["commit", "--quiet", "--all", "--message", "Say it again"]);
    await git(clone, ["push", "--quiet", "origin", "HEAD:change"]);
    const as = asker(sandbox.url, "acme/governed");
    const { head } = await as("lena", "POST", "pulls", { title: "Say it again", head: "change", base: "main" });
    await sandbox.settled();
    const job = await runner.settled();
    const { statuses } = await as("lena", "GET", `commits/${head.sha}/status`);
    step("the first verdict is there");
    console.info(["The Action alone, to the first verdict:", ...steps].join("\n"));
    expect(statuses).toMatchObject([{ context: "sallyport", state: "success", description: "All gates pass" }]);
    expect(job?.failed).toEqual([]);
    expect(steps.length - 1).toBeLessThanOrEqual(3);
    expect(Date.now() - began).toBeLessThan(120_000);
  } finally {
    await sandbox.close();
  }
}, 120_000);
