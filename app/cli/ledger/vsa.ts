import { jsonText } from "../../../core/escape.ts";
import { summaryStatement } from "../../../core/evidence/vsa.ts";
import type { Io } from "../../terminal/io.ts";
import { stop, wholeNumber } from "./input.ts";
import type { KeyOptions } from "./trusted-keys.ts";
import { readVerified, unreadProblem } from "./verified-entries.ts";

export type VsaOptions = KeyOptions & { pr: string };

/**
 * `ledger vsa`: prints the SLSA source summary of a merged pull request as an in-toto statement. Exit 0 when it passed,
 * 1 when it failed, there is none or the ledger is not in order, 2 when that cannot be decided.
 */
export async function printSummary(io: Io, name: string, options: VsaOptions): Promise<void> {
  const pull = wholeNumber(options.pr);
  if (pull === null) return stop(io, "vsa", "--pr takes a pull request's number", 2);
  const ledger = await readVerified(io, "vsa", name, options);
  if (ledger === null) return;
  const unread = unreadProblem(ledger, pull);
  if (unread !== null) return stop(io, "vsa", unread, 2);
  const entry = ledger.entries
    .filter((one) => one.kind === "source.verified")
    .findLast(({ body }) => body.pull === pull);
  if (entry === undefined)
    return stop(
      io,
      "vsa",
      `the ledger sums up no merge of #${pull}: it is not merged, or was before the ledger sums merges up; \`ledger show --pr ${pull}\` prints what it holds`,
      1,
    );
  io.out(`${jsonText(summaryStatement(entry.body))}\n`);
  io.err(`not signed as it stands here; entry ${entry.seq} of the ledger says the same and is\n`);
  io.exit(entry.body.summary.verificationResult === "PASSED" ? 0 : 1);
}
