import { oneLine } from "../../../core/escape.ts";
import { entryDetail } from "../../../core/evidence/entry-text.ts";
import type { Trace } from "../../../core/evidence/trace.ts";
import { evidenceBranch, segmentEntries, segmentPath } from "../../../core/ledger/branch.ts";
import type { Entry } from "../../../core/ledger/entry.ts";
import type { LedgerProblem } from "../../../core/ledger/problem.ts";
import { typedEntry } from "../../../core/ledger/typed-entry.ts";
import { type ChainReport, maxListed } from "../../../core/ledger/verify.ts";
import type { LedgerSource } from "./place.ts";

/** The result of `ledger verify`: the chain's report, the ledger's source, and the files beside the chain. */
export type LedgerReport = ChainReport & {
  kind: LedgerSource["kind"];
  path: string;
  /** The evidence branch and its commit; null for a folder or an archive. */
  ref: string | null;
  commit: string | null;
  /** The source of the trusted keys. */
  trust: { source: string; keys: number };
  /** How many large bodies the entries name, how many are present, and how many absent ones an entry purged. */
  bodies: { named: number; present: number; purged: number };
  /** Whether the ledger was compared with a head from elsewhere. */
  anchored: boolean;
  /** The trace of the pull request that was asked for; null if none was, or the chain is broken. */
  trace: Trace | null;
};

/** An entry's location on the branch, for people. */
export function locationOf(position: number): string {
  return `${segmentPath(position)}, line ${((position - 1) % segmentEntries) + 1}`;
}

/** The report for people: what was found, what that proves, and what it does not. */
export function reportText(report: LedgerReport, color: boolean): string {
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const { repository, head, bodies, trust } = report;
  const origin =
    report.ref === null ? `${report.kind} ${oneLine(report.path)}` : `branch ${report.ref} at ${report.commit}`;
  const kinds = Object.entries(report.kinds).sort(([one], [other]) => (one < other ? -1 : 1));
  const lines = [
    report.problems.length === 0 ? paint(32, "verified") : paint(31, "broken"),
    "",
    `  read from   ${origin}`,
    `  repository  ${repository === null ? "unknown" : `${oneLine(repository.name)} (id ${repository.id})`}`,
    `  entries     ${report.entries}${report.first === null ? "" : `, from ${report.first} to ${report.last}`}`,
    `  head        ${head === null ? "none" : `${head.seq}:${head.hash}`}`,
    `  signed by   ${report.keyids.join(", ") || "nobody"}`,
    `  trusted     ${trust.keys} ${trust.keys === 1 ? "key" : "keys"} from ${oneLine(trust.source)}`,
    `  kinds       ${kindsText(kinds)}`,
    `  bodies      ${bodies.present} of ${bodies.named} are here${purgedText(bodies.purged)}; of the others the ledger has only the digest`,
  ];
  if (report.notes.length > 0) lines.push("", "To know:");
  for (const { message } of report.notes) lines.push(`  ${paint(33, "note")}: ${oneLine(message)}`);
  if (report.trace !== null) lines.push("", ...traceLines(report.trace));
  const [first] = report.problems;
  if (first === undefined) lines.push("", ...proof(report.anchored));
  else lines.push("", headingOf(report.problems), ...report.problems.map(problemLine), "", ...nextStep(first.code));
  return `${lines.join("\n")}\n`;
}

/** What stands above the problems: a report that lists as many as it may can lack others. */
function headingOf(problems: readonly LedgerProblem[]): string {
  return problems.length < maxListed ? "Problems:" : `The first ${problems.length} problems; there can be more:`;
}

/** What the reader of a broken ledger does next, by what is wrong first. */
function nextStep(code: LedgerProblem["code"]): string[] {
  if (code === "unknown-key")
    return [
      "Next: give each key that the repository ever had with a --key of its own; the history of its policy has those that",
      "were changed. An entry by a key that it never had is not the App's.",
    ];
  if (code === "wrong-repository")
    return ["Next: verify the ledger of the repository that you mean, or leave --repository-id out."];
  return [
    `Next: fetch the branch ${evidenceBranch} anew and verify again. If it stays broken, keep this copy, and compare it`,
    "with the one of somebody else or of whoever runs the App: the first entry that differs is where it was changed.",
  ];
}

/** The number of entries of each kind, a few kinds on a line. */
function kindsText(kinds: readonly [string, number][]): string {
  const texts = kinds.map(([kind, count]) => `${kind} ${count}`);
  const rows: string[] = [];
  for (let at = 0; at < texts.length; at += 4) rows.push(texts.slice(at, at + 4).join(", "));
  return rows.join(`,\n${" ".repeat(14)}`) || "none";
}

function traceLines({ pull, ok, links, note }: Trace): string[] {
  const lines = links.map(({ link, seq, text }) => {
    const entry = seq === null ? "MISSING" : `entry ${seq}`;
    return `  ${link.padEnd(13)} ${entry.padEnd(11)} ${oneLine(text)}`;
  });
  const notes = note === undefined ? [] : [`  ${note}`];
  const rest = ok ? [] : [`  Next: \`sallyport ledger show --pr ${pull}\` prints all that the ledger has of it.`];
  return [`Trace of #${pull}${ok ? "" : ": broken"}`, ...lines, ...notes, ...rest];
}

function purgedText(purged: number): string {
  return purged === 0 ? "" : `, ${purged} ${purged === 1 ? "was" : "were"} given up after their time`;
}

function problemLine({ code, position, message }: LedgerProblem): string {
  const location = position === 0 ? "" : ` [entry ${position}: ${locationOf(position)}]`;
  return `  ${code}: ${oneLine(message)}${location}`;
}

function proof(anchored: boolean): string[] {
  return [
    "This proves: each entry was signed by a given key; none was changed, dropped, added or moved since; the bodies that",
    "are here are the ones that were recorded.",
    anchored
      ? "The given head is part of it, so nothing up to there was cut off."
      : "It does not prove that nothing was cut off at the end: compare with a head from a check run (--head).",
    "It does not prove that the App recorded everything that happened, nor that the key was kept safe.",
  ];
}

/** An entry on one line: location, time, kind, actor, and the numbers in its body. */
export function entryText(entry: Entry): string {
  const about = ["story", "prompt", "pull", "run", "issue", "epic"].flatMap((name) => {
    const value = entry.body[name];
    return typeof value === "number" || typeof value === "string" ? [`${name} ${value}`] : [];
  });
  const { claims } = entry.body;
  if (Array.isArray(claims)) about.push(`claims ${claims.length}`);
  const { digests, days } = entry.body;
  if (Array.isArray(digests)) about.push(`bodies ${digests.length}, kept ${String(days)} days`);
  const [kind, login] = [oneLine(entry.kind).padEnd(18), oneLine(entry.actor.login).padEnd(16)];
  const typed = typedEntry(entry);
  const text = oneLine([about.join(", "), ...(typed === null ? [] : entryDetail(typed))].join(": "));
  return `${String(entry.seq).padStart(5)}  ${entry.at}  ${kind}  ${login}  ${text}`;
}
