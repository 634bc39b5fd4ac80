import * as z from "zod";
import { condition, duty, Requirement } from "./policy-evidence.ts";
import { bytes, count, pattern, patterns } from "./policy-values.ts";
import { SecretForm } from "./secret-form.ts";

/** One pattern or a list of them. */
const some = z.union([pattern, patterns.min(1)]).transform((value) => (typeof value === "string" ? [value] : value));

const pairs = z
  .array(z.strictObject({ when: some, need: some }))
  .min(1)
  .max(100);

/** The path of a file that Sallyport writes for each story: plain names without patterns or hidden folders. */
const writtenFile = z
  .string()
  .max(300)
  .regex(
    /^(?:(?:\{story\}|[\w-])(?:\{story\}|[\w.-])*(?:\/(?!$)|$))+$/,
    "write a path of plain names from the top of the repository, such as `tasks/{story}/PLAN.md`",
  )
  .refine((path) => path.includes("{story}"), "`{story}` stands in the path: each story has files of its own");

/**
 * Whether two paths can be files of one tree, also on a case-insensitive disk: they differ, and neither is a folder of
 * the other.
 */
function areApart(one: string, other: string): boolean {
  const [first, second] = [`${one}/`.toLowerCase(), `${other}/`.toLowerCase()];
  return !first.startsWith(second) && !second.startsWith(first);
}

/** What files may hold after a change. */
const ContentRule = z
  .strictObject({
    paths: some,
    only: z
      .enum(["added", "appended"])
      .optional()
      .describe("`added`: files are new and never changed, as migrations. `appended`: they also grow at their end."),
    forbid: z
      .array(z.string().min(2).max(200).regex(/\S/, "write the text that nobody may add"))
      .max(50)
      .default([])
      .describe("Texts that no change adds, in any case and with any blanks, such as `CREATE TABLE`."),
  })
  .refine(({ only, forbid }) => only !== undefined || forbid.length > 0, "a rule has `only` or `forbid`");

/** The settings of every configurable gate. */
export const Gates = z
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
    tests: pairs.optional().describe("A change of `when` brings a change of `need`, and tests are not weakened."),
    secrets: z
      .strictObject({
        ignore: patterns.default([]).describe("Files that hold made-up secrets on purpose."),
        forms: z
          .array(SecretForm)
          .max(100)
          .default([])
          .describe("Forms of your own secrets, besides those that are known: a prefix, and what follows it."),
      })
      .optional()
      .describe("No secret in anything that any commit of the change adds. Always on with `extends: default`."),
    harness: z
      .strictObject({
        files: patterns.min(1).describe("Scripts and settings that judge changes, besides workflows and hooks."),
      })
      .optional()
      .describe(
        "Checks are not switched off: no ignored failures, no skipped jobs. Always on with `extends: default`.",
      ),
    casefile: z
      .strictObject({
        plan: writtenFile
          .optional()
          .describe(
            "Where Sallyport writes the approved plan, in each commit of a run. `{story}` stands for the number of its issue and must be in it.",
          ),
        log: writtenFile
          .optional()
          .describe(
            "Where Sallyport writes what the ledger tells of the story's attempts. What stands below the last line of either file is people's, and kept.",
          ),
        files: z
          .array(z.string().min(1).max(300))
          .min(1)
          .max(20)
          .optional()
          .describe(
            "Files that others write and that must be there; `{story}` and `{prompt}` stand for the numbers of the issues. Without `plan` and `log`: `tasks/{story}/PLAN.md` and `tasks/{story}/EXEC_LOG.md`.",
          ),
      })
      .refine(({ plan, log }) => plan === undefined || log === undefined || areApart(plan, log), {
        message: "`plan` and `log` are two files, and neither lies below the other",
        path: ["log"],
      })
      .optional()
      .describe(
        "A run's change comes with its casefiles. Those that Sallyport writes hold what the ledger's entries hold and nothing else; they count for `diff-size`, whose `ignore` can leave them out.",
      ),
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
      .describe(
        "New architecture needs a decision: one that the story names and that stood before, or one in the same change that `people.architects` approve on its head (`approvers` where the policy names no architect).",
      ),
    content: z
      .array(ContentRule)
      .min(1)
      .max(50)
      .optional()
      .describe("What files may hold: only new ones, only longer ones, or no text of a list."),
    manifest: pairs
      .optional()
      .describe("When one file changes, another changes with it, here or later in the same story."),
    trace: z
      .strictObject({
        of: z
          .enum(["runs", "agents", "all"])
          .default("runs")
          .describe(
            "`runs`: only what runs made. `agents`: also pull requests that an app or bot opened, and those of people whose commits or description name an agent, as Copilot, Claude Code, Codex, Cursor and Jules do; one that hides looks like that person. `all`: also people's.",
          ),
      })
      .optional()
      .describe(
        "Every commit of a run leads to a prompt, an approved plan and a person. Always on for runs; `of` asks that other changes lead to a person who adopted each of their commits (`/adopt`).",
      ),
    review: z
      .strictObject({
        count: z.int().min(1).max(10).default(1),
        by: z.array(duty).min(1).default(["approvers"]),
        paths: patterns.default([]).describe("Only for changes of these paths; for all when empty."),
      })
      .optional()
      .describe("Approving reviews of this commit for this branch, by people who did not ask for it."),
    ci: z
      .strictObject({
        checks: z
          .array(
            z
              .string()
              .regex(/^@[a-z0-9][a-z0-9-]{0,99}\/.{1,100}$/, "write `@app/check`, such as `@github-actions/test`"),
          )
          .min(1)
          .max(50),
        skipped: z.array(z.string()).max(50).default([]).describe("Of these checks, those that may be skipped."),
      })
      .optional()
      .describe("Named checks of named apps have succeeded on the exact commit."),
    "diff-size": z
      .strictObject({
        files: count.optional(),
        lines: count.optional().describe("Added plus deleted lines, counted from the files themselves."),
        bytes: bytes.optional().describe("Added bytes: a single very long line counts in full."),
        ignore: patterns.default([]),
        story: z
          .strictObject({ files: count.optional(), lines: count.optional() })
          .optional()
          .describe("How much all prompts of one story may add together: their merged and open pull requests."),
      })
      .optional()
      .describe("How large one change may be. A file that moves as it is counts as one file without lines and bytes."),
    "manual-test": z
      .strictObject({
        when: z
          .strictObject({ ...condition, always: z.boolean().default(false) })
          .describe("Needed if any of these holds."),
        tests: z
          .array(z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "a test's name is lower-case words joined by `-`"))
          .min(1)
          .max(20)
          .default(["manual"])
          .describe("The tests a person must sign off on the exact commit."),
      })
      .optional()
      .describe("A person tries the change and signs off the exact commit."),
    evidence: z
      .strictObject({
        files: patterns.default([]).describe("JSON evidence files: those that a change touches must be valid JSON."),
        require: z.array(Requirement).max(20).default([]).describe("What changes of anybody must bring along."),
      })
      .optional()
      .describe(
        "Every change by an agent has recorded evidence for its exact commit; this adds evidence that anybody's change brings.",
      ),
  })
  .describe(
    "The gates of the `sallyport` check. `scope`, `trace`, `evidence`, `approval`, `dependencies` and `stop` need no settings: they always hold for agents' changes.",
  );
