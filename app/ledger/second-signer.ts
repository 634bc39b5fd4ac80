import type { KeyObject } from "node:crypto";
import type { GitHub } from "../../collect/github/request.ts";
import { readApiLedger } from "../../collect/ledger/ledger.ts";
import { SallyportError } from "../../core/errors.ts";
import { evidenceBranch } from "../../core/ledger/branch.ts";
import { readStatement } from "../../core/ledger/entry.ts";
import { openEnvelope } from "../../core/ledger/envelope.ts";
import { keyringOf, signatureProblem } from "../../core/ledger/keyring.ts";
import { linesFrom } from "../store/chain.ts";
import type { Database } from "../store/database.ts";

/**
 * Fails with `second-signer` when a ledger branch that is not ours holds an entry of this repository that only our key
 * can have signed: another service has the key and another database, or this database is an old copy. Each entry that
 * we sign then makes it worse. Whoever may push to the branch can put anything there but such an entry.
 */
export async function refuseSecondSigner(
  error: unknown,
  github: GitHub,
  { db, repository, ownKey }: { db: Database; repository: number; ownKey: KeyObject },
): Promise<void> {
  if (!(error instanceof SallyportError) || error.code !== "evidence-rewritten") return;
  const found = await readApiLedger(github);
  if (!found.known || found.value === null) return;
  const known = new Set((await linesFrom(db, repository, 1)).map(({ line }) => line));
  const position = found.value.findIndex((line) => !known.has(line) && isSignedBy(ownKey, line, repository));
  if (position === -1) return;
  throw new SallyportError(
    "second-signer",
    `${evidenceBranch} of ${github.owner}/${github.repo} holds entry ${position + 1}, which LEDGER_KEY signed and this database lacks: another service signs with this key, or the database is an old copy. Leave one service running; \`sallyport rebuild\` reads the ledger back into an empty database`,
  );
}

function isSignedBy(key: KeyObject, line: string, repository: number): boolean {
  const opened = openEnvelope(line, 0);
  if (!opened.ok || signatureProblem(opened.envelope, opened.payload, 0, keyringOf([{ key }])) !== null) return false;
  const read = readStatement(opened.payload, opened.envelope, line, 0);
  return read.ok && read.entry.repository.id === repository;
}
