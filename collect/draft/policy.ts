import type { JobCheck } from "../../core/policy/job-checks.ts";
import type { Layout } from "./layout.ts";
import type { Proposed } from "./people.ts";

/**
 * Input for a first policy; `rules` are its drafted gates, `schema` is where editors find the policy's schema, and
 * `ledgerKey` the public key of the App that will sign the ledger; without one a person adds it.
 */
export type DraftContext = {
  layout: Layout;
  people: Proposed;
  checks: readonly JobCheck[];
  rules: readonly DraftedRule[];
  schema: string;
  ledgerKey?: string | undefined;
};

/** A gate's rule as lines of YAML. With `against`, history speaks against it: it is written as a comment. */
export type DraftedRule = { yaml: readonly string[]; against: { blocked: number; changes: number } | null };

/** Sizes of a change, from strict to wide. */
const sizes = ["files: 30, lines: 800", "files: 60, lines: 2000", "files: 150, lines: 5000"] as const;

function quoted(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(", ")}]`;
}

/** The gates that a draft proposes, each in one form or several, from strict to wide. */
export function proposedRules({ tested, tests, generated }: Layout): [string[], ...string[][]][] {
  const ignore = generated.length === 0 ? "" : `, ignore: ${quoted(generated)}`;
  const size = (limits: string) => [`diff-size: { ${limits}, bytes: 1MB${ignore} }`];
  const [strict, ...wider] = sizes;
  const pair = ["tests:", `  - when: ${quoted(tested)}`, `    need: ${quoted(tests)}`];
  return [
    [size(strict), ...wider.map(size)],
    ...(tested.length > 0 && tests.length > 0 ? [[pair] satisfies [string[]]] : []),
  ];
}

/** A policy of the built-in rules and one rule, to try that rule alone; of the built-in rules alone without one. */
export function policyOf(rules: readonly (readonly string[])[]): string {
  const gates = rules.flat().map((line) => `  ${line}\n`);
  return `version: 1\nextends: default\n${gates.length === 0 ? "" : `gates:\n${gates.join("")}`}`;
}

function gatesText({ checks, rules }: DraftContext): string {
  const jobs = checks.flatMap(({ pieces: [name, ...more] }) =>
    name === undefined || name === "" || more.length > 0 ? [] : [`@github-actions/${name}`],
  );
  const shown = [...new Set(jobs)].slice(0, 5);
  const lines = rules.flatMap(({ yaml, against }) =>
    against === null
      ? yaml
      : [
          `# left out: ${against.blocked} of the last ${against.changes} merged changes broke it. Take the marks away to ask for it from now on.`,
          ...yaml.map((line) => `# ${line}`),
        ],
  );
  return [
    "gates:",
    ...lines.map((line) => `  ${line}`),
    "  manual-test: { when: { risk: [high, critical] } } # a person tries the change and signs off the exact commit",
    `  # ci: { checks: ${quoted(shown.length === 0 ? ["@github-actions/test"] : shown)} } # checks a change waits for`,
    "",
  ].join("\n");
}

function rolesText({ code, tests, docs, denied, kept }: Layout): string {
  const note = "# what an agent may touch; plans and issues can narrow it and never widen it";
  const left = kept.length === 0 ? "" : `  # no role has ${kept.join(", ")}: people change those\n`;
  if (code.length === 0 && docs.length === 0) return `${note}\n# roles:\n#   code:\n#     allow: ["src/**"]\n`;
  const items = (patterns: readonly string[]) => patterns.map((one) => `      - ${JSON.stringify(one)}\n`).join("");
  const withTests = tests.length === 0 ? "" : `      # tests come with the code that they test\n${items(tests)}`;
  const deny =
    denied.length === 0 ? "" : `    deny: ${quoted(denied)} # migrations and infrastructure stay with people\n`;
  return [
    `roles: ${note}\n`,
    code.length === 0 ? "" : `  code:\n    allow:\n${items(code)}${withTests}${deny}`,
    docs.length === 0 ? "" : `  docs:\n    allow: ${quoted(docs)}\n`,
    left,
  ].join("");
}

function peopleText({ owners, file, committers }: Proposed): string {
  const from = owners.length === 0 ? "" : ` (now: who owns all in ${file})`;
  const guess =
    committers.length === 0 ? "" : `  # who committed, by addresses that prove nothing: ${committers.join(", ")}\n`;
  return `people: # accounts ("@ada") or teams ("@acme/qa")
${guess}  planners: [] # may ask for a plan
  executors: [] # may start runs of approved prompts
  approvers: ${quoted(owners)} # approve plans and sign off tests, never of what they asked for themselves${from}
  architects: ${quoted(owners)} # let in a person's change of a sensitive file, such as this one${from}
  separation: strict # solo: a lone maintainer may approve their own, and it is recorded
`;
}

function ledgerText({ ledgerKey }: DraftContext): string {
  if (ledgerKey === undefined) return "";
  return `\nledger: # who signs the record of approvals, runs and verdicts: this App's key, and no other\n  keys: [{ key: ${JSON.stringify(ledgerKey)} }]\n`;
}

/** A first policy for a repository, with a comment on each decision for a person. It names no folder that is not there. */
export function draftPolicy(context: DraftContext): string {
  return `# yaml-language-server: $schema=${context.schema}
# What AI agents may do in this repository, and what every change has to show. It counts once it is on the default branch.
# \`npx sallyport policy lint\` checks it; \`npx sallyport policy explain <path>\` says what it means for a file.
version: 1
extends: default # no agent touches workflows, this policy, CODEOWNERS, agents' instructions, hooks or keys

${peopleText(context.people)}
intake: { epic: optional, decisions: optional, risk: optional } # a story needs criteria; without this line all of it

${rolesText(context.layout)}
${gatesText(context)}${ledgerText(context)}`;
}
