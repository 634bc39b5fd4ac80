import type { KeyObject } from "node:crypto";
import { apiObjects } from "../../collect/github/objects.ts";
import type { GitHub } from "../../collect/github/request.ts";
import { readApiLedger } from "../../collect/ledger/ledger.ts";
import { readCurrentPolicy } from "../../collect/policy/current.ts";
import { sha256 } from "../../core/digest.ts";
import type { Ourselves } from "../../core/effects.ts";
import type { TypedEntry } from "../../core/entries.ts";
import { SallyportError } from "../../core/errors.ts";
import { bodyPath, evidenceBranch } from "../../core/ledger/branch.ts";
import { entryHash, readEntry } from "../../core/ledger/entry.ts";
import { type LedgerKey, pinnedKeys } from "../../core/ledger/keyring.ts";
import { parsePublicKey } from "../../core/ledger/public-key.ts";
import { purgedBodies, referencedBodies } from "../../core/ledger/retention.ts";
import { typedEntry } from "../../core/ledger/typed-entry.ts";
import { verifyChain } from "../../core/ledger/verify.ts";
import { keyOf } from "../../core/record/keys.ts";
import type { GitHubClients } from "../github/clients.ts";
import { adoptLines, exportedUpTo, headOf, linesFrom } from "../store/chain.ts";
import type { Database } from "../store/database.ts";
import { getBody, putBody } from "../store/decisions.ts";
import { linesUnder } from "../store/readings.ts";
import { restoreSpending } from "../store/spending.ts";
import { type Anchor, readAnchor } from "./anchor.ts";
import { type Line, publishedCount, readTip } from "./published.ts";
import type { Signer } from "./signer.ts";

/**
 * The result of a restore: how many entries and bodies were read, how many bodies were never published, how many were
 * purged, and the lost entry that a check names.
 */
export type Restored = {
  entries: number;
  bodies: number;
  unpublished: number;
  purged: number;
  lost: Anchor | null;
};

/** Whose chain it is, the key we sign with, and whether lost entries may be given up. */
export type RestoreOptions = {
  repository: number;
  appId: number;
  ownKey: KeyObject;
  acceptLoss: boolean;
};

const nothingRestored: Restored = { entries: 0, bodies: 0, unpublished: 0, purged: 0, lost: null };

/** The code of the incident that records that a person gave entries up. */
export const entriesLost = "entries-lost";

/** The most bytes of a body of ours. */
const bodyBytes = 16 * 1024 * 1024;

/**
 * Makes the store's chain reach at least as far as the evidence branch: an empty store gets all of it, a store from an
 * older backup gets the rest. Entries are taken over only after their signatures and hashes were verified. Fails with
 * `ledger-behind`, so that nothing is signed, when one of our checks names an entry that is nowhere, and with
 * `evidence-rewritten` when branch and store do not continue each other.
 */
export async function restoreChain(db: Database, github: GitHub, options: RestoreOptions): Promise<Restored> {
  const { repository } = options;
  const length = (await headOf(db, repository))?.seq ?? 0;
  const tip = await readTip(github);
  const between = (from: number, to: number) => linesFrom(db, repository, from, to);
  const known = await exportedUpTo(db, repository);
  const isKnown = known !== null && known.commit === tip?.commit;
  const published = length === 0 ? null : isKnown ? known.seq : await publishedCount(github, tip, between);
  if (published === length) return nothingRestored;
  // A branch that is merely shorter does not show what came after our last entry: the checks do.
  const lines = published === null ? await verifiedBranch(github, options) : [];
  const ours = lines.length === 0 ? [] : await between(1, length);
  const divergence = ours.findIndex(({ line }, index) => lines[index] !== line);
  if (divergence !== -1 && divergence < lines.length) {
    throw new SallyportError(
      "evidence-rewritten",
      `${evidenceBranch} and this server's ledger part at entry ${divergence + 1}; nothing is signed until one of them is put back`,
    );
  }
  const anchor = await readAnchor(github, options.appId);
  const isHeld = anchor === null || (await holds(anchor, lines.length > length ? lines : { db, repository }));
  // Another process may have recorded it, and shown it with a check, since the branch was read.
  const lost = isHeld || (await isStored(db, repository, anchor)) ? null : anchor;
  if (lost !== null && !options.acceptLoss) {
    throw new SallyportError(
      "ledger-behind",
      `The check on ${lost.sha} names entry ${lost.seq}, which is not in the ledger of ${Math.max(lines.length, length)} entries: some are lost. Put the database or ${evidenceBranch} back, or give them up with \`sallyport rebuild --accept-loss\``,
    );
  }
  const fresh = lines.slice(length).map((line, index) => ({ seq: length + index + 1, line }));
  if (fresh.length === 0) return { ...nothingRestored, lost };
  // Bodies first: an entry in the store is never restored again, and neither would its bodies be.
  const bodies = await restoreBodies(db, github, tip?.commit ?? "", fresh);
  await adoptLines(db, repository, fresh, (trx, entries) => restoreSpending(trx, repository, entries));
  return { entries: fresh.length, ...bodies, lost };
}

