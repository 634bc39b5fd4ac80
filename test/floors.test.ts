import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";

const top = join(import.meta.dirname, "..");
const floors = ["schemas", "core", "collect", "app", "action", "sandbox"] as const;

/** What each floor may import besides its own files: our floors below it, and packages. */
const allowed: Record<(typeof floors)[number], { ours: string[]; packages: RegExp }> = {
  schemas: { ours: [], packages: /^zod$/ },
  core: { ours: ["schemas"], packages: /^(minimatch|node:crypto)$/ },
  collect: {
    ours: ["core", "schemas"],
    packages: /^(@octokit\/types|@secretlint\/[\w-]+|js-yaml|diff|lru-cache|tar-stream|node:.+)$/,
  },
  app: { ours: ["collect", "core", "schemas"], packages: /./ },
  action: {
    ours: ["collect", "core", "schemas"],
    packages: /^(@actions\/(core|github)|@octokit\/types|node:.+)$/,
  },
  sandbox: { ours: [], packages: /./ },
};

function sources(folder: string): string[] {
  return readdirSync(join(top, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name).slice(top.length + 1));
}

/** The code without its comments, which may speak of anything. */
const code = (file: string) =>
  readFileSync(join(top, file), "utf8")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");
const statement = /^(?:import|export)\s[^"';]*?from\s*"([^"]+)"|^import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;
const imports = (file: string) =>
  [...code(file).matchAll(statement)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
const floorOf = (file: string) => floors.find((floor) => file.startsWith(`${floor}/`));
const all = floors.flatMap(sources);

test("there is code on every floor to look at", () => {
  for (const floor of floors) expect(sources(floor).length).toBeGreaterThan(2);
});

describe("a floor imports only what stands below it", () => {
  test.each(all)("%s", (file) => {
    const floor = floorOf(file);
    if (floor === undefined) throw new Error(`${file} is on no floor`);
    const wrong = imports(file).filter((name) => {
      if (!name.startsWith(".")) return !allowed[floor].packages.test(name);
      const target = floorOf(join(file, "..", name));
      return target !== floor && (target === undefined || !allowed[floor].ours.includes(target));
    });
    expect(wrong).toEqual([]);
  });
});

test("core is pure: no clock, no chance, no surroundings, no network", () => {
  const impure =
    /\bDate\.now\b|new Date\(\)|Math\.random|\bprocess\b|\bfetch\(|\bconsole\b|\bsetTimeout\b|\bimport\(/;
  expect(sources("core").filter((file) => impure.test(code(file)))).toEqual([]);
});

test("the environment is read in entry files only", () => {
  const entries = new Set(["app/cli.ts", "action/index.ts", "sandbox/main.ts"]);
  expect(all.filter((file) => !entries.has(file) && /process\.env/.test(code(file)))).toEqual([]);
});

test("SQL stands in the store alone", () => {
  const stores = new Set([
    "app/database.ts",
    "app/store.ts",
    "app/stored-payloads.ts",
    "app/chain.ts",
    "app/attempt-guard.ts",
    "app/leases.ts",
  ]);
  const sql = /\b(selectFrom|insertInto|updateTable|deleteFrom)\(|\bsql`/;
  const others = all.filter((file) => !file.startsWith("app/store/") && !stores.has(file));
  expect(others.filter((file) => sql.test(code(file)))).toEqual([]);
});

test("writes to GitHub stand in the performer and the exporter alone", () => {
  const writing = /request\(\s*["'](POST|PUT|PATCH|DELETE) /;
  const writers = all.filter(
    (file) => !file.startsWith("app/perform/") && file !== "app/export.ts" && !file.startsWith("sandbox/"),
  );
  // The demo's people write too, each with a token of their own; a GraphQL query is sent by POST and reads.
  const others = new Set(["app/demo/acting.ts", "collect/graphql.ts"]);
  expect(writers.filter((file) => !others.has(file) && writing.test(code(file)))).toEqual([]);
});

test("a file is a noun, answers one question and is not called after nothing", () => {
  expect(all.filter((file) => /(utils?|helpers?|common|manager|misc)\.ts$/.test(file))).toEqual([]);
  const lines = (file: string) =>
    code(file)
      .split("\n")
      .filter((line) => line.trim() !== "").length;
  expect(all.filter((file) => lines(file) > 300)).toEqual([]);
});

test("nothing imports a test", () => {
  expect(all.filter((file) => imports(file).some((name) => /(^|\/)test\//.test(name)))).toEqual([]);
});
