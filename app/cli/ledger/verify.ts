import { jsonText } from "../../../core/escape.ts";
import { tracePull } from "../../../core/evidence/trace.ts";
import { contractProblems } from "../../../core/replay/contracts.ts";
import type { Io } from "../../terminal/io.ts";
import { readHead, stop, wholeNumber } from "./input.ts";
import { type LedgerReport, reportText } from "./report.ts";
import type { KeyOptions } from "./trusted-keys.ts";
import { openVerified, unreadProblem } from "./verified-entries.ts";

export type VerifyOptions = KeyOptions & { head?: string; pr?: string; json?: boolean };

/** `ledger verify`: exit 0 when all of it is in order, 1 when something is not, 2 when that cannot be decided. */
export async function verifyLedger(io: Io, name: string, options: VerifyOptions): Promise<void> {
  const refuse = (message: string, status: 1 | 2 = 2) => stop(io, "verify", message, status);
  const anchor = options.head === undefined ? undefined : readHead(options.head);
  if (anchor === null) return refuse("--head takes <seq>:<64 hex digits>, as the check run's text shows it");
  const pull = options.pr === undefined ? undefined : wholeNumber(options.pr);
  if (pull === null) return refuse("--pr takes a pull request's number");
  let opened = await openVerified(io, name, options, { anchor, keep: pull !== undefined });
  // Only such a ledger is read again with all its entries in memory.
  if (opened.ok && opened.verified.hasMaster && pull === undefined)
    opened = await openVerified(io, name, options, { anchor, keep: true });
  if (!opened.ok) return refuse(opened.why, opened.status);
  const { report: chain, entries, unread, hasMaster } = opened.verified;
  const problems = [...chain.problems, ...(chain.ok && hasMaster ? contractProblems(entries) : [])];
  const found = { ...chain, ok: problems.length === 0, problems };
  // The entries of a broken chain may be forged, so nothing is traced through it.
  const isTraced = pull !== undefined && found.ok;
  const newer = isTraced ? unreadProblem({ unread }, pull) : null;
  if (newer !== null) return refuse(newer);
  const trace = isTraced ? tracePull(entries, pull) : null;
  const report: LedgerReport = { ...found, ok: found.ok && trace?.ok !== false, trace };
  io.out(options.json === true ? `${jsonText(report)}\n` : reportText(report, io.color));
  io.exit(report.ok ? 0 : 1);
}
