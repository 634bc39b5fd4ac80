// Bundles what is published. Plain JavaScript for Node 20, because `prepare` runs it before there is anything else to run.
import { existsSync, rmSync, symlinkSync } from "node:fs";
import { chmod, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

// Some bundled packages are CommonJS and call `require`, which an ES module does not have.
const requireBanner =
  'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);';

const bundles = [
  {
    entry: "app/cli.ts",
    out: "dist/sallyport.js",
    target: "node20",
    packages: "external",
    banner: "#!/usr/bin/env node",
  },
  {
    entry: "action/index.ts",
    out: "dist/action.js",
    target: "node24",
    packages: "bundle",
    banner: requireBanner,
  },
  {
    entry: "sandbox/main.ts",
    out: "dist/sandbox.js",
    target: "node20",
    packages: "external",
    banner: "#!/usr/bin/env node",
  },
];

await rm(`${root}/dist`, { recursive: true, force: true });
for (const { entry, out, target, packages, banner } of bundles) {
  if (!existsSync(`${root}/${entry}`)) {
    console.error(`build: left out ${out}, because ${entry} is not there`);
    continue;
  }
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: out,
    bundle: true,
    format: "esm",
    platform: "node",
    target,
    packages,
    banner: { js: banner },
    legalComments: "none",
    logLevel: "warning",
  });
  await chmod(`${root}/${out}`, 0o755);
}

// In a checkout npm links no command of the package itself; with this, `npx sallyport` works there as it does for users.
const link = join(root, "node_modules", ".bin", "sallyport");
if (process.platform !== "win32" && existsSync(dirname(link))) {
  rmSync(link, { force: true });
  symlinkSync(join("..", "..", "dist", "sallyport.js"), link);
}
