import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";

const top = join(import.meta.dirname, "..");

/** The floors, from the ground up: what each may import besides itself, and which packages. */
const floors: Record<string, { ours: string[]; packages: RegExp }> = {
  schemas: { ours: [], packages: /^zod$/ },
  core: { ours: ["schemas"], packages: /^(minimatch|node:crypto)$/ },
  collect: {
    ours: ["core", "schemas"],
    packages: /^(@octokit\/types|@secretlint\/[\w-]+|ajv.*|js-yaml|diff|lru-cache|tar-stream|yauzl|node:.+)$/,
  },
  app: { ours: ["collect", "core", "schemas"], packages: /./ },
  action: {
    ours: ["collect", "core", "schemas"],
    packages: /^(@actions\/(core|github)|@octokit\/types|node:.+)$/,
  },
  sandbox: { ours: [], packages: /./ },
};

/** The rooms of a floor, from the ground up: a room imports itself and rooms named before it. `.` is the floor's own files. */
const rooms: Record<string, string> = {
  schemas: ".",
  core: ". redaction ledger paths languages people record contract analysis analysis/workflow gates policy verdict story health evidence group replay pull repository",
  collect: ". git github secrets yaml issue policy content backtest repository draft ledger pull group",
  app:
    "settings runner agents store github actions ledger perform reconcile queue http pages service health terminal demo " +
    "cli/check cli/backtest cli/init cli/policy cli/ledger cli/setup cli .",
  action: ".",
  sandbox: "state git request present seed changes workflows endpoints graphql server .",
};

const sources = (folder: string): string[] =>
  readdirSync(join(top, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(top.length + 1));
const all = Object.keys(floors).flatMap(sources);

/** A file's code without its comments, which may speak of anything. */
const code = Object.fromEntries(
  all.map((file) => {
    const text = readFileSync(join(top, file), "utf8");
    return [file, text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "")];
  }),
);
const containing = (pattern: RegExp, files = all) => files.filter((file) => pattern.test(code[file] ?? ""));
const outside = (...folders: string[]) => all.filter((file) => !folders.some((one) => file.startsWith(one)));

const specifier = /^(?:import|export)\s[^"';]*?from\s*"([^"]+)"|^import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;
const imported = Object.fromEntries(
  all.map((file) => [
    file,
    [...(code[file] ?? "").matchAll(specifier)].map(([, from, bare, lazy]) => from ?? bare ?? lazy ?? ""),
  ]),
);
const importsOf = (file: string) => imported[file] ?? [];
const isOurs = (name: string) => name.startsWith(".");
const filesOf = (file: string) =>
  importsOf(file)
    .filter(isOurs)
    .map((name) => join(dirname(file), name));

const floorOf = (file: string) => file.split("/")[0] ?? "";
const roomOf = (file: string) => dirname(file).split("/").slice(1).join("/") || ".";
const heightOf = (file: string) => (rooms[floorOf(file)] ?? "").split(" ").indexOf(roomOf(file));

test("every file stands in a room of its floor", () => {
  expect(all.length).toBeGreaterThan(300);
  expect(all.filter((file) => heightOf(file) === -1)).toEqual([]);
});

test("a floor imports only floors below it and the packages it is allowed", () => {
  const isWrong = (file: string, name: string) => {
    const floor = floors[floorOf(file)];
    if (!isOurs(name)) return !floor?.packages.test(name);
    const target = floorOf(join(dirname(file), name));
    return target !== floorOf(file) && !floor?.ours.includes(target);
  };
  const wrong = all.flatMap((file) =>
    importsOf(file)
      .filter((name) => isWrong(file, name))
      .map((name) => `${file} → ${name}`),
  );
  expect(wrong).toEqual([]);
});

test("a room imports only rooms below it, types included", () => {
  const upwards = all.flatMap((file) =>
    filesOf(file)
      .filter((target) => floorOf(target) === floorOf(file) && heightOf(target) > heightOf(file))
      .map((target) => `${file} → ${target}`),
  );
  expect(upwards).toEqual([]);
});

test("no files import each other in a circle, types included", () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
    if (path.includes(file) || done.has(file)) return;
    for (const next of filesOf(file)) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of all) visit(file, []);
  expect(circles).toEqual([]);
});

test("a room holds at most 25 files", () => {
  const sizes = new Map<string, number>();
  for (const file of all) sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + 1);
  expect([...sizes].filter(([, size]) => size > 25)).toEqual([]);
});

test("a file is a noun, holds at most 300 lines, and is not called after nothing", () => {
  expect(all.filter((file) => /(utils?|helpers?|common|manager|misc)\.ts$/.test(file))).toEqual([]);
  const lines = (file: string) => readFileSync(join(top, file), "utf8").split("\n").length - 1;
  expect(all.filter((file) => lines(file) > 300)).toEqual([]);
});

test("core is pure: no clock, no chance, no environment, no network", () => {
  const impure = /\bDate\.now\b|new Date\(\)|Math\.random|\bprocess\b|\bfetch\(|\bconsole\b|\bsetTimeout\b|\bimport\(/;
  expect(containing(impure, sources("core"))).toEqual([]);
});

test("the environment is read in entry files only", () => {
  const entries = ["app/cli.ts", "app/job.ts", "action/index.ts", "sandbox/main.ts"];
  expect(containing(/process\.env/).filter((file) => !entries.includes(file))).toEqual([]);
});

test("SQL stands in the store only", () => {
  const sql = /\b(selectFrom|insertInto|updateTable|deleteFrom)\(|\bsql`/;
  expect(containing(sql, outside("app/store/"))).toEqual([]);
});

test("writes to GitHub stand in the performer, the publisher and the Action's statuses only", () => {
  // The demo's people write with tokens of their own; the sandbox is the other side.
  const writing = /request\(\s*["'](?:POST \/(?!graphql)|PUT |PATCH |DELETE )/;
  const writers = outside("app/perform/", "app/ledger/publish.ts", "action/statuses.ts", "app/demo/", "sandbox/");
  expect(containing(writing, writers)).toEqual([]);
});

test("T192 T224: other programs are started in few places, and which ones no repository says", () => {
  const starters = [
    "collect/git/git.ts",
    "collect/git/batch.ts",
    "app/settings/programs.ts",
    "app/settings/key-source.ts",
    "app/runner/confined.ts",
    "app/runner/inside.ts",
    "app/runner/run-folder.ts",
    // `gh`, which a person has signed in to.
    "app/terminal/token-client.ts",
  ];
  // A person runs `init` and the demo by hand.
  const found = containing(/node:child_process/, outside("sandbox/", "app/demo/", "app/cli/init/"));
  expect(found.sort()).toEqual(starters.sort());
});

test("T301: no test asks a model of the world", () => {
  const tests = sources("test").filter((file) => file !== "test/floors.test.ts");
  const live =
    /api\.anthropic\.com|api\.openai\.com|generativelanguage\.google|process\.env\.(ANTHROPIC|OPENAI|GOOGLE)/;
  expect(tests.filter((file) => live.test(readFileSync(join(top, file), "utf8")))).toEqual([]);
});

test("nothing imports a test", () => {
  expect(all.filter((file) => filesOf(file).some((target) => floorOf(target) === "test"))).toEqual([]);
});
