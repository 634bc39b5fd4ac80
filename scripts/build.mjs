// Bundles the published programs into `dist` or the folder that is named. Plain JavaScript, because `prepare` runs it
// before there is anything else to run.
import { createHash } from "node:crypto";
import { existsSync, rmSync, symlinkSync } from "node:fs";
import { chmod, readFile, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const [folder = "dist"] = process.argv.slice(2);

// Some bundled packages are CommonJS and call `require`, which an ES module does not have.
const requireBanner =
  'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);';

// `sallyport check` runs in hooks, where every file that Node has to find costs time: its packages go into the bundle.
// The server's packages, and heavy ones that are loaded on demand, stay outside.
const ofCheck = new Set(["commander", "diff", "js-yaml", "minimatch", "zod"]);
const { dependencies, devDependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const outside = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !ofCheck.has(name));

const shared = {
  absWorkingDir: root,
  outdir: folder,
  bundle: true,
  platform: "node",
  legalComments: "none",
  logLevel: "warning",
};

// Node reads and hashes the command line's whole text at every start.
const commandLine = { ...shared, target: "node22", external: outside, minify: true };

// The code that `sallyport check` always needs is one CommonJS file, because Node starts it sooner than ES modules.
// Code loaded on demand stays in the ES modules that all commands share; here those are collected.
const inCheck = new Set([
  "app/cli/check/check.ts",
  "core/verdict/judge.ts",
  "core/verdict/report.ts",
  "collect/content/content.ts",
]);
const onDemand = {};
const gatherOnDemand = {
  name: "gather-on-demand",
  setup({ onResolve }) {
    onResolve({ filter: /\.ts$/ }, ({ path, kind, resolveDir }) => {
      const file = join(resolveDir, path);
      const inside = relative(root, file).replaceAll("\\", "/");
      if (kind !== "dynamic-import" || inCheck.has(inside)) return undefined;
      if (inside === "app/cli/program.ts") return { path: "./program.cjs", external: true };
      const name = inside
        .replace(/^app\/(cli\/)?/, "")
        .replace(/\.ts$/, "")
        .replaceAll("/", "-");
      onDemand[`commands/${name}`] = file;
      return { path: `./commands/${name}.js`, external: true };
    });
  },
};
const commonJs = {
  ...commandLine,
  format: "cjs",
  outExtension: { ".js": ".cjs" },
  plugins: [gatherOnDemand],
  banner: { js: '"use strict"; const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
};

// A cached policy is valid as long as the parser is the same.
const parser = await build({
  ...commandLine,
  entryPoints: ["app/cli/check/policy-parser.ts"],
  format: "esm",
  write: false,
});
const digest = createHash("sha256").update(parser.outputFiles[0].contents).digest("hex").slice(0, 16);

await rm(join(root, folder), { recursive: true, force: true });
await build({
  ...commonJs,
  entryPoints: { sallyport: "app/cli.ts", program: "app/cli/program.ts" },
  define: { "import.meta.url": "importMetaUrl", POLICY_PARSER: JSON.stringify(digest) },
});
await build({
  ...commandLine,
  entryPoints: onDemand,
  format: "esm",
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  // Needed in chunks too: a bundled CommonJS package may be in any of them.
  banner: { js: requireBanner },
});
await build({
  ...shared,
  entryPoints: { action: "action/index.ts", job: "app/job.ts" },
  format: "esm",
  target: "node24",
  banner: { js: requireBanner },
});
await build({
  ...shared,
  entryPoints: {
    sandbox: "sandbox/main.ts",
    "git-runner": "sandbox/git/runner.ts",
    inside: "app/runner/inside.ts",
  },
  format: "esm",
  target: "node22",
  packages: "external",
  banner: { js: "#!/usr/bin/env node" },
});
for (const program of ["sallyport.cjs", "action.js", "sandbox.js"]) await chmod(join(root, folder, program), 0o755);

// In a checkout npm links none of the package's own commands; with this, `npx sallyport` works there as it does for
// users.
const link = join(root, "node_modules", ".bin", "sallyport");
if (folder === "dist" && process.platform !== "win32" && existsSync(dirname(link))) {
  rmSync(link, { force: true });
  symlinkSync(join("..", "..", "dist", "sallyport.cjs"), link);
}
