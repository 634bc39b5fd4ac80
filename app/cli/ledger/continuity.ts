import { readMainline } from "../../../collect/git/mainline.ts";
import { readSpans } from "../../../collect/git/patch-id.ts";
import { jsonText, oneLine } from "../../../core/escape.ts";
import {
  type Continuity,
  foldContinuity,
  possibleSpans,
  type RevisionState,
  type RevisionStatus,
} from "../../../core/evidence/continuity.ts";
import type { Io } from "../../terminal/io.ts";
import { stop } from "./input.ts";
import type { KeyOptions } from "./trusted-keys.ts";
import { readVerified } from "./verified-entries.ts";

export type ContinuityOptions = KeyOptions & { branch?: string; json?: boolean };

/** Further gaps are only counted for people; `--json` lists all. */
const maxShown = 50;

/**
 * `ledger continuity`: compares a branch's history with the ledger. Exit 0 when its last revision is verified, 1 when
 * it is not or the ledger is not in order, 2 when that cannot be decided.
 */
export async function printContinuity(io: Io, name: string, options: ContinuityOptions): Promise<void> {
  const refuse = (message: string) => stop(io, "continuity", message, 2);
  const ledger = await readVerified(io, "continuity", name, options);
  if (ledger === null) return;
  const { source, entries, unread } = ledger;
  if (source.kind !== "git")
    return refuse(`the ${source.kind} ${source.path} has no history to cover: name a clone of the repository`);
  const newer = unread.find(({ kind }) => kind === "source.verified");
  if (newer !== undefined)
    return refuse(`entry ${newer.seq} is a source.verified that this version cannot read: use a newer one`);
  const mainline = await readMainline(source.path, options.branch);
  if (!mainline.known) return refuse(mainline.why);
  const { line, ref } = mainline.value;
  const spans = await readSpans(source.path, possibleSpans(line, entries, ref));
  if (!spans.known) return refuse(spans.why);
  const continuity = foldContinuity(line, entries, ref, spans.value.spans);
  const { missing } = spans.value;
  io.out(
    options.json === true
      ? `${jsonText({ ...continuity, missingHeads: missing })}\n`
      : continuityText(continuity, missing, io.color),
  );
  io.exit(continuity.covered ? 0 : 1);
}

const stateText: Record<RevisionState, string> = {
  verified: "verified",
  part: "part of a verified merge",
  "not-judged": "merged without a verdict of success",
  "no-summary": "merged, and never summed up",
  unrecorded: "pushed, or merged unseen",
};

/** The answer for people. The commits' authors chose names and subjects, so these are shown as plain text. */
function continuityText(continuity: Continuity, missing: number, color: boolean): string {
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const { ref, tip, covered, held, gaps, earlier, revisions } = continuity;
  const since = revisions.length - earlier;
  const lines = [
    covered ? paint(32, "covered") : paint(31, "not covered"),
    "",
    `  branch      ${oneLine(ref)} at ${tip ?? "no commit"}`,
    `  revisions   ${since} since the first that was verified, ${since - gaps.length} of them verified; ${earlier} before it, of which nothing is claimed`,
    "",
    held.length === 0 ? "The last revision has no verified property." : "Held without a gap up to the last revision:",
    ...held.map(({ property, since: sha, revisions: count }) => `  ${property.padEnd(44)} ${count} since ${sha}`),
  ];
  if (gaps.length > 0) lines.push("", "Gaps, newest first:", ...gaps.slice(0, maxShown).map(gapLine));
  if (gaps.length > maxShown) lines.push(`  and ${gaps.length - maxShown} more: see --json`);
  if (missing > 0)
    lines.push(
      "",
      `Merges whose head is not here: ${missing}. Of one that was rebased, the earlier commits count as unrecorded; fetch the`,
      "heads and ask again: git fetch origin '+refs/pull/*/head:refs/remotes/pull/*'",
    );
  return `${lines.join("\n")}\n`;
}

function gapLine({ sha, at, author, subject, state, pull }: RevisionStatus): string {
  const which = pull === null ? "" : ` (#${pull})`;
  return `  ${sha}  ${oneLine(at)}  ${stateText[state]}${which}  ${oneLine(author)}: ${oneLine(subject)}`;
}
