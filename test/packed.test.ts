import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";

const top = join(import.meta.dirname, "..");
const dir = mkdtempSync(join(tmpdir(), "packed-"));
const home = join(dir, "empty", "node_modules", "sallyport");
const empty = join(dir, "empty");

/** Packs what `npm publish` would, and installs it into an empty folder, beside the packages that it depends on. */
beforeAll(() => {
  const dist = mkdtempSync(join(top, "dist-"));
  const staged = join(dir, "staged");
  try {
    execFileSync(process.execPath, ["scripts/build.mjs", basename(dist)], { cwd: top });
    const { scripts, ...manifest } = JSON.parse(readFileSync(join(top, "package.json"), "utf8"));
    expect(scripts.prepare).toBe("node scripts/build.mjs");
    for (const path of manifest.files.filter((one: string) => one !== "dist"))
      cpSync(join(top, path), join(staged, path), { recursive: true });
    cpSync(dist, join(staged, "dist"), { recursive: true });
    writeFileSync(join(staged, "package.json"), JSON.stringify(manifest));
  } finally {
    rmSync(dist, { recursive: true, force: true });
  }
  const npm = join(dirname(process.execPath), "npm");
  const [{ filename }] = JSON.parse(
    execFileSync(existsSync(npm) ? npm : "npm", ["pack", "--json", "--ignore-scripts"], {
      cwd: staged,
      encoding: "utf8",
    }),
  );
  mkdirSync(home, { recursive: true });
  execFileSync("tar", ["-xzf", join(staged, filename), "-C", home, "--strip-components=1"]);
  const { packages } = JSON.parse(readFileSync(join(top, "package-lock.json"), "utf8"));
  for (const [path, { dev = false }] of Object.entries<{ dev?: boolean }>(packages)) {
    const isTop = /^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path);
    if (!isTop || dev || !existsSync(join(top, path))) continue;
    mkdirSync(dirname(join(empty, path)), { recursive: true });
    symlinkSync(join(top, path), join(empty, path));
  }
}, 120_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const run = (args: string[], cwd = empty) =>
  execFileSync(process.execPath, [join(home, "dist/sallyport.cjs"), ...args], {
    ...{ cwd, encoding: "utf8", env: { PATH: process.env.PATH }, stdio: ["ignore", "pipe", "pipe"] },
  });

/** What a command says that fails. */
function refusal(args: string[]): string {
  const options = { cwd: empty, encoding: "utf8", env: { PATH: process.env.PATH } } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(home, "dist/sallyport.cjs"), ...args], options);
  return status === 0 ? "it ended well" : `${stdout}${stderr}`;
}

test("every file that a text of the package names is in it", () => {
  const texts = readdirSync(home, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".md"));
  expect(texts).toEqual(expect.arrayContaining(["README.md", "docs/README.md", "docs/install.md", "action/README.md"]));
  const missing = texts.flatMap((path) => {
    const text = readFileSync(join(home, path), "utf8");
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s…]+)/g)].map(([, link = ""]) => join(dirname(path), link));
    const named = [...text.matchAll(/`((?:docs|deploy|schemas\/json)\/[\w./-]*|\.env\.example|app\.yml)`/g)];
    const all = [...links, ...named.map(([, name = ""]) => name)];
    return all.filter((one) => !existsSync(join(home, one))).map((one) => `${path}: ${one}`);
  });
  expect(missing).toEqual([]);
});

test("every command is there, and its help names no file that is not", () => {
  const commands = [...run(["--help"]).matchAll(/^ {2}([a-z]+)\b(?: \[| {2})/gm)].map(([, name = ""]) => name);
  expect(commands.length).toBeGreaterThan(12);
  for (const command of commands.filter((name) => name !== "help")) {
    const text = run([command, "--help"]);
    expect(text).toContain(`Usage: sallyport ${command}`);
    for (const [, file = ""] of text.matchAll(/((?:docs|schemas|action)\/[\w./-]+\.\w+|\.env\.example)/g))
      expect([file, existsSync(join(home, file))]).toEqual([file, true]);
  }
}, 180_000);

test("what commands read of the package is there: workflow, forms, schema, manifest", () => {
  execFileSync("git", ["init", "--quiet", "--initial-branch", "main", empty]);
  run(["init", "--action", "--forms", "--local-schema"]);
  for (const path of ["sallyport.yml", "workflows/sallyport.yml", "ISSUE_TEMPLATE/story.yml"])
    expect(existsSync(join(empty, ".github", path))).toBe(true);
  const [, schema = ""] = /\$schema=(\S+)/.exec(readFileSync(join(empty, ".github/sallyport.yml"), "utf8")) ?? [];
  expect([schema, existsSync(join(empty, ".github", schema))]).toEqual([schema, true]);
  expect(existsSync(join(home, "app.yml"))).toBe(true);
  expect(refusal(["doctor"])).toContain("WEBHOOK_SECRET");
  expect(refusal(["demo"])).toContain("needs a checkout");
}, 60_000);
