import type { EntryBody } from "../../schemas/entries.ts";
import type { Policy } from "../../schemas/policy.ts";
import { type Draft, lastEntry, type TypedEntry } from "../entries.ts";
import { routeOf } from "./routes.ts";

type Body = EntryBody<"handoff.made">;
type Actor = Draft["actor"];

/** Whoever merges holds the work: anyone who may write to the repository. The policy has no duty for it. */
const writers = "people:writers";

/** The agent that the policy assigns to a prompt's role, or the run's route, as the holder of the work. */
export function agentHolder(role: string, policy: Policy, route?: string): string {
  const { use, model } = routeOf(policy, role, route);
  return `agent:${use}/${model ?? "default"}`;
}

/**
 * Hands the approved contract to the agent; `back`: from the gates, because its change failed. Under the light tier, where
 * an issue is its own prompt, the request hands it over.
 */
export function toAgent(where: { story: number; prompt: number }, digest: string, holder: string, back = false): Body {
  const people = where.story === where.prompt ? "people:executors" : "people:approvers";
  return {
    ...where,
    from: back ? { stage: "validate", holder: "app" } : { stage: "spec", holder: people },
    to: { stage: "execute", holder },
    carries: digest,
  };
}

/** Hands a commit on a pull request from the agent to the gates and reviewers. */
export function toGates(
  where: { story: number; prompt: number },
  commit: string,
  entries: readonly TypedEntry[],
): Body {
  const handed = lastEntry(
    entries,
    "handoff.made",
    ({ body }) => body.prompt === where.prompt && body.to.stage === "execute",
  );
  // For a run that began in a version without hand-offs, the model is known from its answer.
  const answer = lastEntry(entries, "response.recorded", ({ body }) => body.prompt === where.prompt);
  const holder = handed?.body.to.holder ?? `agent:${answer?.body.usage.model ?? "unknown"}`;
  return {
    ...where,
    from: { stage: "execute", holder },
    to: { stage: "validate", holder: "app" },
    carries: commit,
  };
}

/** Hands the sealed commit, which passed the gates, to the person who merges. Null: it was handed on before. */
export function toMerger(
  where: { story: number; prompt: number },
  commit: string,
  entries: readonly TypedEntry[],
): Body | null {
  const before = lastEntry(
    entries,
    "handoff.made",
    ({ body }) => body.prompt === where.prompt && body.to.stage === "package" && body.carries === commit,
  );
  if (before !== undefined) return null;
  return {
    ...where,
    from: { stage: "validate", holder: "app" },
    to: { stage: "package", holder: writers },
    carries: commit,
  };
}

/** Hands a merged prompt back to the App, which completes it. */
export function toCleanup({ story, prompt }: { story: number; prompt: number }, merged: string): Body {
  return {
    story,
    prompt,
    from: { stage: "package", holder: writers },
    to: { stage: "cleanup", holder: "app" },
    carries: merged,
  };
}

/** A hand-off as an entry to append; its subject is the digest or commit that it carries. */
export function handedOff(body: Body, actor: Actor): Draft {
  const { carries, prompt } = body;
  const digest = body.to.stage === "execute" ? { sha256: carries } : { gitCommit: carries };
  return { kind: "handoff.made", actor, subject: [{ name: `prompt #${prompt}`, digest }], body };
}
