import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { demoCommand } from "../../../app/demo/demo.ts";
import { startMirror } from "../../../app/demo/proof.ts";
import { plainGit } from "../../builders/git-repository.ts";
import { runCommand } from "../../hosts/run-command.ts";

test.each([
  ["a repository", ["--repo", "nowhere"], "does not exist"],
  ["a story", ["--issue", "nowhere.md"], "nowhere.md cannot be read: there is no such file"],
])("U13: %s that is not there is bad input, and told before anything is started", async (_, args, why) => {
  const { out, err, exit } = await runCommand(demoCommand, args, { cwd: tmpdir(), env: { PATH: process.env.PATH } });
  expect({ out, exit, err }).toEqual({ out: "", exit: 2, err: expect.stringContaining(why) });
  expect(err.trim().split("\n")).toHaveLength(1);
});

test("what the demo keeps tells its default branch, whatever its name, so that the policy's keys are found", async () => {
  const dir = mkdtempSync(join(tmpdir(), "kept-"));
  try {
    const mirror = join(dir, "governed.git");
    await startMirror(mirror, "trunk");
    expect(plainGit(mirror, ["symbolic-ref", "HEAD"]).trim()).toBe("refs/heads/trunk");
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
