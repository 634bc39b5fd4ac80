import type { Pack, StepResult } from "../../schemas/step.ts";
import { testsGuard } from "../languages/test-files.ts";
import { matcher, nameProblem } from "../paths/patterns.ts";
import { phaseGuard } from "./cards.ts";
import { casefileGuard } from "./casefiles.ts";
import { commandsRun, commandText, isPassed, isVerified, type Verification } from "./verification.ts";

/** How an answer can miss its contract: it is none, or what is wrong with it. */
type ReviewCode =
  | StepResult["code"]
  | "nothing-changed"
  | "out-of-scope"
  | "too-many-files"
  | "criterion-unanswered"
  | "evidence-missing"
  | "command-failed";

/** One way in which an agent's answer misses its contract, in the form a rework pack carries it back. */
export type ReviewFinding = { source: "review"; code: ReviewCode; message: string; path?: string };

/**
 * The files that an answer may not write: outside the role, outside the declared paths, denied, or a casefile. The
 * workspace refused them already; they are checked again before any write, because an answer may come from any backend.
 */
export function outOfScope(pack: Pack, files: readonly { path: string }[]): { path: string; why: string }[] {
  const allowed = matcher(pack.role.allow, "allow");
  const declared = matcher(pack.paths, "allow");
  const denied = matcher(pack.role.deny, "deny");
  const isCasefile = casefileGuard(pack.casefiles ?? []);
  const isClosed = phaseGuard(pack.phase);
  const isNoTest = testsGuard(pack.tests);
  return files.flatMap(({ path }) => {
    const hostile = nameProblem(path);
    if (hostile !== null) return [{ path, why: hostile }];
    const rule = denied.matches(path);
    if (rule !== null) return [{ path, why: `denied by \`${rule}\`` }];
    if (isCasefile(path)) return [{ path, why: "in the place of a casefile, which Sallyport writes from its ledger" }];
    if (isClosed(path)) return [{ path, why: `closed in the phase ${pack.phase?.name}` }];
    if (allowed.matches(path) === null) return [{ path, why: `outside what the role ${pack.role.name} may touch` }];
    if (isNoTest(path)) return [{ path, why: `no test, and the role ${pack.role.name} writes tests only` }];
    if (declared.matches(path) === null) return [{ path, why: "outside the paths declared in the approved plan" }];
    return [];
  });
}

/**
 * Compares an agent's answer with its contract before any of it is used: it holds no secret, it finished, it changed
 * something, it stayed in scope, it says how each acceptance criterion is met, and the declared evidence files are in it
 * or among `delivered`, what earlier rounds wrote. Where verification commands are required they succeeded, and the
 * evidence files are those that they wrote; a null `verification` leaves both open. Empty: accepted.
 */
export function reviewResult(
  pack: Pack,
  result: StepResult,
  delivered: ReadonlyMap<string, string | null> = new Map(),
  verification: Verification | null = null,
): ReviewFinding[] {
  const found = (code: ReviewCode, message: string, path?: string): ReviewFinding => ({
    source: "review",
    code,
    message,
    ...(path === undefined ? {} : { path }),
  });
  const secrets = (result.redacted ?? []).filter(({ where }) => where === "file");
  if (secrets.length > 0) {
    return secrets.map(({ rule, path, line, count }) => {
      const location = line === undefined ? "What the agent wrote" : `Line ${line}`;
      const more = count > 1 ? `, and ${count - 1} more of the same kind stand there` : "";
      const message = `${location} holds what looks like a secret (${rule})${more}, so nothing of the answer was used. Leave it out; where it stood there before, change the other lines with \`edit\`.`;
      return found("secret-in-answer", message, path);
    });
  }
  if (result.code === "not-accepted") return [found("not-accepted", result.summary)];
  if (result.outcome !== "finished") {
    const asked = result.questions.length > 0 ? ` It asks: ${result.questions.join(" ")}` : "";
    return [found(result.code, `The agent ${result.outcome}: ${result.summary}${asked}`)];
  }
  if (result.files.length === 0) return [found("nothing-changed", "The agent finished without changing a file.")];
  const claimed = new Set(result.claims.flatMap(({ criterion, how }) => (how.trim() === "" ? [] : [criterion])));
  const written = new Map<string, string | null>([
    ...delivered,
    ...result.files.map(({ path, content }) => [path, content] as const),
  ]);
  return [
    ...outOfScope(pack, result.files).map(({ path, why }) => found("out-of-scope", why, path)),
    ...(pack.size !== undefined && result.files.length > pack.size.files
      ? [
          found(
            "too-many-files",
            `${result.files.length} files; the light tier allows ${pack.size.files}. Larger work takes the full road, with the label \`story\`.`,
          ),
        ]
      : []),
    ...pack.acceptance
      .filter((criterion) => !claimed.has(criterion))
      .map((criterion) => found("criterion-unanswered", `The answer does not say how this is met: ${criterion}`)),
    ...(isVerified(pack) ? [] : pack.evidence)
      .filter((path) => (written.get(path) ?? null) === null)
      .map((path) => found("evidence-missing", "This evidence file was declared and is not in the answer.", path)),
    ...(verification === null ? [] : commandFindings(verification)),
  ];
}

/** What failed of an answer's verification commands. Their output is the work of what the agent wrote. */
function commandFindings({ evidence, ...ran }: Verification): ReviewFinding[] {
  const failed = commandsRun(ran).filter((run) => !isPassed(run));
  return [
    ...failed.map((run): ReviewFinding => {
      const said = run.excerpt === "" ? "It printed nothing." : `The end of what it printed:\n${run.excerpt}`;
      const message = `Sallyport ran this on your change: ${commandText(run)}. ${said}`;
      return { source: "review", code: "command-failed", message };
    }),
    // A command that failed may not have come that far.
    ...(failed.length > 0 ? [] : evidence.filter(({ sha256 }) => sha256 === null)).map(
      ({ path }): ReviewFinding => ({
        source: "review",
        code: "evidence-missing",
        message: "This evidence file was declared, and no verification command wrote it.",
        path,
      }),
    ),
  ];
}
