import * as z from "zod";
import { maxPaths } from "./limits.ts";
import { Agents, routeProblem } from "./policy-agents.ts";
import { duty } from "./policy-evidence.ts";
import { Gates } from "./policy-gates.ts";
import { Phases, Role } from "./policy-roles.ts";
import { count, days, plainFile } from "./policy-values.ts";
import { Risk } from "./text.ts";

const person = z
  .string()
  .regex(
    /^@[A-Za-z0-9][A-Za-z0-9-]*(?:\/[a-z0-9][a-z0-9_-]*)?(?:#[1-9][0-9]{0,14})?$/,
    "write `@user` or `@organisation/team`, and GitHub's number behind it (`@user#12`) to pin it",
  )
  .describe(
    "A person (`@user`) or a team (`@organisation/team`). With GitHub's number behind it (`@user#12`) it is that very account or team, and nobody else who takes over its name; `sallyport doctor` tells the numbers.",
  );

const persons = z.array(person).max(100);

/**
 * The gates that a policy can let people waive. Gates about who made and approved a change cannot be waived: a
 * signature does not put those right. `secrets` judges by form alone, so two people can say that a form deceives.
 */
export const waivable = [
  "forbidden-paths",
  "diff-size",
  "tests",
  "secrets",
  "harness",
  "casefile",
  "remediation",
  "adr",
  "manifest",
  "content",
  "phase",
  "ci",
  "manual-test",
] as const;

const People = z
  .strictObject({
    planners: persons
      .default([])
      .describe("May define epics and stories, ask for a plan, refine it, and start nothing."),
    executors: persons.default([]).describe("May submit runs of approved prompts."),
    approvers: persons.default([]).describe("May approve plans and sign off manual tests."),
    architects: persons
      .default([])
      .describe("Approve the decisions that come with new architecture (`gates.adr`) and changes of protected files."),
    separation: z
      .enum(["strict", "solo"])
      .default("strict")
      .describe(
        "strict: nobody approves or signs off what they asked for. solo: a lone maintainer may; it is recorded and shown.",
      ),
  })
  .describe("Who may do what. People are told by their GitHub account, never by text.");

const asked = z.enum(["required", "optional"]).default("required");

const Intake = z
  .strictObject({
    epic: asked.describe("The story is below an epic, or names one."),
    decisions: asked.describe("It names a decision record that covers it."),
    acceptance: asked.describe("It lists acceptance criteria."),
    risk: asked.describe("It names its risk."),
  })
  .describe("What a story's form has to say before it can be planned. What an optional part says has to be right too.");

const Tiers = z.strictObject({
  light: z
    .strictObject({
      role: z.string().describe("The role of `roles` whose paths an agent may touch; at most 50 patterns."),
      files: z.int().min(1).max(1_000).describe("The most files of one change."),
      lines: count.describe("The most changed lines, counted as `gates.diff-size` counts them."),
      risk: z
        .array(Risk)
        .min(1)
        .default(["low"])
        .describe("The risks that may take this road: the highest that the issue, its parent or its words say."),
    })
    .optional()
    .describe(
      "The short road: `ai:run` by an executor on any issue runs its text as it stands, and somebody else signs the change off or reviews it.",
    ),
  contract: z
    .strictObject({
      risk: z
        .array(Risk)
        .min(1)
        .default(["high", "critical"])
        .describe("The risks that take this road: the highest that epic, story, task file and plan say."),
      template: plainFile.describe(
        "A Markdown file of the default branch, at most 16 KB, whose headings the contract fills: `Acceptance criteria`, `Invariants`, `Verification commands` and so on.",
      ),
    })
    .optional()
    .describe(
      "The contract-first road: with the plan people approve one master contract, made from a template, and the story ends with a report of what came of it.",
    ),
});

const Waivers = z
  .strictObject({
    gates: z
      .array(z.enum(waivable))
      .min(1)
      .describe("Gates that a person may waive, for one commit in one branch and a limited time. No others."),
    by: duty.default("architects"),
    days: z.int().min(1).max(90).default(14).describe("The longest that a waiver may hold."),
    people: z
      .int()
      .min(1)
      .max(10)
      .default(1)
      .describe(
        "How many different people have to waive a gate on a commit before it passes; `secrets` takes two at least.",
      ),
  })
  .describe("Signed, expiring exceptions.");

const LedgerKey = z.strictObject({
  key: z
    .string()
    .regex(/^ed25519:[A-Za-z0-9+/]{43}=$/, "write the public key as `ed25519:` and 44 characters of base64"),
  kinds: z
    .array(z.string())
    .min(1)
    .optional()
    .describe("The kinds of entry that this key may sign; all of them if absent."),
  from: z.int().positive().optional().describe("The first entry that this key may have signed."),
  to: z.int().positive().optional().describe("The last one: how a key is retired or revoked."),
});

const Rework = z
  .strictObject({
    on: z
      .array(z.enum(["gates", "ci", "review", "reviewer"]))
      .min(1)
      .describe(
        "What sends a run's change back to its agent: a failed gate that a commit can mend, a failed check, a person with a duty who asks for changes or whose manual test failed; `reviewer`: what the agent of `agents.reviewer` says must be mended, before the pull request opens.",
      ),
    rounds: z
      .int()
      .min(1)
      .max(20)
      .default(3)
      .describe("The most rounds of one diff prompt that begin by themselves; then people decide each with `/rework`."),
    tokens: count.optional().describe("The most tokens that the rework of one diff prompt may use in all its rounds."),
  })
  .describe("When a failed pull request of a run goes back to its agent by itself. Absent: only by `/rework`.");

/** The part of the policy about rework, with defaults filled in. */
export type Rework = z.output<typeof Rework>;

/**
 * The policy file as maintainers write it. Whoever may push to the default branch wrote it: trusted, but checked
 * strictly.
 */
export const Policy = z
  .strictObject({
    version: z.literal(1),
    extends: z
      .literal("default")
      .optional()
      .describe("Adds the built-in list of sensitive files that no agent may touch."),
    people: People.prefault({}),
    roles: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, "a role's name is lower-case"), Role).default({}),
    gates: Gates.prefault({}),
    phases: Phases.optional(),
    waivers: Waivers.optional(),
    intake: Intake.prefault({}),
    tiers: Tiers.prefault({}),
    agents: Agents.prefault({}),
    rework: Rework.optional(),
    reports: z
      .strictObject({
        digest: z
          .enum(["daily", "weekly"])
          .optional()
          .describe(
            "What happened, as a comment below that issue each day or each Monday, and at the service's `DIGEST_WEBHOOK_URL`.",
          ),
      })
      .optional()
      .describe(
        "One issue that lists what waits and for whom, and the last 30 days in numbers; `reports: {}` is enough. Absent: there is none.",
      ),
    ledger: z
      .strictObject({
        keys: z.array(LedgerKey).min(1).max(20),
        payload: z
          .enum(["full", "digest", "private-repo"])
          .default("private-repo")
          .describe(
            "Whether the packs and answers that entries name are published on the evidence branch, beside their digests: always (`full`), never (`digest`), or where the repository is private at that time (`private-repo`). What is published stays when the repository becomes public; what was held back is not published later.",
          ),
        retention: days
          .optional()
          .describe(
            "How many days packs and answers are kept after the last entry that names them; for ever if absent. Then they are taken out of the database and off the tip of the evidence branch, an entry says so, and their digests stay. Git's history of that branch still has what was published.",
          ),
      })
      .optional()
      .describe("The public keys that may sign this repository's ledger."),
  })
  .superRefine(({ agents, roles, gates: { tests = [], evidence } }, context) => {
    const taken = [
      ...tests.map(({ need }, index) => ({ patterns: need, path: ["tests", index, "need"] })),
      { patterns: evidence?.files ?? [], path: ["evidence", "files"] },
    ];
    // Such a role could write anything.
    const isTester = Object.values(roles).some(({ writes }) => writes !== undefined);
    for (const { patterns, path } of taken)
      if (isTester && patterns.some((one) => /^\*\*(?:\/\*+)*\/?$/.test(one)))
        context.addIssue({
          code: "custom",
          message: "a role writes tests only, and this takes every file for one: name folders or endings",
          path: ["gates", ...path],
        });
    for (const [index, route] of agents.routes.entries()) {
      const problem = routeProblem(route, roles, agents.reviewer);
      if (problem !== null)
        context.addIssue({
          code: "custom",
          message: problem.message,
          path: ["agents", "routes", index, problem.key],
        });
    }
  })
  .refine(
    ({ tiers: { light }, roles }) =>
      light === undefined || (Object.hasOwn(roles, light.role) && (roles[light.role]?.allow.length ?? 0) <= maxPaths),
    {
      message: `it names a role of \`roles\` that allows at most ${maxPaths} patterns`,
      path: ["tiers", "light", "role"],
    },
  )
  .refine(
    ({ tiers: { light, contract } }) =>
      light === undefined || !light.risk.some((risk) => contract?.risk.includes(risk)),
    { message: "a risk takes one road: `tiers.light.risk` has it too", path: ["tiers", "contract", "risk"] },
  );

/** The policy with its defaults filled in; sizes in bytes, times in seconds. */
export type Policy = z.output<typeof Policy>;

/** The part of the policy that says which people may do what. */
export type People = Policy["people"];

type Node = z.core.JSONSchema._JSONSchema;

function below(node: Node | undefined, part: string | number): Node | undefined {
  if (typeof node !== "object") return undefined;
  if (typeof part === "number") return Array.isArray(node.items) ? node.items[part] : node.items;
  return node.properties?.[part] ?? node.additionalProperties;
}

/** Built on first use: most policies have no misspelt key. */
let schema: Node | undefined;

/**
 * The keys that the policy's schema allows at a path, such as `["gates", "diff-size"]`; empty if any name is allowed.
 */
export function policyKeys(place: readonly (string | number)[]): string[] {
  schema ??= z.toJSONSchema(Policy, { io: "input", unrepresentable: "any" });
  let node: Node | undefined = schema;
  for (const part of place) node = below(node, part);
  return typeof node === "object" ? Object.keys(node.properties ?? {}) : [];
}
