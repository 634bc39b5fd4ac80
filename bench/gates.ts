/** How long `sallyport check` takes, as ratios to other programs that run in turn with it on the same machine. */
import { rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeRepository } from "./made.ts";
import { atLeast, atMost, printTable, type Row } from "./table.ts";
import { compare, peakOf, type Timed } from "./timing.ts";

const program = fileURLToPath(new URL("../dist/sallyport.cjs", import.meta.url));
const danger = join(
  dirname(createRequire(import.meta.url).resolve("danger/package.json")),
  "distribution/commands/danger-local.js",
);
const node = process.execPath;
const rows: Row[] = [];
const made: string[] = [];

function repository(files: number, linesBefore: number, linesAdded: number, rules = 5): string {
  const dir = makeRepository({ files, linesBefore, linesAdded, rules });
  made.push(dir);
  return dir;
}

function check(dir: string): Timed {
  return { argv: [node, program, "check", "--repo", dir, "--base", "main", "--head", "feature"] };
}

/** The same two rules as in the made policy, written for danger. */
const dangerfile = `
const { danger, fail } = require("danger");
const files = danger.git.modified_files.concat(danger.git.created_files, danger.git.deleted_files);
for (const file of files) if (/^secret-\\d+\\/.*\\.key$/.test(file)) fail("forbidden: " + file);
if (files.length > 100000) fail("too many files");
module.exports = danger.git.linesOfCode().then((lines) => { if (lines > 10000000) fail("too many lines"); });
`;

const nothing: Timed = { argv: [node, "-e", "0"] };
const usual = repository(50, 80, 7);
writeFileSync(join(usual, "dangerfile.js"), dangerfile);
const first = compare({ nothing, check: check(usual) }, 25);
rows.push(atMost("50 files: check / node -e 0", first.check.ms / first.nothing.ms, 3));

const local: Timed = { argv: [node, danger, "--base", "main", "--dangerfile", "dangerfile.js"], cwd: usual };
const feature: Timed = { argv: ["git", "-C", usual, "checkout", "-q", "feature"] };
compare({ feature }, 0);
const second = compare({ local, check: check(usual) }, 5);
rows.push(atLeast("50 files: danger local / check", second.local.ms / second.check.ms, 4));

const large = repository(3_000, 0, 100);
const diff: Timed = { argv: ["git", "-C", large, "diff", "--raw", "--numstat", "main...feature"] };
const third = compare({ diff, nothing, check: check(large) }, 7);
rows.push(
  atMost(
    "3,000 files, 300,000 lines: check / (3 × git diff + node -e 0)",
    third.check.ms / (3 * third.diff.ms + third.nothing.ms),
    1,
  ),
);

const sizes = { hundred: 100, thousand: 1_000, most: 10_000 };
const growing = compare(
  {
    hundred: check(repository(sizes.hundred, 40, 10)),
    thousand: check(repository(sizes.thousand, 40, 10)),
    most: check(repository(sizes.most, 40, 10)),
  },
  5,
);
const perFile = (young: number, old: number, files: number) => (young - old) / files;
const early = perFile(growing.thousand.ms, growing.hundred.ms, 900);
const late = perFile(growing.most.ms, growing.thousand.ms, 9_000);
rows.push(atMost("time a file, 1,000–10,000 files / 100–1,000 files", late / early, 1.5));
rows.push(atMost("memory at 10,000 files", peakOf(check(made.at(-1) ?? usual)), 300, "MB"));
rows.push(atMost("memory at 300,000 lines", peakOf(check(large)), 300, "MB"));

const few = repository(1_000, 40, 10, 5);
const many = repository(1_000, 40, 10, 200);
const ruled = compare({ few: check(few), many: check(many) }, 15);
rows.push(atMost("1,000 files: 200 rules / 5 rules", ruled.many.ms / ruled.few.ms, 1.1));

for (const dir of made) rmSync(dir, { recursive: true, force: true });
const ms = (value: number) => `${value.toFixed(0)} ms`;
console.log(
  `node -e 0 ${ms(first.nothing.ms)}; check: 50 files ${ms(first.check.ms)}, 1,000 files ${ms(growing.thousand.ms)}, ` +
    `10,000 files ${ms(growing.most.ms)}, 300,000 lines ${ms(third.check.ms)} (git diff ${ms(third.diff.ms)}); danger local ${ms(second.local.ms)}`,
);
if (!printTable("sallyport check", rows)) process.exitCode = 1;
