import { describe } from "@jest/globals";
import type { File } from "../../builders/changed-files.ts";
import { table } from "../../builders/gate-table.ts";
import { changed, ci, expression, grows, row, tested, workflow } from "../../builders/workflow.ts";

describe("hooks", () => {
  const list = "repos:\n  - repo: local\n    hooks:\n      - id: lint\n      - id: types\n";
  const config = ".pre-commit-config.yaml";
  table("harness", [
    ...grows(
      "hook-bypassed",
      [ci, tested, "      - run: git commit --no-verify -m x\n"],
      [ci, tested, "      - run: git commit -nm x\n"],
      ["scripts/ci.sh", "#!/bin/sh\nset -e\n", "git config core.hooksPath /dev/null\n"],
    ),
    ...grows("harness-kept", [ci, tested, "      - run: git commit -m x\n"], [ci, tested, "      # --no-verify\n"]),
    row("a new workflow of a bot", "harness-kept", [ci, null, workflow("      - run: git commit --no-verify -m x\n")]),
    row("a hook that is gone", "hook-bypassed", [".husky/pre-commit", "npm test\n", null]),
    row("a hook that only spoke", "harness-kept", [".husky/pre-commit", "echo hello\n", null]),
    row("a hook that no longer tests", "step-removed", [
      ".husky/pre-commit",
      "npm test\nnpm run lint\n",
      "npm run lint\n",
    ]),
    row(
      "a hook elsewhere",
      "harness-kept",
      [".husky/pre-commit", "npm test\n", null],
      [".husky/pre-push", null, "npm test\n"],
    ),
    row("an entry that is gone", "hook-bypassed", [config, list, list.replace("      - id: types\n", "")]),
    row("an entry that runs by hand alone", "hook-bypassed", [
      config,
      list,
      list.replace("- id: types\n", "- id: types\n        stages: [manual]\n"),
    ]),
    row("all entries by hand alone", "hook-bypassed", [
      config,
      "repos: [{ hooks: [{ id: lint }] }]\n",
      "default_stages: [manual]\nrepos: [{ hooks: [{ id: lint }] }]\n",
    ]),
    row("an entry that leaves more out", "hook-bypassed", [
      config,
      list,
      list.replace("- id: types\n", "- id: types\n        exclude: ^src/\n"),
    ]),
    row(
      "an entry that leaves out what the change adds",
      "harness-kept",
      [config, list, list.replace("- id: types\n", "- id: types\n        exclude: ^made/\n")],
      ["made/a.txt", null, "a"],
    ),
    row("an entry that the service leaves out", "hook-bypassed", [config, list, `ci: { skip: [types] }\n${list}`]),
    row("an entry in another place", "harness-kept", [
      config,
      list,
      "repos:\n  - hooks:\n      - id: types\n      - id: lint\n",
    ]),
    row("entries that another tool stands for", "harness-kept", [
      config,
      "repos: [{ hooks: [{ id: flake8 }, { id: isort }, { id: black }] }]\n",
      "repos: [{ hooks: [{ id: ruff }] }]\n",
    ]),
    row("an entry that none stands for by looking after blanks", "hook-bypassed", [
      config,
      "repos: [{ hooks: [{ id: mypy }] }]\n",
      "repos: [{ hooks: [{ id: trailing-whitespace }] }]\n",
    ]),
    row("a file of hooks that is gone", "hook-bypassed", [config, "repos: [{ hooks: [{ id: mypy }] }]\n", null]),
  ]);
});

