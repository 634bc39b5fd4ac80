import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "@jest/globals";

test.each(["policy schema", "--help"])(
  "sallyport %s ends without a word when nobody reads on, as with `| head`",
  async (line) => {
    const child = spawn(process.execPath, ["--no-warnings", "app/cli.ts", ...line.split(" ")], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.destroy();
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
    expect(said).toBe("");
    expect([0, 2]).toContain(code);
  },
);

// Linux has a device on which nothing fits.
(existsSync("/dev/full") ? test : test.skip)(
  "an answer that fits on no disk is none: status 2 and one line, where Node would say 1, which means no",
  () => {
    const { status, stderr } = spawnSync(process.execPath, ["--no-warnings", "app/cli.ts", "policy", "schema"], {
      stdio: ["ignore", openSync("/dev/full", "w"), "pipe"],
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([2, "sallyport: the answer cannot be written: the disk is full\n"]);
  },
);

test("an installation that lacks a part has decided nothing: status 2", () => {
  const dir = mkdtempSync(join(tmpdir(), "broken-"));
  const code = `import ${JSON.stringify(join(import.meta.dirname, "../../../app/cli.ts"))};`;
  writeFileSync(join(dir, "start.mjs"), code);
  // The first file that the program itself loads, and no part of the entry, is not found.
  const hook = `import { registerHooks } from "node:module";
registerHooks({ resolve(name, context, next) { if (name.endsWith("/program.ts")) throw new Error("a part is missing"); return next(name, context); } });`;
  writeFileSync(join(dir, "hook.mjs"), hook);
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--no-warnings", "--import", join(dir, "hook.mjs"), join(dir, "start.mjs"), "check"],
    { encoding: "utf8" },
  );
  rmSync(dir, { recursive: true });
  expect([status, stderr]).toEqual([2, expect.stringContaining("a part is missing")]);
});
