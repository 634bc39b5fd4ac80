import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { isLedgerFolder, readLedgerFolder } from "../../../collect/ledger/folder.ts";
import { readGitLedger } from "../../../collect/ledger/ledger.ts";
import { fileProblem, manifestName, missingProblem, readManifest } from "../../../core/ledger/archive.ts";
import { evidenceBranch } from "../../../core/ledger/branch.ts";
import { readArchive } from "./archive.ts";

/** The source of a ledger: a git directory's evidence branch, an imported folder, or an archive. */
export type LedgerSource =
  | { kind: "git"; path: string; ref: string; commit: string; files: Map<string, Uint8Array> }
  | { kind: "folder" | "archive"; path: string; files: Map<string, Uint8Array> };

/** `status`: 1 when the ledger is incomplete, 2 when none can be read. */
export type LedgerReading = { ok: true; source: LedgerSource } | { ok: false; status: 1 | 2; why: string };

/** Reads a whole ledger from any of the three sources. */
export async function openLedger(cwd: string, name: string): Promise<LedgerReading> {
  const path = resolve(cwd, name);
  const found = await stat(path).catch(() => null);
  if (found?.isFile()) return openArchive(path);
  if (found !== null && (await isLedgerFolder(path))) return openFolder(path);
  const ledger = await readGitLedger(path);
  if (!ledger.known) return { ok: false, status: 2, why: ledger.why };
  if (ledger.value !== null) return { ok: true, source: { kind: "git", path, ...ledger.value } };
  const why = `${path} has no branch ${evidenceBranch}; fetch it: git fetch origin ${evidenceBranch}:${evidenceBranch}`;
  return { ok: false, status: 2, why };
}

async function openArchive(path: string): Promise<LedgerReading> {
  const files = new Map<string, Uint8Array>();
  const read = await readArchive(path, async (name, content) => {
    if (name !== manifestName) files.set(name, content);
  });
  if (read.ok) return { ok: true, source: { kind: "archive", path, files } };
  return { ok: false, status: 1, why: `${path} is refused: ${read.why}` };
}

async function openFolder(path: string): Promise<LedgerReading> {
  const read = await readLedgerFolder(path);
  if (!read.known) return { ok: false, status: 1, why: read.why };
  const files = read.value;
  const manifest = readManifest(files.get(manifestName) ?? new Uint8Array());
  files.delete(manifestName);
  let wrong = manifest === null ? `its ${manifestName} is none` : null;
  if (manifest !== null) {
    for (const [name, content] of files) wrong ??= fileProblem(manifest, name, content);
    wrong ??= missingProblem(manifest, new Set(files.keys()));
  }
  if (wrong !== null) return { ok: false, status: 1, why: `${path} is refused: ${wrong}` };
  return { ok: true, source: { kind: "folder", path, files } };
}
