import * as z from "zod";
import { Risk } from "./risk.ts";

/** Where the policy lives in a governed repository; read from the default branch only. */
export const policyPath = ".github/sallyport.yml";

/** The largest policy file that is read, in bytes; a longer one is refused before it is parsed. */
export const policyBytes = 64 * 1024;

const pattern = z
  .string()
  .min(1)
  .max(500)
  .refine((text) => !/^(?:[!#/]|\.\/)/.test(text), "a pattern does not start with `!`, `#`, `/` or `./`")
  .describe(
    "A path pattern: `*` within one name, `**` between slashes for any folders; `dir` means the folder and all in it.",
  );

const patterns = z.array(pattern).max(500);

const person = z
  .string()
  .regex(/^@[A-Za-z0-9][A-Za-z0-9-]*(?:\/[a-z0-9][a-z0-9_-]*)?$/, "write `@user` or `@organisation/team`")
  .describe("A person (`@user`) or a team (`@organisation/team`).");

const persons = z.array(person).max(100);

function quantity(units: Record<string, number>, example: string) {
  const suffixes = Object.keys(units).join("|");
  const form = new RegExp(`^([0-9]{1,9})(${suffixes})?$`);
  return z
    .union([z.int().positive(), z.string().regex(form, `write a whole number or a form such as ${example}`)])
    .transform((value) => {
      if (typeof value === "number") return value;
      const [, digits, unit] = form.exec(value) ?? [];
      return Number(digits) * (unit === undefined ? 1 : (units[unit] ?? 1));
    })
    .pipe(z.int().positive());
}

const bytes = quantity({ KB: 1_000, MB: 1_000_000, GB: 1_000_000_000 }, "`1MB`");
const count = quantity({ k: 1_000, M: 1_000_000 }, "`400k`");
const seconds = quantity({ s: 1, m: 60, h: 3_600 }, "`20m`");

/** The four sets of people a policy names. */
export const duties = ["planners", "executors", "approvers", "architects"] as const;
export type Duty = (typeof duties)[number];

/**
 * The gates that a person may be allowed to waive. What says who made a change and who approved it cannot be waived, nor
 * can secrets: they are not put right by a signature.
 */
export const waivable = [
  "forbidden-paths",
  "diff-size",
  "tests",
  "harness",
  "casefile",
  "remediation",
  "adr",
  "manifest",
  "phase",
  "ci",
  "manual-test",
] as const;

const People = z
  .strictObject({
    planners: persons.default([]).describe("May ask for a plan, refine it, and start nothing."),
    executors: persons.default([]).describe("May submit runs of approved prompts."),
    approvers: persons.default([]).describe("May approve plans and sign off manual tests."),
    architects: persons.default([]).describe("May approve changes that need an architecture decision."),
    separation: z
      .enum(["strict", "solo"])
      .default("strict")
      .describe(
        "strict: nobody approves or signs off what they asked for. solo: a lone maintainer may; it is recorded and shown.",
      ),
  })
  .describe("Who may do what. People are told by their GitHub account, never by text.");

const Role = z.strictObject({
  allow: patterns
    .min(1)
    .describe("What an agent in this role may touch. An empty list is an error: it would allow nothing."),
  deny: patterns.default([]).describe("What it may not touch, even inside `allow`."),
  card: z
    .string()
    .max(4_000)
    .optional()
    .describe("Do and do-not text put into the prompt of an agent in this role."),
});

/** One pattern or a list of them. */
const some = z
  .union([pattern, patterns.min(1)])
  .transform((value) => (typeof value === "string" ? [value] : value));

const pairs = z
  .array(z.strictObject({ when: some, need: some }))
  .min(1)
  .max(100);

const duty = z.enum(duties);

const Gates = z
  .strictObject({
    "forbidden-paths": z
      .strictObject({ deny: patterns.min(1) })
      .optional()
      .describe("Paths that no pull request may touch, whoever wrote it."),
    links: z
      .strictObject({
        allow: patterns.min(1).describe("Paths where links, submodules and changes of mode are accepted."),
      })
      .optional()
      .describe(
        "Symbolic links, submodules, changed file modes and misleading file names are refused; this says where they are not.",
      ),
    protected: z
      .strictObject({
        paths: patterns.default([]).describe("Besides the built-in list that `extends: default` adds."),
        by: duty
          .default("architects")
          .describe("Whose approving review on the exact commit lets a person's change in."),
      })
      .optional()
      .describe(
        "Files that steer tools, people or this check: never an agent's to change, a person's only with a review.",
      ),
    tests: pairs
      .optional()
      .describe("A change of `when` brings a change of `need`, and tests are not weakened."),
    secrets: z
      .strictObject({ ignore: patterns.default([]).describe("Files that hold made-up secrets on purpose.") })
      .optional()
      .describe(
        "No secret in anything that any commit of the change adds. Always on with `extends: default`.",
      ),
    harness: z
      .strictObject({
        files: patterns
          .min(1)
          .describe("Scripts and settings that judge changes, besides workflows and hooks."),
      })
      .optional()
      .describe(
        "Checks are not switched off: no ignored failures, no skipped jobs. Always on with `extends: default`.",
      ),
    casefile: z
      .strictObject({
        files: z
          .array(z.string().min(1).max(300))
          .min(1)
          .max(20)
          .default(["tasks/{story}/PLAN.md", "tasks/{story}/EXEC_LOG.md"])
          .describe(
            "Files that must be there; `{story}` and `{prompt}` stand for the numbers of the issues.",
          ),
      })
      .optional()
      .describe("A run's change comes with its casefiles."),
    remediation: z
      .strictObject({
        surfaces: some.describe(
          "Production paths: whoever changes them says what was broken and how it was proved mended.",
        ),
        files: some.prefault("remediation/**").describe("Where the trace is written, in the same change."),
      })
      .optional()
      .describe("A change of a production surface brings a remediation trace."),
    adr: z
      .strictObject({
        when: some.describe("Paths that are architecture."),
        files: some.prefault(["docs/adr/**", "docs/decisions/**"]).describe("Where decisions are written."),
      })
      .optional()
      .describe("New architecture comes with a decision, in the same change or named by the story."),
    manifest: pairs
      .optional()
      .describe("When one file changes, another changes with it, here or later in the same story."),
    trace: z
      .strictObject({
        of: z
          .enum(["agents", "all"])
          .default("agents")
          .describe("Whose commits must lead back to an approved prompt."),
      })
      .optional()
      .describe("Every commit leads to a run, a prompt, an approved plan and a person. Always on for runs."),
    review: z
      .strictObject({
        count: z.int().min(1).max(10).default(1),
        by: z.array(duty).min(1).default(["approvers"]),
        paths: patterns.default([]).describe("Only for changes of these paths; for all when empty."),
      })
      .optional()
      .describe("Approving reviews of the exact commit by people who did not ask for the change."),
    ci: z
      .strictObject({
        checks: z
          .array(
            z
              .string()
              .regex(
                /^@[a-z0-9][a-z0-9-]{0,99}\/.{1,100}$/,
                "write `@app/check`, such as `@github-actions/test`",
              ),
          )
          .min(1)
          .max(50),
        skipped: z
          .array(z.string())
          .max(50)
          .default([])
          .describe("Of these checks, those that may be skipped."),
      })
      .optional()
      .describe("Named checks of named apps have succeeded on the exact commit."),
    "diff-size": z
      .strictObject({
        files: count.optional(),
        lines: count.optional().describe("Added plus deleted lines, counted from the files themselves."),
        bytes: bytes.optional().describe("Added bytes: a single very long line counts in full."),
        ignore: patterns.default([]),
      })
      .optional()
      .describe("How large one change may be."),
    "manual-test": z
      .strictObject({
        when: z
          .strictObject({
            paths: patterns.default([]),
            risk: z.array(Risk).default([]),
            labels: z.array(z.string().min(1).max(100)).max(50).default([]),
            always: z.boolean().default(false),
          })
          .describe("Needed if any of these holds."),
        tests: z
          .array(
            z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "a test's name is lower-case words joined by `-`"),
          )
          .min(1)
          .max(20)
          .default(["manual"])
          .describe("The tests a person must sign off on the exact commit."),
      })
      .optional()
      .describe("A person tries the change and signs off the exact commit."),
    evidence: z
      .strictObject({
        files: patterns
          .default([])
          .describe("JSON evidence files: those that a change touches must be valid JSON."),
      })
      .optional()
      .describe(
        "Every change by an agent has recorded evidence for its exact commit; this adds evidence files in the repository.",
      ),
  })
  .describe(
    "The gates of the `sallyport` check. `scope`, `trace`, `evidence`, `approval`, `dependencies` and `stop` need no settings: they always hold for agents' changes.",
  );

const Phases = z
  .strictObject({
    current: z.string(),
    of: z.record(
      z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, "a phase's name is lower-case"),
      z.strictObject({
        allow: patterns.optional().describe("All that may change in this phase; everything when absent."),
        deny: patterns.default([]).describe("What is closed in this phase."),
      }),
    ),
  })
  .refine((phases) => Object.hasOwn(phases.of, phases.current), {
    message: "`current` names a phase that `of` does not have",
    path: ["current"],
  })
  .describe("What may change in which phase of the work.");

const Waivers = z
  .strictObject({
    gates: z
      .array(z.enum(waivable))
      .min(1)
      .describe("Gates that a person may waive, for one commit and a limited time. No others."),
    by: duty.default("architects"),
    days: z.int().min(1).max(90).default(14).describe("The longest that a waiver may hold."),
  })
  .describe("Signed, expiring exceptions.");

const Limits = z.strictObject({
  runtime: seconds.default(1_200).describe("Seconds, or a form such as `20m`."),
  silence: seconds.default(180).describe("Longest wait for the model's next word."),
  turns: count.default(60),
  tokens: count.default(400_000),
  rework: z.int().min(0).max(20).default(3),
});
export type Limits = z.output<typeof Limits>;

const Backend = z.enum(["anthropic"]).describe("The service that runs the agent.");

const Agents = z.strictObject({
  default: Backend.default("anthropic"),
  planner: Backend.default("anthropic"),
  model: z.string().min(1).max(100).optional().describe("The model of both, unless a route names another."),
  routes: z
    .array(z.strictObject({ role: z.string(), use: Backend, model: z.string().min(1).max(100).optional() }))
    .max(50)
    .default([]),
  limits: Limits.prefault({}),
});

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

/** The policy file as maintainers write it. Written by whoever may push to the default branch: trusted, but checked strictly. */
export const Policy = z
  .strictObject({
    version: z.literal(1),
    extends: z
      .literal("default")
      .optional()
      .describe("Adds the built-in list of sensitive files that no agent may touch."),
    people: People.prefault({}),
    roles: z
      .record(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, "a role's name is lower-case"), Role)
      .default({}),
    gates: Gates.prefault({}),
    phases: Phases.optional(),
    waivers: Waivers.optional(),
    agents: Agents.prefault({}),
    ledger: z
      .strictObject({
        keys: z.array(LedgerKey).min(1).max(20),
        threshold: z.int().min(1).max(20).default(1).describe("How many distinct keys sign each entry."),
        payload: z
          .enum(["full", "digest", "private-repo"])
          .default("private-repo")
          .describe(
            "Whether the packs and answers that entries name are published on the evidence branch, beside their digests: always (`full`), never (`digest`), or where the repository is private at that time (`private-repo`). What is published stays when the repository becomes public; what was held back is not published later.",
          ),
      })
      .optional()
      .describe("The public keys that may sign this repository's ledger."),
  })
  .refine((policy) => policy.agents.routes.every((route) => Object.hasOwn(policy.roles, route.role)), {
    message: "a route names a role that `roles` does not have",
    path: ["agents", "routes"],
  });

/** The policy with its defaults filled in; sizes in bytes, times in seconds. */
export type Policy = z.output<typeof Policy>;

/** The part of the policy that says which people may do what. */
export type People = Policy["people"];
