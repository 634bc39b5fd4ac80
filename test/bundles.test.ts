import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { build } from "esbuild";

const top = join(import.meta.dirname, "..");

test("the command line's bundle starts and tells its commands", async () => {
  // One folder below the top, as `dist` is: it reads the package there and finds the packages that stay outside of it.
  const dir = mkdtempSync(join(top, "dist-"));
  try {
    const out = join(dir, "sallyport.js");
    const banner = { js: "#!/usr/bin/env node" };
    await build({
      absWorkingDir: top,
      entryPoints: ["app/cli.ts"],
      outfile: out,
      bundle: true,
      format: "esm",
      platform: "node",
      packages: "external",
      banner,
      logLevel: "silent",
    });
    const help = execFileSync(process.execPath, [out, "--help"], {
      encoding: "utf8",
      cwd: tmpdir(),
      env: {},
    });
    for (const command of ["check", "policy", "ledger", "serve", "sandbox", "demo"])
      expect(help).toContain(`  ${command}`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
