import type { EntryBody } from "../../schemas/entries.ts";
import { code, plain } from "../escape.ts";
import { attemptName } from "../identifiers.ts";
import type { Remediation } from "./remediations.ts";

/** The maximum number of reasons in a trace and of characters in each; the ledger has the rest. */
const limits = { reasons: 10, characters: 300 };

/** The origins of failures, in words for people. */
const origins: Record<EntryBody<"remediation.opened">["origin"], string> = {
  start: "the next attempt could not be started",
  attempt: "the attempt was refused",
  write: "its change could not be written",
  pull: "its pull request could not be opened",
};

/**
 * A failure as a remediation trace, in the form that the gate `remediation` reads
 * (`core/analysis/remediation-trace.ts`). It states only what the ledger holds: no command of the repository was run,
 * and without a merge on a successful verdict the failure is open, so the gate blocks until a person has said how it
 * was fixed. Text of agents is escaped.
 */
export function traceText(remediation: Remediation): string {
  const { run, story, prompt, after, origin, signature, reasons } = remediation.opened;
  const attempt = after === null ? "before its first attempt" : `attempt ${attemptName({ attempt: after })}`;
  const more = reasons.length > limits.reasons ? [`- Reason: and ${reasons.length - limits.reasons} more`] : [];
  const lines = [
    `# Remediation of #${prompt} in ${run}`,
    "",
    "Written by Sallyport from its ledger.",
    "",
    "## Failure signature",
    "",
    // Untrusted text follows our own prefix, so that none of it can begin a section of the trace.
    `Codes: ${signature.codes.map(code).join(", ")} (${code(signature.sha256)})`,
    "",
    ...reasons.slice(0, limits.reasons).map((reason) => `- Reason: ${reasonText(reason)}`),
    ...more,
    "",
    "## Origin",
    "",
    `Story #${story}, prompt #${prompt}, ${attempt} of ${run}: ${origins[origin]}.`,
    "",
    "## Repro command",
    "",
    "```sh",
    "git fetch origin sallyport/evidence",
    `npx sallyport replay ${run}`,
    "```",
    "",
    "It derives the run again from the ledger, with the answers as they were recorded.",
    "",
    "## Verification commands run",
    "",
    verificationText(remediation),
    "",
    "## Final status",
    "",
    ...statusLines(remediation),
  ];
  return `${lines.join("\n")}\n`;
}

function reasonText({ code: name, message, path }: EntryBody<"remediation.opened">["reasons"][number]): string {
  const location = path === undefined ? "" : ` in ${code(path)}`;
  return `${code(name)}${location}, ${plain([...message].slice(0, limits.characters).join(""))}`;
}

function verificationText({ closed }: Remediation): string {
  return closed?.by.type === "merge"
    ? `Sallyport ran none. The checks on the merged head: ${code(`npx sallyport ledger bundle --pr ${closed.by.pull}`)}`
    : "Sallyport ran none. Write here those that showed it mended.";
}

function statusLines({ closed }: Remediation): string[] {
  if (closed === null) return ["open"];
  return [closed.status === "fixed" ? "fixed" : "open", "", `${endText(closed)}.`];
}

/** The end of a failure, on one line for people, not escaped. */
export function endText({ by }: EntryBody<"remediation.closed">): string {
  if (by.type === "merge") {
    const made = by.made === null ? "" : `, from ${attemptName(by.made)} of ${by.made.run}`;
    return `#${by.pull} was merged as ${by.merged}${made}`;
  }
  return by.type === "run" ? "its run was cancelled" : "a newer plan replaced the prompt";
}
