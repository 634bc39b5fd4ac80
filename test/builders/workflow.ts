import { byDefault, type File } from "./changed-files.ts";

/** An expression as workflows write it. */
export const expression = (code: string) => `\${{ ${code} }}`;

export const ci = ".github/workflows/ci.yml";
/** A workflow of one job with these steps behind its checkout. */
export const workflow = (steps: string, on = "  pull_request:\n", job = "") =>
  `name: CI\non:\n${on}jobs:\n  test:\n${job}    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v5\n${steps}`;
export const tested = workflow("      - name: Test\n        run: npm test\n");
/** A step of one script, which may have several lines, and what else it says. */
export const run = (script: string, more = "") =>
  `      - name: Test\n${more}        run: |\n${script.replace(/^/gm, "          ")}\n`;

/** A row of a gate's table: what a change of these files comes to. */
export const row = (title: string, code: string, ...files: File[]) =>
  [
    title,
    byDefault(...files),
    code === "harness-kept" || code === "check-renamed" ? "pass" : "fail",
    code === "check-renamed" ? ["harness-kept", code] : [code],
  ] satisfies [string, ReturnType<typeof byDefault>, string, string[]];

/** Rows of files that are changed, titled by what they become. */
export const changed = (code: string, ...files: [path: string, before: string, after: string][]) =>
  files.map(([path, before, after]) => row(`${code} ${path}: ${after}`, code, [path, before, after]));

/** Rows of a workflow whose one step is a script that becomes another. */
export const rerun = (code: string, ...scripts: [before: string, after: string, more?: string][]) =>
  scripts.map(([before, after, more]) =>
    row(`${code} ${before} -> ${after} ${more ?? ""}`, code, [ci, workflow(run(before)), workflow(run(after, more))]),
  );

/** Rows of files that gain the last line or lines of what they are. */
export const grows = (code: string, ...files: [path: string, before: string, added: string][]) =>
  files.map(([path, before, added]) =>
    row(`${code} ${path} gains ${added.trim()}`, code, [path, before, before + added]),
  );
