import { byDefault } from "./changed-files.ts";

/** An expression as workflows write it. */
export const expression = (code: string) => `\${{ ${code} }}`;

export const ci = ".github/workflows/ci.yml";
/** A workflow of one job with these steps behind its checkout. */
export const workflow = (steps: string, on = "  pull_request:\n") =>
  `name: CI\non:\n${on}jobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v5\n${steps}`;
export const tested = workflow("      - name: Test\n        run: npm test\n");

/** Rows of files that gain the last line or lines of what they are. */
export const grows = (code: string, ...files: [path: string, before: string, added: string][]) =>
  files.map(([path, before, added]): [string, ReturnType<typeof byDefault>, string, string[]] => [
    `${path}: ${added.trim()}`,
    byDefault([path, before, before + added]),
    code === "harness-kept" ? "pass" : "fail",
    [code],
  ]);
