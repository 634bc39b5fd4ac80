import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { createSigner } from "../../app/ledger/signer.ts";
import { appendEntry, type EntryDraft, type LedgerHead, type Sign } from "../../core/ledger/entry.ts";

/** A fresh signing key in PEM with its public half. */
export function newKey(): { pem: string; publicKey: KeyObject } {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { pem, publicKey: createPublicKey(createPrivateKey(pem)) };
}

/** A draft of an entry, with overrides. */
export function draft(overrides: Partial<EntryDraft> = {}): EntryDraft {
  return {
    repository: { id: 7, name: "acme/web" },
    kind: "incident.raised",
    at: "2026-11-21T10:00:00.000Z",
    actor: { type: "app", id: 41, login: "sallyport[bot]" },
    subject: [{ name: "something", digest: { sha256: "a".repeat(64) } }],
    body: { code: "test", message: "a line", issue: null },
    ...overrides,
  };
}

/** The lines of a chain made of drafts, signed with one key. */
export async function chainOf(pem: string, drafts: EntryDraft[]): Promise<string[]> {
  const { sign } = createSigner(pem);
  const lines: string[] = [];
  let head: LedgerHead = null;
  for (const one of drafts) {
    const appended = await appendEntry(head, one, sign);
    lines.push(appended.line);
    head = appended.head;
  }
  return lines;
}

/** Drafts that differ from each other, so that no two lines of a chain are alike. */
export function drafts(count: number, overrides: Partial<EntryDraft> = {}): EntryDraft[] {
  return Array.from({ length: count }, (_, index) =>
    draft({ body: { code: "test", message: `line ${index}`, issue: null }, ...overrides }),
  );
}

/** The lines of a chain whose entries are each signed by keys of their own. */
export async function signedByTurns(
  drafts: readonly EntryDraft[],
  signers: readonly { sign: Sign }[][],
): Promise<string[]> {
  const lines: string[] = [];
  let head: LedgerHead = null;
  for (const [index, one] of drafts.entries()) {
    const [first, ...more] = (signers[index] ?? []).map(({ sign }) => sign);
    if (first === undefined) throw new Error(`nobody signs entry ${index + 1}`);
    const appended: Awaited<ReturnType<typeof appendEntry>> = await appendEntry(head, one, first, ...more);
    lines.push(appended.line);
    head = appended.head;
  }
  return lines;
}
