import type { JobCheck } from "../../../core/policy/job-checks.ts";

/** Input for a first policy: the paths of all files, and the checks of the workflows. */
export type DraftContext = { files: readonly string[]; checks: readonly JobCheck[] };

const testFolders: ReadonlySet<string> = new Set(["test", "tests", "spec", "specs", "__tests__", "e2e"]);
const docFolders: ReadonlySet<string> = new Set(["docs", "doc"]);

/** Folders whose files are made or fetched by tools; no agent should write them. */
const madeFolders: ReadonlySet<string> = new Set([
  "build",
  "coverage",
  "dist",
  "node_modules",
  "out",
  "target",
  "third_party",
  "vendor",
]);

const testNames = ["**/*.test.*", "**/*.spec.*", "**/*_test.*", "**/test_*.py"];
const testName = [/\.test\.[^/]+$/, /\.spec\.[^/]+$/, /_test\.[^/]+$/, /(?:^|\/)test_[^/]+\.py$/];

const locks = [
  "Cargo.lock",
  "Gemfile.lock",
  "composer.lock",
  "go.sum",
  "package-lock.json",
  "pnpm-lock.yaml",
  "poetry.lock",
  "uv.lock",
  "yarn.lock",
];

/** The most folders that a drafted role names; with more, a person has to choose anyway. */
const maxFolders = 12;

/** A name that needs no escaping in a pattern or in a quoted YAML string. */
const plainName = /^[\p{L}\p{N}_@-][\p{L}\p{N}_@. -]*$/u;

function topFolders(files: readonly string[]): string[] {
  const folders = files.flatMap((path) => (path.includes("/") ? [path.slice(0, path.indexOf("/"))] : []));
  return [...new Set(folders)].filter((name) => plainName.test(name)).sort();
}

function quoted(patterns: readonly string[]): string {
  return `[${patterns.map((pattern) => JSON.stringify(pattern)).join(", ")}]`;
}

function inside(folders: readonly string[]): string[] {
  return folders.map((folder) => `${folder}/**`);
}

function rolesText(code: readonly string[], docs: readonly string[]): string {
  const roles = [
    ...(code.length > 0 ? [`  code:\n    allow: ${quoted(inside(code))}\n`] : []),
    ...(docs.length > 0 ? [`  docs:\n    allow: ${quoted(inside(docs))}\n`] : []),
  ];
  const note = "# what an agent may touch; plans and issues can narrow it and never widen it";
  if (roles.length === 0) return `${note}\n# roles:\n#   code:\n#     allow: ["src/**"]\n`;
  return `roles: ${note}\n${roles.join("")}`;
}

function gatesText({ files, checks }: DraftContext, code: readonly string[], folders: readonly string[]) {
  const named = new Set(files.map((path) => path.slice(path.lastIndexOf("/") + 1)));
  const ignore = locks.filter((lock) => named.has(lock)).map((lock) => `**/${lock}`);
  const tests = [
    ...inside(folders.filter((name) => testFolders.has(name))),
    ...testNames.filter((_, index) => files.some((path) => testName[index]?.test(path) === true)),
  ];
  const jobs = checks.flatMap(({ pieces: [name, ...more] }) =>
    name === undefined || name === "" || more.length > 0 ? [] : [`@github-actions/${name}`],
  );
  const shown = [...new Set(jobs)].slice(0, 5);
  return [
    "gates:",
    `  diff-size: { files: 30, lines: 800, bytes: 1MB${ignore.length === 0 ? "" : `, ignore: ${quoted(ignore)}`} }`,
    ...(code.length === 0 || tests.length === 0
      ? []
      : ["  tests:", `    - when: ${quoted(inside(code))}`, `      need: ${quoted(tests)}`]),
    "  manual-test: { when: { risk: [high, critical] } } # a person tries the change and signs off the exact commit",
    `  # ci: { checks: ${quoted(shown.length === 0 ? ["@github-actions/test"] : shown)} } # checks a change waits for`,
    "",
  ].join("\n");
}

/**
 * A first policy for a repository, with a comment on each decision for a person. It names existing folders and no
 * people: until people are named, nobody may start an agent. `schema` is where editors find the policy's schema.
 */
export function draftPolicy(context: DraftContext, schema: string): string {
  const folders = topFolders(context.files);
  const docs = folders.filter((name) => docFolders.has(name));
  const code = folders
    .filter((name) => !testFolders.has(name) && !docFolders.has(name) && !madeFolders.has(name))
    .slice(0, maxFolders);
  return `# yaml-language-server: $schema=${schema}
# What AI agents may do in this repository, and what every change has to show. It counts once it is on the default branch.
# \`npx sallyport policy lint\` checks it; \`npx sallyport policy explain <path>\` says what it means for a file.
version: 1
extends: default # no agent touches workflows, this policy, CODEOWNERS, agents' instructions, hooks or keys

people: # accounts ("@ada") or teams ("@acme/qa")
  planners: [] # may ask for a plan
  executors: [] # may start runs of approved prompts
  approvers: [] # approve plans and sign off tests, never of what they asked for themselves
  architects: [] # let in a person's change of a sensitive file, such as this one
  separation: strict # solo: a lone maintainer may approve their own, and it is recorded

${rolesText(code, docs)}
${gatesText(context, code, folders)}`;
}
