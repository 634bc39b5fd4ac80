import { expect, test } from "@jest/globals";
import { readYaml } from "../../../collect/yaml/yaml.ts";
import { thresholdsIn } from "../../../core/analysis/thresholds.ts";
import { fileKind, readFile } from "../../../core/analysis/workflow/reading.ts";

const place = { branch: "main", gone: [], added: [] };
const files = [
  "a.sh",
  "Makefile",
  "package.json",
  "a.py",
  "jest.config.js",
  "pytest.ini",
  "pom.xml",
  "build.gradle",
  "phpunit.xml",
];

test.each([
  " ",
  "\n",
  "  exit 0\n",
  "|| ",
  "if: a && ",
  "a: |\n",
  "lines: { ",
  "'\"",
  "- ",
  " #",
  "# \r",
  "<exclude>",
  "test {",
])("T038: half a megabyte of %j is read in linear time", (piece) => {
  const text = piece.repeat(500_000 / piece.length);
  const start = performance.now();
  for (const path of files) {
    const kind = fileKind(path);
    if (kind === null) throw new Error(`${path} judges changes`);
    readFile(path, kind, { state: "text", text }, place);
  }
  const run = {
    state: "text",
    text,
    yaml: readYaml(`on: push\njobs: { a: { steps: [{ run: ${JSON.stringify(text)} }] } }`, "lenient"),
  } as const;
  readFile(".github/workflows/a.yml", "workflow", run, place);
  for (const path of ["codecov.yml", "jest.config.ts"]) expect(thresholdsIn(path, `${text}\rx`)).toEqual([]);
  expect(performance.now() - start).toBeLessThan(10_000);
});
