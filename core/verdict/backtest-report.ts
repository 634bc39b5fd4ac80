import { policyPath } from "../../schemas/limits.ts";
import { code, oneLine, plain, sentence } from "../escape.ts";
import type { Backtest, BacktestEffect, BacktestReason, BacktestRow } from "./backtest.ts";

const effectLabels: Record<BacktestEffect, string> = {
  "now-blocked": "now blocked",
  "now-let-through": "now let through",
  undecided: "undecided",
  same: "same",
};

const marks: Record<BacktestEffect, string> = {
  "now-blocked": "✗",
  "now-let-through": "✓",
  undecided: "?",
  same: "=",
};

const colors: Record<BacktestEffect, string> = {
  "now-blocked": "31",
  "now-let-through": "32",
  undecided: "33",
  same: "2",
};

/** The most rows in a comment; the command line shows them all. */
const maxRows = 50;

/** The longest part of a subject or reason that is shown; the JSON holds all of it. */
const maxLength = 300;

function truncate(text: string): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`.toWellFormed();
}

function totalsLine({ totals }: Backtest): string {
  const { changes, nowBlocked, nowLetThrough, undecided, same } = totals;
  const unread = undecided === 0 ? "" : `, ${undecided} undecided`;
  return `${changes} ${changes === 1 ? "change" : "changes"}: ${nowBlocked} now blocked, ${nowLetThrough} now let through${unread}, ${same} the same.`;
}

function limits({ secrets }: Backtest): string {
  const left =
    "Judged by the gates that the commits alone settle; reviews, checks, sign-offs and the ledger were not asked.";
  return secrets ? left : `${left} Secrets were not searched for (\`--secrets\` does).`;
}

/** Which policy's line a reason comes from: `line 7 of the new policy`. */
function source({ by, policyLine }: BacktestReason): string {
  return policyLine === null ? `the ${by} policy` : `line ${policyLine} of the ${by} policy`;
}

function reasonOf({ path, message }: BacktestReason): string {
  return `${path === null ? "" : `${truncate(path)}: `}${truncate(message)}`;
}

/** The changes whose outcome differs or is undecided. */
export function movedRows({ rows }: Backtest): BacktestRow[] {
  return rows.filter(({ effect }) => effect !== "same");
}

/** The report for a terminal. Every line begins with our own text, and control characters are escaped. */
export function backtestText(result: Backtest, { all, color }: { all: boolean; color: boolean }): string {
  const width = Math.max(...Object.values(effectLabels).map(({ length }) => length));
  const rows = (all ? result.rows : movedRows(result)).map(({ effect, sha, pull, subject, because }) => {
    const label = `${marks[effect]} ${effectLabels[effect].padEnd(width)}`;
    const painted = color ? `\u001b[${colors[effect]}m${label}\u001b[0m` : label;
    const head = `${painted}  ${sha.slice(0, 12)}${pull === null ? "" : ` #${pull}`} ${oneLine(truncate(subject))}\n`;
    if (because === null) return head;
    return `${head}    ${because.gate} (${source(because)}): ${oneLine(reasonOf(because))}\n`;
  });
  return `${rows.join("")}${totalsLine(result)}\n${limits(result).replaceAll("`", "")}\n`;
}

function tableRow({ effect, sha, pull, subject, because }: BacktestRow): string {
  const change = `${code(sha.slice(0, 12))}${pull === null ? "" : ` #${pull}`} ${plain(truncate(subject))}`;
  const why = because === null ? "" : `${sentence(reasonOf(because))} (${source(because)})`;
  return `| ${change} | ${marks[effect]} ${effectLabels[effect]} | ${because?.gate ?? ""} | ${why} |\n`;
}

/**
 * The report for a comment on the pull request that changes the policy: the totals, then at most 50 differing changes.
 */
export function backtestMarkdown(result: Backtest): string {
  const moved = movedRows(result);
  const head = `What this change of ${code(policyPath)} would have meant for changes that are merged. **${totalsLine(result)}**\n`;
  const table = `\n| change | effect | gate | why |\n|---|---|---|---|\n${moved.slice(0, maxRows).map(tableRow).join("")}`;
  const left = moved.length - maxRows;
  const more =
    left <= 0
      ? ""
      : `\n${left} more ${left === 1 ? "row is" : "rows are"} left out here; ${code("sallyport backtest")} shows them all.\n`;
  return `${head}${moved.length === 0 ? "" : table}${more}\n${limits(result)}\n`;
}
