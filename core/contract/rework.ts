import type { Author, ReworkReport } from "../../schemas/rework.ts";
import type { StepResult } from "../../schemas/step.ts";
import type { PromptStep } from "./contract.ts";

/** Gates whose failure no commit of an agent mends: people or the ledger settle it. */
const settledElsewhere: ReadonlySet<string> = new Set(["trace", "casefile", "approval", "dependencies", "stop"]);

/** As what the failure of a gate sends a change back; null: not at all. */
export function causeOf(gate: string): "gates" | "ci" | "review" | null {
  if (settledElsewhere.has(gate)) return null;
  if (gate === "ci") return "ci";
  return gate === "review" || gate === "manual-test" ? "review" : "gates";
}

/**
 * A report as the failures that a pack carries, each with its source: a gate, a check, or a person with their duties.
 * Checks and people wrote most of the words.
 */
export function reworkFailures(report: ReworkReport): PromptStep["failures"] {
  const { asked, gates, checks, reviews, threads, comments, advice = [], unread } = report;
  const failures = [
    ...asked.map(({ by, text }) => failure(`@${by}`, "rework", text === "" ? "Mend what failed." : text)),
    ...gates.map(({ gate, code, message, path, line, step }) =>
      failure(`gate ${gate}`, code, step === undefined ? message : `${message} ${step}`, placeOf(path, line)),
    ),
    ...checks.flatMap(({ name, app, conclusion, summary, annotations, log }) => {
      const source = `check @${app}/${name}`;
      return [
        failure(source, conclusion, summary === "" ? `It ended as ${conclusion}.` : summary),
        ...annotations.map(({ path, line, message }) => failure(source, "annotation", message, placeOf(path, line))),
        ...(log === "" ? [] : [failure(source, "log", `The last lines of its log:\n${log}`)]),
      ];
    }),
    ...reviews.map(({ by, text }) => failure(nameOf(by), "changes-requested", text)),
    ...threads.flatMap(({ thread, path, line, comments: said }) =>
      said.map(({ by, text }) => failure(nameOf(by), threadCriterion(thread), text, placeOf(path, line ?? undefined))),
    ),
    ...comments.map(({ by, text }) => failure(nameOf(by), "comment", text)),
    ...advice.map(({ path, line, text }) =>
      failure(
        "a reviewer agent",
        "advice",
        `${text}\nWhere this is wrong, leave the work as it is and say so in \`finish\`.`,
        placeOf(path ?? undefined, line ?? undefined),
      ),
    ),
    ...unread.map((why) => failure("sallyport", "unread", why)),
  ];
  const nothing = "Changes were asked for, and no words about them could be passed on.";
  return failures.length > 0 ? failures : [failure("sallyport", "unread", nothing)];
}

/** What an attempt did, by its own words and its files. */
export function previousText({ summary, files }: StepResult): string {
  const written = files.map(({ path, content }) => (content === null ? `${path} (deleted)` : path));
  return `${summary}\nFiles: ${written.join(", ")}`;
}

/** The name under which the agent says how it mended a review thread: the criterion of a claim. */
export function threadCriterion(thread: number): string {
  return `${threadPrefix}${thread}`;
}

const threadPrefix = "thread-";

/** Whether a claim is about a review thread, and no criterion of the contract. */
export function isAboutThread({ criterion }: { criterion: string }): boolean {
  return criterion.startsWith(threadPrefix);
}

const placeOf = (path: string | undefined, line: number | undefined) =>
  path === undefined || line === undefined ? path : `${path}:${line}`;

function nameOf({ login, duties }: Author): string {
  return `@${login} (${duties.join(", ")})`;
}

function failure(source: string, code: string, message: string, path?: string): PromptStep["failures"][number] {
  return { source, code, message, ...(path === undefined ? {} : { path }) };
}