describe("other services", () => {
  const gitlab = ".gitlab-ci.yml";
  const job = (more = "", script = "npm test") =>
    `test:\n  stage: test\n${more}  script:\n    - npm ci\n    - ${script}\n`;
  const circle = (run: string, started = "test") =>
    `version: 2.1\njobs:\n  test:\n    steps:\n      - checkout\n      - run: ${run}\nworkflows:\n  all:\n    jobs: [${started}]\n`;
  table("harness", [
    ...changed(
      "failure-ignored",
      [gitlab, job(), job("  allow_failure: true\n")],
      [gitlab, job(), job("", "npm test || true")],
      [gitlab, job(), `test:\n  stage: test # why\u0085  allow_failure: true\n  script: [npm test]\n`],
      [gitlab, job(), "test:\n  script:\n    - set +e\n    - npm test\n    - echo done\n"],
      [
        "azure-pipelines.yml",
        "steps:\n  - script: npm test\n",
        "steps:\n  - script: npm test\n    continueOnError: true\n",
      ],
      [
        ".buildkite/pipeline.yml",
        "steps:\n  - command: make test\n",
        "steps:\n  - command: make test\n    soft_fail: true\n",
      ],
      [".circleci/config.yml", circle("npm test"), circle("npm test || true")],
      [
        "lefthook.yml",
        "pre-push:\n  commands:\n    test:\n      run: npm test\n",
        "pre-push:\n  commands:\n    test:\n      run: npm test || true\n",
      ],
    ),
    ...changed(
      "job-skipped",
      [gitlab, job(), job("  when: manual\n")],
      [gitlab, job(), job("  rules:\n    - when: never\n")],
      [gitlab, job(), job("  only: [tags]\n")],
      [".circleci/config.yml", circle("npm test"), circle("npm test", "other")],
      ["azure-pipelines.yml", "steps:\n  - script: npm test\n", "steps:\n  - script: npm test\n    enabled: false\n"],
      [
        "lefthook.yml",
        "pre-push:\n  commands:\n    test:\n      run: npm test\n",
        "pre-push:\n  commands:\n    test:\n      skip: true\n      run: npm test\n",
      ],
    ),
    ...changed(
      "harness-kept",
      [gitlab, job(), job("  rules:\n    - if: $CI_MERGE_REQUEST_ID\n    - when: manual\n")],
      [gitlab, job(), job("  allow_failure: false\n  retry: 2\n")],
      [gitlab, job(), `.base: &base\n  script: [npm ci, npm test]\ntest:\n  <<: *base\n`],
      [".circleci/config.yml", circle("npm test"), circle("{ name: Test, command: npm test }")],
      [
        ".circleci/config.yml",
        circle("npm test"),
        "version: 2.1\ncommands:\n  go:\n    steps:\n      - run: npm test\njobs:\n  test:\n    steps:\n      - go\nworkflows:\n  all:\n    jobs: [test]\n",
      ],
      [
        ".travis.yml",
        "script:\n  - npm run lint\n  - npm test\n",
        'script:\n  - if [ -n "$A" ]; then npm run lint && npm test; fi\n',
      ],
    ),
    row("a job of GitLab that is gone", "job-removed", [gitlab, `${job()}lint:\n  script: npm run lint\n`, job()]),
    row("a step of GitLab that is gone", "step-removed", [gitlab, job(), job("", "echo off")]),
    row(
      "a service that another one stands for",
      "harness-kept",
      [".travis.yml", "script: npm test\n", null],
      [ci, null, tested],
    ),
  ]);
});

describe("code of strangers beside secrets", () => {
  const on = (event: string, ref: string) =>
    `on:\n  ${event}:\njobs:\n  test:\n    steps:\n      - uses: actions/checkout@v5\n        with:\n          ref: ${ref}\n`;
  const headSha = expression("github.event.pull_request.head.sha");
  const plain = on("pull_request_target", "main");
  const script = (text: string) => `${plain}      - run: ${text}\n        env: { REF: "${headSha}" }\n`;
  const untrusted = (title: string, ...files: File[]) => row(title, "untrusted-checkout", ...files);
  table("harness", [
    untrusted("a checkout of the head", [ci, plain, on("pull_request_target", headSha)]),
    untrusted("a new one after another workflow", [
      ci,
      null,
      on("workflow_run", expression("github.event.workflow_run.head_sha")),
    ]),
    untrusted("git by hand", [ci, plain, script("git fetch origin pull/1/head && git checkout $REF")]),
    untrusted("the command line of GitHub", [ci, plain, script("gh pr checkout 1")]),
    row("an event with secrets for a checkout of the head", "untrusted-checkout", [
      ci,
      on("pull_request", headSha),
      on("pull_request_target", headSha),
    ]),
    row("no secrets, no harm", "harness-kept", [ci, on("pull_request", "main"), on("pull_request", headSha)]),
    row("the base's own code", "harness-kept", [ci, null, plain]),
    row("a mention", "harness-kept", [ci, null, script("./scripts/status.sh $REF")]),
    row("a mention beside git", "harness-kept", [ci, null, script("echo $REF && git fetch origin main")]),
    row("a job for another event", "harness-kept", [
      ci,
      null,
      on("pull_request_target", headSha).replace("  test:\n", "  test:\n    if: github.event_name == 'push'\n"),
    ]),
    row("one that stood there", "harness-kept", [
      ci,
      on("pull_request_target", headSha),
      `${on("pull_request_target", headSha)}      - run: a\n`,
    ]),
  ]);
});
