import { policyPath } from "../../schemas/limits.ts";
import type { GateResult, GateStatus, Reason, Verdict } from "../../schemas/verdict.ts";
import { block, code, oneLine, plain, sentence } from "../escape.ts";

/** The largest text we hand to GitHub, in bytes of UTF-8; GitHub takes 65,535 in a check run's summary. */
const maxBytes = 65_000;

const statusLabels: Record<GateStatus, string> = {
  pass: "passes",
  fail: "fails",
  pending: "waits",
  unknown: "could not be read",
  "not-applicable": "does not apply",
};

const marks: Record<GateStatus, string> = {
  pass: "✓",
  fail: "✗",
  pending: "…",
  unknown: "?",
  "not-applicable": "–",
};

/** The code of the reason that a repository never had a policy. */
export const notSetUp = "not-set-up";

/**
 * Whether a verdict says that the repository never had a policy: nobody has asked for anything, so nothing is judged,
 * and it is shown as neutral. A policy that is broken or was removed is a failure.
 */
export function isNotSetUp({ gates }: Verdict): boolean {
  return gates[0]?.reasons[0]?.code === notSetUp;
}

/** Whether a gate passes only because people waived it; its first reason says who, why and until when. */
function isWaived({ reasons }: GateResult): boolean {
  return reasons[0]?.code === "waived";
}

/** A gate's result in words. */
function labelOf(result: GateResult): string {
  return `${statusLabels[result.status]}${isWaived(result) ? " by waiver" : ""}`;
}

function named(verdict: Verdict, status: GateStatus): string[] {
  return verdict.gates.filter((gate) => gate.status === status).map((gate) => gate.gate);
}