/** Tools for reading the chain back. */
export type RestoreTools = {
  db: Database;
  github: Pick<GitHubClients, "forRepository">;
  ourselves: Pick<Ourselves, "appId">;
  signer: Pick<Signer, "publicKey">;
  log(line: string): void;
};

/**
 * Makes sure, the first time it is asked about a repository, that the store reaches up to the published ledger: before
 * that nothing is decided, and so nothing is signed.
 */
export function createRestorer({
  db,
  github,
  ourselves,
  signer,
  log,
}: RestoreTools): (repository: number) => Promise<void> {
  const restored = new Map<number, Promise<void>>();
  const restore = async (repository: number) => {
    const client = await github.forRepository(repository, "read");
    const ownKey = parsePublicKey(signer.publicKey);
    const options = { repository, appId: ourselves.appId, ownKey, acceptLoss: false };
    const { entries: count } = await restoreChain(db, client, options);
    if (count > 0) log(`${client.owner}/${client.repo}: ${count} ledger entries read back from GitHub`);
  };
  return async (repository) => {
    const restoring = restored.get(repository) ?? restore(repository);
    restored.set(repository, restoring);
    await restoring.catch((error: unknown) => {
      restored.delete(repository);
      throw error;
    });
  };
}

async function verifiedBranch(github: GitHub, options: RestoreOptions): Promise<string[]> {
  const lines = await readApiLedger(github);
  if (!lines.known) throw new SallyportError("github", lines.why, { retry: true });
  if (lines.value === null) return [];
  const keys = await trustedKeys(github, options);
  const report = verifyChain(lines.value, keys, { expectRepositoryId: options.repository });
  const [problem] = report.problems;
  if (problem !== undefined) {
    throw new SallyportError(
      "evidence-rewritten",
      `${evidenceBranch} does not verify: ${problem.message}; nothing is signed until it does`,
    );
  }
  return lines.value;
}

/** The keys that the policy pins, or ours if it pins none. */
async function trustedKeys(github: GitHub, { ownKey }: RestoreOptions): Promise<LedgerKey[]> {
  const { policy } = await readCurrentPolicy(github);
  const pinned = policy.state === "loaded" ? pinnedKeys(policy.policy) : [];
  return pinned.length > 0 ? pinned : [{ key: ownKey }];
}

/** Whether a ledger, as its lines or in the store, has the anchored entry, or a person's word that it is given up. */
async function holds(
  anchor: Anchor,
  ledger: readonly string[] | { db: Database; repository: number },
): Promise<boolean> {
  const inStore = "db" in ledger;
  const line = inStore
    ? (await linesFrom(ledger.db, ledger.repository, anchor.seq, anchor.seq))[0]?.line
    : ledger[anchor.seq - 1];
  if (line !== undefined && entryHash(line) === anchor.hash) return true;
  const told = inStore ? await linesUnder(ledger.db, ledger.repository, [keyOf.incident(entriesLost)]) : ledger;
  return told.some((one) => isGivenUp(anchor, typeof one === "string" ? one : one.line));
}

async function isStored(db: Database, repository: number, { seq, hash }: Anchor): Promise<boolean> {
  const [line] = await linesFrom(db, repository, seq, seq);
  return line !== undefined && entryHash(line.line) === hash;
}

/** Whether this entry records that a person accepted the loss of the anchored one: then nobody is asked again. */
function isGivenUp({ hash }: Anchor, line: string): boolean {
  const read = readEntry(line);
  if (!read.ok || read.entry.kind !== "incident.raised" || read.entry.body.code !== entriesLost) return false;
  return read.entry.subject.some(({ digest }) => digest.sha256 === hash);
}

/** Restores the packs and answers that entries name, if published and not purged; each only if its hash is right. */
async function restoreBodies(
  db: Database,
  github: GitHub,
  commit: string,
  lines: readonly Line[],
): Promise<Pick<Restored, "bodies" | "unpublished" | "purged">> {
  const objects = apiObjects(github);
  const entries = lines.flatMap(({ line }) => typedLine(line) ?? []);
  const purged = purgedBodies(entries);
  const count = { bodies: 0, unpublished: 0, purged: 0 };
  for (const { sha256: digest, mediaType } of entries.flatMap(referencedBodies)) {
    if (purged.has(digest)) {
      count.purged += 1;
      continue;
    }
    if ((await getBody(db, digest)) !== null) continue;
    const entry = await objects.entry(commit, bodyPath(digest));
    if (!entry.known) throw new SallyportError("github", entry.why, { retry: true });
    if (entry.value === null) {
      count.unpublished += 1;
      continue;
    }
    const blob = await objects.blob(entry.value.sha, bodyBytes);
    if (!blob.known) throw new SallyportError("github", blob.why, { retry: true });
    const { content } = blob.value;
    if (content === null || sha256(content) !== digest) {
      throw new SallyportError(
        "evidence-rewritten",
        `${bodyPath(digest)} on ${evidenceBranch} is not what its name says`,
      );
    }
    await putBody(db, content, mediaType);
    count.bodies += 1;
  }
  return count;
}

function typedLine(line: string): TypedEntry | null {
  const entry = readEntry(line);
  return entry.ok ? typedEntry(entry.entry) : null;
}
