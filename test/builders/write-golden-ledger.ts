import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSigner } from "../../app/ledger/signer.ts";
import type { Json } from "../../core/json.ts";
import type { EntryDraft } from "../../core/ledger/entry.ts";
import { chainOf } from "./ledger.ts";

// Wrote test/fixtures/ledger/v1.*, once: node test/builders/write-golden-ledger.ts. It refuses to do so again, because a ledger of
// version 1 has to verify for ever; a new version of the format gets new files beside these. The private key is not kept.

const folder = join(import.meta.dirname, "..", "fixtures", "ledger");
const app = { type: "app", id: 41898282, login: "sallyport[bot]" } as const;
const lena = { type: "user", id: 1001, login: "lena" } as const;
const agent = { type: "agent", id: 0, login: "anthropic" } as const;
const commit = "6dcb09b5b57875f334f61aebed695e2e4193db5e";
const tree = "827efc6d56897b048c772eb4087f854f46256132";
const sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

const happened: [string, EntryDraft["actor"], EntryDraft["subject"][number]["digest"], Json][] = [
  ["command", lena, { sha256 }, { issue: 7, text: "/plan", accepted: true }],
  ["plan.proposed", app, { sha256 }, { story: 7, revision: 1, risk: "low", paths: ["web/**"] }],
  ["approval.granted", lena, { sha256, gitCommit: commit }, { story: 7, digest: sha256, solo: false }],
  [
    "contract.frozen",
    app,
    { sha256 },
    { story: 7, prompts: [{ index: 1, text: "line\nline\t\u0000 \u2028 \u{1F6AA}" }] },
  ],
  ["prompt.recorded", app, { gitCommit: commit }, { pack: { sha256, bytes: 4, mediaType: "application/json" } }],
  ["response.recorded", agent, { gitTree: tree }, { seconds: 12.75, tokens: 9007199254740991, cost: 1e-7, claims: {} }],
  [
    "verdict.given",
    app,
    { gitCommit: commit },
    { conclusion: "failure", gates: { "diff-size": "fail", scope: "pass" } },
  ],
  [
    "incident.raised",
    app,
    { sha256: "0".repeat(64) },
    { code: "evidence-rewritten", issue: null, list: [[], [{}], ""] },
  ],
  [
    "sign-off.given",
    lena,
    { gitCommit: commit, gitTree: tree },
    { pull: 9, result: "pass", notes: 'a "quoted" \\ note' },
  ],
  ["evidence.sealed", app, { gitCommit: "b".repeat(64) }, { files: [], "\uFB33": 2, "\u{1F600}": 1, "": 0 }],
];

const { privateKey } = generateKeyPairSync("ed25519");
const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const lines = await chainOf(
  pem,
  happened.map(([kind, actor, digest, body], index) => ({
    repository: { id: 1296269, name: "acme/shop" },
    kind,
    at: `2026-11-21T10:00:0${index}.${String(index * 111).padStart(3, "0")}Z`,
    actor,
    subject: index % 2 === 0 ? [{ name: `what ${kind} is about`, digest }] : [{ digest }, { digest: { sha256 } }],
    body,
  })),
);
writeFileSync(join(folder, "v1.jsonl"), `${lines.join("\n")}\n`, { flag: "wx" });
writeFileSync(join(folder, "v1.pub"), `${createSigner(pem).publicKey}\n`, { flag: "wx" });
