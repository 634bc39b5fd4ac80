import * as z from "zod";
import { duties, patterns } from "./policy-values.ts";
import { Risk } from "./text.ts";

/** One duty of the policy. */
export const duty = z.enum(duties);

/** Which changes a rule is about. Any of its parts is enough. */
export const condition = {
  paths: patterns.default([]),
  risk: z.array(Risk).default([]).describe("Of the story that the change belongs to."),
  labels: z.array(z.string().min(1).max(100)).max(50).default([]),
};
export type Condition = z.infer<z.ZodObject<typeof condition>>;

/** An artifact by its name, or by its name and the workflow that uploads it. */
const artifact = z
  .union([
    z.string().min(1).max(200),
    z.strictObject({
      name: z.string().min(1).max(200),
      workflow: z
        .string()
        .regex(/^\.github\/workflows\/[\w.-]+$/, "write the workflow's path, such as `.github/workflows/ci.yml`")
        .optional(),
    }),
  ])
  .transform((one): { name: string; workflow?: string | undefined } => (typeof one === "string" ? { name: one } : one));

const percent = z.number().min(0).max(100);

/** Which report of coverage is read, and what it has to say. */
const Coverage = z
  .strictObject({
    artifact: artifact.optional().describe("Holds the report: an artifact of a run on exactly the head commit."),
    file: z
      .string()
      .min(1)
      .max(300)
      .optional()
      .describe("The report: a file in that artifact or, without one, a file that the change adds or changes."),
    min: percent.optional().describe("So many of 100 lines are covered in all."),
    changed: percent.optional().describe("So many of 100 lines that the change adds or changes are covered."),
    paths: patterns
      .default([])
      .describe("Only these files count for `changed`; lines of one that the report leaves out count as not covered."),
    unread: z
      .enum(["block", "tell"])
      .default("block")
      .describe("Whether a report that is missing or cannot be read blocks the change or is only told."),
  })
  .refine(({ artifact: from, file }) => from !== undefined || file !== undefined, "name the `artifact` or the `file`")
  .refine(({ min, changed }) => min !== undefined || changed !== undefined, "ask for `min`, `changed` or both");
export type CoverageRule = z.infer<typeof Coverage>;

/** What `evidence` asks of a change beyond its record. */
export const Requirement = z
  .strictObject({
    when: z
      .strictObject(condition)
      .optional()
      .describe("Asked if any of these holds; of every change if it is absent."),
    files: patterns.default([]).describe("For each pattern, the change adds or changes a file that matches it."),
    schema: z
      .string()
      .min(1)
      .max(300)
      .optional()
      .describe("A JSON Schema, by its path on the default branch, that those files fit."),
    artifacts: z
      .array(artifact)
      .max(10)
      .default([])
      .describe("Names of artifacts that a workflow run uploaded for exactly the head commit, not expired."),
    attachments: z
      .int()
      .min(1)
      .max(20)
      .optional()
      .describe("So many images or files uploaded to the pull request's text or a comment after the last push."),
    by: z.array(duty).min(1).default(["approvers"]).describe("Whose comments may hold these uploads."),
    sections: z
      .array(z.string().min(1).max(100))
      .max(20)
      .default([])
      .describe("Headings of the pull request's text that must be there and filled in."),
    coverage: Coverage.optional().describe("A report of line coverage, and how much it has to show."),
  })
  .refine(
    ({ files, artifacts, attachments, sections, coverage }) =>
      files.length + artifacts.length + sections.length > 0 || attachments !== undefined || coverage !== undefined,
    "ask for at least one of `files`, `artifacts`, `attachments`, `sections` and `coverage`",
  )
  .refine(({ schema, files }) => schema === undefined || files.length > 0, {
    message: "`schema` is for files: name them under `files`",
    path: ["schema"],
  });
export type Requirement = z.infer<typeof Requirement>;
