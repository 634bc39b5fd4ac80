import { generateKeyPairSync, sign } from "node:crypto";
import { appendEntry, type EntryDraft, type LedgerHead } from "../../core/ledger/entry.ts";
import { formatPublicKey, keyId } from "../../core/ledger/public-key.ts";

const actor = { type: "user" as const, id: 9, login: "quinn" };

/** A ledger with one sign-off on pull request 7, and the key that signed it in the form that policies carry. */
export async function signedLedger(sha: string, repositoryId = 42): Promise<{ key: string; lines: string[] }> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const body = {
    pull: 7,
    sha,
    test: "manual",
    result: "pass",
    comment: 1,
    environment: "",
    notes: "",
    solo: false,
  };
  const drafts = [body, { ...body, pull: 8 }].map(
    (one): EntryDraft => ({
      repository: { id: repositoryId, name: "o/r" },
      kind: "sign-off.given",
      at: "2026-01-01T00:00:00.000Z",
      actor,
      subject: [{ digest: { gitCommit: sha } }],
      body: one,
    }),
  );
  const lines: string[] = [];
  let head: LedgerHead = null;
  for (const draft of drafts) {
    const appended: Awaited<ReturnType<typeof appendEntry>> = await appendEntry(head, draft, async (bytes) => ({
      keyid: keyId(publicKey),
      sig: sign(null, bytes, privateKey).toString("base64"),
    }));
    lines.push(appended.line);
    head = appended.head;
  }
  return { key: formatPublicKey(publicKey), lines };
}
