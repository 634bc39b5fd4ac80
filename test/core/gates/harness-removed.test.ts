import { describe } from "@jest/globals";
import { beside, byDefault, type File } from "../../builders/changed-files.ts";
import { table } from "../../builders/gate-table.ts";
import { ci, expression, rerun, row, run, tested, workflow } from "../../builders/workflow.ts";

const other = ".github/workflows/other.yml";

describe("steps, jobs and workflows that are gone", () => {
  const lintJob = "  lint:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm run lint\n";
  const two = `${tested}${lintJob}`;
  const lint = `on: pull_request\njobs:\n${lintJob}`;
  table("harness", [
    ...rerun(
      "step-removed",
      ["npm test", 'echo "tests are off for now"'],
      ["npm test", "true"],
      ["npm test", "exit 0"],
      ["npm test", "sleep 1"],
      ["npm test", "npm ci"],
      ["npm test", "npm run build"],
      ["npm test", "npm test --help"],
      ["npm test", "# npm test"],
      ["npm test\nnpm run lint", "npm run lint"],
      ["make lint test", "make lint"],
      ["mvn -B verify", "mvn -B compile"],
      ["./gradlew build", "./gradlew assemble"],
      ["cargo test", "cargo build"],
      ["cargo test --workspace", "cargo check --workspace"],
      ["make test", "make -n test"],
      ["npm test", "cat <<EOF\nnpm test\nEOF"],
      ["npm test", "function t { npm test; }"],
      ["npm test", "test -f package.json"],
      ["go test ./...", "go build ./..."],
      ["dotnet test", "dotnet build"],
      ["pytest", "pytest --collect-only"],
      ["cargo fmt --check", "cargo fmt"],
      ["npx prettier --check .", "npx prettier --write ."],
      ["black --check .", "black ."],
      ["poetry run pytest", "poetry install"],
      ["docker compose run --rm app npm test", "docker compose up -d"],
      ["bundle exec rspec", "bundle install"],
      ["diff a.txt b.txt", "cat a.txt"],
    ),
    ...rerun(
      "harness-kept",
      ["npm test", "npm run test:ci"],
      ["npm test", "pnpm test"],
      ["npm test", "npx jest --coverage"],
      ["npm test", "make test"],
      ["npm test", "make ci"],
      ["npm test", "./scripts/test.sh"],
      ["npm test", "./scripts/everything.sh"],
      ["npm test", "npm run lint\nnpm test"],
      ["npm run lint\nnpm test", "npm test\nnpm run lint"],
      ["flake8\nblack --check .\nisort --check .", "ruff check .\nruff format --check ."],
      ["pytest", "uv run pytest -n auto"],
      ["pytest", "tox -e py"],
      ["cargo test", "cargo nextest run\ncargo test --doc"],
      ["mvn test", "./mvnw -B verify"],
      ["go test ./...", "gotestsum ./..."],
      ["swift build", "swift test"],
      ["cargo build\ncargo test", "cargo test"],
      ["npm run lint", "npx eslint ."],
      ["npx prettier --write . && git diff --exit-code", "npx prettier --check ."],
      ["npm ci", "yarn install --frozen-lockfile"],
      ["echo hello", "echo bye"],
      ["cd web\nnpm test", "npm --prefix web test"],
    ),
    row("a step that is gone", "step-removed", [ci, tested, workflow("")]),
    row("a step whose action is gone", "step-removed", [
      ci,
      workflow(`${run("npm test")}      - uses: github/codeql-action/analyze@v3\n`),
      workflow(run("npm test")),
    ]),
    row("a step that is called a check by its name alone", "step-removed", [
      ci,
      workflow("      - name: Validate files\n        run: |\n          node -e 'process.exit(1)'\n"),
      workflow(""),
    ]),
    row("a command that becomes an action", "harness-kept", [
      ci,
      workflow("      - run: golangci-lint run\n"),
      workflow("      - uses: golangci/golangci-lint-action@v8\n"),
    ]),
    row("an action that becomes another version", "harness-kept", [
      ci,
      workflow("      - uses: pre-commit/action@v2\n"),
      workflow("      - uses: pre-commit/action@v3.0.1\n"),
    ]),
    row("a command that a matrix fills in", "harness-kept", [
      ci,
      workflow(run("swift build")),
      workflow(
        run(expression("matrix.run")),
        undefined,
        "    strategy:\n      matrix:\n        run: [swift test, swift build]\n",
      ),
    ]),
    row("a matrix of other values", "harness-kept", [
      ci,
      workflow(run("npm test"), undefined, "    strategy:\n      matrix:\n        node: [20, 22]\n"),
      workflow(run("npm test"), undefined, "    strategy:\n      matrix:\n        node: [22]\n"),
    ]),
    row("steps that set up and send", "harness-kept", [
      ci,
      workflow(`${run("npm test")}      - uses: actions/cache@v4\n      - run: gh release create v1\n`),
      workflow(run("npm test")),
    ]),
    row("a job that is gone", "job-removed", [ci, two, tested]),
    row("a job that is made a comment", "job-removed", [ci, two, two.replace(lintJob, lintJob.replace(/^/gm, "#"))]),
    row("a job that stands in a string only", "job-removed", [
      ci,
      lint,
      `name: "\n${lint.replace(/^/gm, " ")}"\non: pull_request\njobs:\n  a:\n    steps: []\n`,
    ]),
    row("a job without its steps", "step-removed", [ci, lint, "on: pull_request\njobs: { lint: { steps: [] } }\n"]),
    row("a job that only looks after issues", "harness-kept", [
      ci,
      `${tested}  stale:\n    steps:\n      - uses: actions/stale@v9\n`,
      tested,
    ]),
    row("a job for releases", "harness-kept", [
      ci,
      `${tested}  release:\n    if: startsWith(github.ref, 'refs/tags/')\n    steps:\n      - run: npm test\n      - run: npm publish\n`,
      tested,
    ]),
    row("a job under another id", "check-renamed", [ci, two, two.replace("  lint:", "  style:")]),
    row("a job under another name", "check-renamed", [ci, two, two.replace("  lint:\n", "  lint:\n    name: Style\n")]),
    row("a job in another workflow", "check-renamed", [ci, two, tested], [other, null, lint]),
    row("a job that becomes a called workflow", "harness-kept", [
      ci,
      two,
      `${tested}  lint:\n    uses: ./.github/workflows/lint.yml\n`,
    ]),
    row("jobs in another order", "harness-kept", [
      ci,
      two,
      `name: CI\non:\n  pull_request:\njobs:\n${lintJob}${tested.slice(tested.indexOf("  test:"))}`,
    ]),
    row("a job that is split", "harness-kept", [
      ci,
      workflow(run("npm run lint\nnpm test")),
      `${workflow(run("npm test"))}${lintJob}`,
    ]),
    row("jobs that are joined", "harness-kept", [ci, two, workflow(run("npm run lint\nnpm test"))]),
    row("a job whose check stands in another one, too", "harness-kept", [
      ci,
      `${tested}  again:\n    steps:\n      - run: npm test\n`,
      tested,
    ]),
    row("a workflow that is gone", "workflow-removed", [ci, tested, null]),
    row(
      "T002: a workflow renamed to where none runs",
      "workflow-removed",
      [ci, tested, null],
      [`${ci}.off`, null, tested],
    ),
    row(
      "T002: a workflow in a folder of its own does not run",
      "workflow-removed",
      [ci, tested, null],
      [".github/workflows/old/ci.yml", null, tested],
    ),
    row("a workflow without jobs", "workflow-removed", [ci, tested, "name: CI\non: pull_request\n"]),
    row(
      "a workflow under another name",
      "check-renamed",
      [ci, tested, null],
      [".github/workflows/test.yaml", null, tested],
    ),
    row("a workflow of the clock", "harness-kept", [
      ci,
      workflow(run("npm test"), "  schedule:\n    - cron: '0 0 * * *'\n"),
      null,
    ]),
    row("a file that was no workflow", "harness-kept", [ci, "version: 2\nupdates: []\n", null]),
    row(
      "a workflow of what is gone itself",
      "harness-kept",
      [
        ci,
        two.replace("      - run: npm run lint\n", "      - run: npm run lint\n        working-directory: web\n"),
        tested,
      ],
      ["web/package.json", "{}", null],
    ),
  ]);
});

