// Bundles what is published, into `dist` or the folder that is named. Plain JavaScript for Node 20, because `prepare` runs
// it before there is anything else to run.
import { existsSync, rmSync, symlinkSync } from "node:fs";
import { chmod, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const [folder = "dist"] = process.argv.slice(2);

// Some bundled packages are CommonJS and call `require`, which an ES module does not have.
const requireBanner =
  'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);';

// `sallyport check` runs in hooks, where every file that Node has to find costs time: what it needs goes into the bundle.
// The server's packages, and the heavy ones that are loaded on demand, stay outside.
const ofCheck = new Set(["commander", "diff", "js-yaml", "minimatch", "zod"]);
const { dependencies, devDependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const outside = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !ofCheck.has(name));

const shared = {
  absWorkingDir: root,
  outdir: folder,
  bundle: true,
  format: "esm",
  platform: "node",
  legalComments: "none",
  logLevel: "warning",
};
const bundles = [
  {
    entryPoints: { sallyport: "app/cli.ts" },
    target: "node20",
    external: outside,
    splitting: true,
    // Node reads and hashes the text of every file at every start.
    minify: true,
    chunkNames: "chunks/[name]-[hash]",
    // In chunks, too: a bundled CommonJS package may stand in any of them.
    banner: { js: requireBanner },
  },
  { entryPoints: { action: "action/index.ts" }, target: "node24", banner: { js: requireBanner } },
  {
    entryPoints: { sandbox: "sandbox/main.ts", "git-runner": "sandbox/git-runner.ts" },
    target: "node20",
    packages: "external",
    banner: { js: "#!/usr/bin/env node" },
  },
];

await rm(join(root, folder), { recursive: true, force: true });
for (const bundle of bundles) {
  const [name] = Object.keys(bundle.entryPoints);
  await build({ ...shared, ...bundle });
  await chmod(join(root, folder, `${name}.js`), 0o755);
}

// In a checkout npm links no command of the package itself; with this, `npx sallyport` works there as it does for users.
const link = join(root, "node_modules", ".bin", "sallyport");
if (folder === "dist" && process.platform !== "win32" && existsSync(dirname(link))) {
  rmSync(link, { force: true });
  symlinkSync(join("..", "..", "dist", "sallyport.js"), link);
}
