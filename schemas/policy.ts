import { z } from "zod";
import { Risk } from "./text.ts";

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
    "A path pattern: `*` within one folder, `**` across folders; `dir` means the folder and all in it.",
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

const Gates = z
  .strictObject({
    "forbidden-paths": z
      .strictObject({ deny: patterns.min(1) })
      .optional()
      .describe("Paths that no pull request may touch, whoever wrote it."),
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
  .describe("The gates of the `sallyport` check. `scope` and `evidence` always hold for agents' changes.");

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
    agents: Agents.prefault({}),
    ledger: z
      .strictObject({ keys: z.array(LedgerKey).min(1).max(20) })
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
/** The four sets of people a policy names. */
export const duties = ["planners", "executors", "approvers", "architects"] as const;
export type Duty = (typeof duties)[number];