describe("what stands in files that the change leaves as they are", () => {
  const travis: File = [".travis.yml", "script: make test\n", null];
  const made = (on?: string) => workflow(run("make test"), on);
  const scripts = (scripts: Record<string, string>) => JSON.stringify({ scripts });
  const called = scripts({
    all: "x",
    "test:all": "npm run test:a && npm run test:b",
    "test:a": "tap a",
    "test:b": "jest",
  });
  const split = workflow(`${run("npm run test:a")}${run("npm run test:b")}`);
  table("harness", [
    [
      "another service's file, while a workflow runs the same",
      beside(byDefault(travis), ci, made()),
      "pass",
      ["harness-kept"],
    ],
    [
      "one whose target is among what a workflow makes by default",
      beside(
        beside(byDefault(travis), ci, workflow(run("make"))),
        "Makefile",
        "all: lint test\ntest:\n\tgo test ./...\n",
      ),
      "pass",
      ["harness-kept"],
    ],
    [
      "one of which the workflow runs something else",
      beside(byDefault(travis), ci, workflow(run("npm run lint"))),
      "fail",
      ["workflow-removed"],
    ],
    [
      "one while the workflow is for the clock",
      beside(byDefault(travis), ci, made("  schedule:\n    - cron: '0 0 * * *'\n")),
      "fail",
      ["workflow-removed"],
    ],
    ["a job that another workflow has", beside(byDefault([ci, tested, null]), other, tested), "pass", ["harness-kept"]],
    [
      "a job that another workflow has for fewer changes",
      beside(
        byDefault([ci, tested, null]),
        other,
        workflow(run("npm test"), "  pull_request:\n    paths: [docs/**]\n"),
      ),
      "fail",
      ["workflow-removed"],
    ],
    [
      "steps that one script calls",
      beside(byDefault([ci, split, workflow(run("npm run test:all"))]), "package.json", called),
      "pass",
      ["harness-kept"],
    ],
    [
      "steps of which the script calls one",
      beside(
        byDefault([ci, split, workflow(run("npm run test:all"))]),
        "package.json",
        scripts({ "test:all": "npm run test:a", "test:a": "tap", "test:b": "jest" }),
      ),
      "fail",
      ["step-removed"],
    ],
    [
      "a job that calls one",
      beside(
        byDefault([ci, `${tested}  app:\n    uses: ./.github/workflows/other.yml\n`, tested]),
        other,
        workflow(run("npx jest"), "  workflow_call:\n"),
      ),
      "fail",
      ["job-removed"],
    ],
    [
      "nothing, where none of them can be read",
      beside(byDefault([ci, tested, null]), other, "jobs: ["),
      "fail",
      ["workflow-removed"],
    ],
  ]);

  const suites = (values: string) =>
    workflow(
      run(`npm run test:${expression("matrix.suite")}`),
      undefined,
      `    strategy:\n      matrix:\n        suite: [${values}]\n`,
    );
  table("harness", [
    row("a value of a matrix that names what is run", "step-removed", [ci, suites("unit, e2e"), suites("unit")]),
    row("one more of them", "harness-kept", [ci, suites("unit"), suites("unit, e2e")]),
    row("a shorter time limit", "harness-kept", [
      ci,
      workflow(run("npm test")),
      workflow(run("npm test"), undefined, "    timeout-minutes: 1\n"),
    ]),
    row("a job that needs another one no longer", "harness-kept", [
      ci,
      workflow(run("npm test"), undefined, "    needs: lint\n"),
      workflow(run("npm test")),
    ]),
  ]);
});