function plural(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** The verdict in at most 100 characters: the title of the check run and of our comment. */
export function titleOf(verdict: Verdict): string {
  const failed = named(verdict, "fail");
  const unread = named(verdict, "unknown");
  const waiting = verdict.gates.filter((gate) => gate.status === "pending");
  const signOffs = waiting.flatMap((gate) => gate.reasons).filter((reason) => reason.code === "not-signed-off").length;
  const title = () => {
    if (isNotSetUp(verdict)) return "Not set up yet";
    if (failed.length > 0) return `${plural(failed.length, "gate fails", "gates fail")}: ${failed.join(", ")}`;
    if (unread.length > 0) return `Not decided, could not be read: ${unread.join(", ")}`;
    const isStopped = waiting.some(({ gate }) => gate === "stop");
    if (isStopped)
      return `Stopped until somebody answers${waiting.length > 1 ? "; also waiting: " : ""}${waiting.flatMap(({ gate }) => (gate === "stop" ? [] : [gate])).join(", ")}`;
    if (signOffs > 0) return `Waiting for ${plural(signOffs, "sign-off", "sign-offs")}`;
    if (waiting.length > 0) return `Waiting: ${named(verdict, "pending").join(", ")}`;
    const waivers = verdict.gates.filter(isWaived).length;
    const which = verdict.deferred.length === 0 ? "" : " that the commits settle";
    const all = verdict.draft === true ? `No gate${which} blocks` : `All gates${which} pass`;
    return `${all}${waivers === 0 ? "" : `, ${waivers} by waiver`}`;
  };
  const [first = "", ...rest] = title();
  const text = verdict.draft === true ? `Draft: ${first.toLowerCase()}${rest.join("")}` : `${first}${rest.join("")}`;
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}

/** The exit status of commands: 0 success, 1 failure, 2 not decided. */
export function exitStatus(verdict: Verdict): 0 | 1 | 2 {
  if (verdict.conclusion === "success") return 0;
  return verdict.conclusion === "failure" ? 1 : 2;
}

/** The gates that block: failed, then unknown, then pending. */
export function blocking(verdict: Verdict): GateResult[] {
  const order: GateStatus[] = ["fail", "unknown", "pending"];
  return order.flatMap((status) => verdict.gates.filter((gate) => gate.status === status));
}

const maxMessageLength = 1_000;

function truncate(text: string): string {
  return text.length <= maxMessageLength ? text : `${text.slice(0, maxMessageLength)}…`;
}

/** The file of a reason and its line, such as `src/a.ts:12`. */
function locationOf(reason: Reason): string {
  return `${truncate(reason.path ?? "")}${reason.line === undefined ? "" : `:${reason.line}`}`;
}

function reasonMarkdown(reason: Reason): string {
  const where = reason.path === undefined ? "" : `${code(locationOf(reason))}: `;
  const why = reason.policyLine === undefined ? "" : ` (${code(`${policyPath}:${reason.policyLine}`)})`;
  const said = `- ${where}${sentence(truncate(reason.message))}${why}\n`;
  if (reason.next === undefined) return said;
  const { step, who } = reason.next;
  if (!step.startsWith("/")) return `${said}  **Next:** ${sentence(truncate(step))} (${plain(truncate(who))})\n`;
  const command = block(step).replace(/^/gm, "  ");
  return `${said}\n  **Next**, by ${plain(truncate(who))}, as a comment here:\n\n${command}\n`;
}

function gateRow(result: GateResult): string {
  const { gate, status, reasons } = result;
  const [first] = reasons;
  const more = reasons.length > 1 ? ` (and ${reasons.length - 1} more)` : "";
  return `| ${gate} | ${marks[status]} ${labelOf(result)} | ${first === undefined ? "" : sentence(truncate(first.message))}${more} |\n`;
}

const truncationNote = (left: number) =>
  `\n${plural(left, "more part is", "more parts are")} left out here; \`sallyport check --json\` prints the whole verdict.\n`;

/** What a host knows of a verdict's weight: the branch that does not ask for the check; null: not known to be so. */
export type Advice = { notRequiredOn?: string | null };

/**
 * The verdict as Markdown, for the check run's summary, the job summary and our comment. The first line says the
 * conclusion in words; then what blocks, where, why and the next step; then a table of the other gates that apply. If it
 * exceeds GitHub's limit, it is cut between reasons, with a note.
 */
export function summaryMarkdown(verdict: Verdict, { notRequiredOn = null }: Advice = {}): string {
  const policy = verdict.policy === null ? "no policy" : `policy ${verdict.policy.blob} at ${verdict.policy.ref}`;
  const blocked = blocking(verdict);
  const others = verdict.gates.filter((gate) => gate.status !== "not-applicable" && !blocked.includes(gate));
  const heading = blocked.length === 0 ? "" : "#### The other gates\n\n";
  const notes = [notAsked(verdict), leftToPull(verdict)].filter((note) => note !== "");
  const advisory =
    notRequiredOn === null
      ? ""
      : `\nAdvisory: when this was written, ${code(notRequiredOn)} did not ask for this check, so it stopped no merge.\n`;
  const parts = [
    `**${conclusions[verdict.conclusion]}** ${titleOf(verdict)}.\n${advisory}`,
    ...blocked.flatMap(({ gate, status, reasons }) => {
      const [first = "", ...more] = reasons.map(reasonMarkdown);
      return [`\n#### ${gate} ${statusLabels[status]}\n\n${first}`, ...more];
    }),
    ...(others.length === 0 ? [] : [`\n${heading}| gate | result | why |\n|---|---|---|\n`]),
    ...others.map(gateRow),
    ...notes.map((note) => `\n${note}\n`),
  ];
  const foot = `\nHead ${verdict.head}, base ${verdict.base}, ${policy}, engine ${verdict.engine}.\n`;
  return withinLimit(parts, foot);
}

/** The gates that do not apply, in one line: as rows of the table they would hide the others. */
function notAsked(verdict: Verdict): string {
  const names = named(verdict, "not-applicable");
  return names.length === 0 ? "" : `Not asked of this change: ${names.join(", ")}.`;
}

function leftToPull({ deferred }: Verdict): string {
  return deferred.length === 0 ? "" : `Left to the pull request: ${deferred.join(", ")}.`;
}

const conclusions: Record<Verdict["conclusion"], string> = {
  success: "Passed.",
  failure: "Failed.",
  pending: "Not decided yet.",
};

function withinLimit(parts: readonly string[], foot: string): string {
  const room = maxBytes - Buffer.byteLength(foot) - Buffer.byteLength(truncationNote(parts.length));
  let text = "";
  let size = 0;
  for (const [index, part] of parts.entries()) {
    size += Buffer.byteLength(part);
    if (size > room) return text + truncationNote(parts.length - index) + foot;
    text += part;
  }
  return text + foot;
}

const colors: Record<GateStatus, string> = {
  pass: "32",
  fail: "31",
  pending: "33",
  unknown: "33",
  "not-applicable": "2",
};

/**
 * The verdict for a terminal or a job's log. Every line begins with our own text, so that no file name can act as a
 * workflow command, and control characters are escaped, so that none can move the cursor.
 */
export function terminalText(verdict: Verdict, { color }: { color: boolean }): string {
  const paint = (status: GateStatus, text: string) => (color ? `\u001b[${colors[status]}m${text}\u001b[0m` : text);
  const asked = verdict.gates.filter((gate) => gate.status !== "not-applicable");
  const width = Math.max(...asked.map(({ gate }) => gate.length), 0);
  const gates = asked.map((result) => {
    const { gate, status, reasons } = result;
    const head = `${paint(status, `${marks[status]} ${gate.padEnd(width)}  ${labelOf(result)}`)}\n`;
    return head + reasons.map(reasonText).join("");
  });
  const notes = [notAsked(verdict), leftToPull(verdict)].map((note) => (note === "" ? "" : `${note}\n`));
  return `Verdict: ${conclusions[verdict.conclusion]} ${titleOf(verdict)}.\n${gates.join("")}${notes.join("")}`;
}

function reasonText(reason: Reason): string {
  const where = reason.path === undefined ? "" : `${locationOf(reason)}: `;
  const why = reason.policyLine === undefined ? "" : ` (${policyPath}:${reason.policyLine})`;
  const next =
    reason.next === undefined ? "" : `    next: ${oneLine(reason.next.step)} (${oneLine(reason.next.who)})\n`;
  return `  - ${oneLine(`${where}${reason.message}${why}`)}\n${next}`;
}
