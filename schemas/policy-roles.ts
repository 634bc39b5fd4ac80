import * as z from "zod";
import { patterns } from "./policy-values.ts";

const cardLines = z.array(z.string().trim().min(1).max(300)).max(20).optional();

/** What an agent is told in words: its card, and lists of what to do and what not to do. */
const card = {
  card: z.string().max(4_000).optional().describe("Free text that planner and agent get."),
  do: cardLines.describe("What to do, one sentence an item; planner and agent get it as text."),
  "do-not": cardLines.describe("What not to do, in the same way. What has to hold is a path or a gate."),
};

/** What an agent in a role may touch, and what it is told. */
export const Role = z.strictObject({
  allow: patterns
    .min(1)
    .describe("What an agent in this role may touch. An empty list is an error: it would allow nothing."),
  deny: patterns.default([]).describe("What it may not touch, even inside `allow`."),
  writes: z
    .literal("tests")
    .optional()
    .describe(
      "`tests`: nothing but tests, which the gate `tests` tells by name and folder, snapshots, and what `need` of `gates.tests` and `gates.evidence.files` match. Its agent gets the story's criteria and what the other prompts changed. Absent: all that `allow` has.",
    ),
  execution: z
    .enum(["none", "tests"])
    .default("none")
    .describe(
      "What runs of its work before CI does. none: nothing. tests: the approved plan's verification commands, by Sallyport itself in its sandbox, without a network; one that fails goes back to the agent.",
    ),
  ...card,
});

/** The phases of the work, and which one it is in. */
export const Phases = z
  .strictObject({
    current: z.string(),
    of: z.record(
      z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, "a phase's name is lower-case"),
      z.strictObject({
        allow: patterns.optional().describe("All that may change in this phase; everything when absent."),
        deny: patterns.default([]).describe("What is closed in this phase."),
        ...card,
      }),
    ),
  })
  .refine((phases) => Object.hasOwn(phases.of, phases.current), {
    message: "`current` names a phase that `of` does not have",
    path: ["current"],
  })
  .describe("What may change in which phase of the work.");
