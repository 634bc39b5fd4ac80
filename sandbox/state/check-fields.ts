/** The fields of a check run that requests set, and that the state keeps as they came. */
import { z } from "zod";

/** GitHub's limits. */
const MAX_TEXT_LENGTH = 65_535;
const MAX_ANNOTATIONS = 50;

const text = z.string().max(MAX_TEXT_LENGTH);

/** A note on lines of a file. */
const annotation = z.object({
  path: z.string().min(1),
  start_line: z.number().int(),
  end_line: z.number().int(),
  start_column: z.number().int().nullable().default(null),
  end_column: z.number().int().nullable().default(null),
  annotation_level: z.enum(["notice", "warning", "failure"]),
  message: z.string().min(1),
  title: z.string().nullable().default(null),
  raw_details: z.string().nullable().default(null),
});

const output = z.object({
  title: z.string().nullable().default(null),
  summary: text,
  text: text.nullable().default(null),
  annotations: z.array(annotation).max(MAX_ANNOTATIONS).default([]),
});

/** What an app tells of a check run, by GitHub's own names. */
export const runFields = z.object({
  name: z.string().min(1),
  status: z.enum(["queued", "in_progress", "completed"]).optional(),
  conclusion: z
    .enum(["action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale", "timed_out"])
    .optional(),
  details_url: z.string().optional(),
  external_id: z.string().optional(),
  started_at: z.iso.datetime({ offset: true }).optional(),
  completed_at: z.iso.datetime({ offset: true }).optional(),
  output: output.optional(),
  actions: z
    .array(z.object({ label: z.string().max(20), description: z.string().max(40), identifier: z.string().max(20) }))
    .max(3)
    .optional(),
});

/** For a change of a run: every field may be left out. */
export const changedFields = runFields.partial();

export type RunFields = z.output<typeof runFields>;
export type ChangedFields = z.output<typeof changedFields>;
export type Annotation = z.output<typeof annotation>;

/** A check that reports by itself on every head. */
export type SimulatedCheck = {
  name: string;
  conclusion: NonNullable<RunFields["conclusion"]>;
  /** It fails on a commit whose files at or below the path hold the text. */
  failsOn?: { path: string; text: string } | undefined;
  delayMs: number;
  log?: string;
  output?: NonNullable<RunFields["output"]>;
};
