/** A process that appends and exports until it is killed; what it says was stored must be there for the next one. */
import { readFileSync } from "node:fs";
import { createGitHub } from "../../app/github/clients.ts";
import { publishLedger } from "../../app/ledger/publish.ts";
import { restoreChain } from "../../app/ledger/restore.ts";
import { createSigner } from "../../app/ledger/signer.ts";
import { chainSource } from "../../app/ledger/source.ts";
import { appendEntries, headOf, linesFrom } from "../../app/store/chain.ts";
import { openDatabase } from "../../app/store/database.ts";
import { createSecretSearch } from "../../collect/secrets/redaction.ts";
import { parsePublicKey } from "../../core/ledger/public-key.ts";
import { verifyChain } from "../../core/ledger/verify.ts";

const [folder = "", apiUrl = "", repository = "", ledgerKey = "", appKey = "", mode = ""] = process.argv.slice(2);
const id = Number(repository);
const signer = createSigner(readFileSync(ledgerKey, "utf8"));
const ownKey = parsePublicKey(signer.publicKey);
const clients = createGitHub({
  apiUrl,
  appId: 4001,
  privateKey: readFileSync(appKey, "utf8"),
  throttle: false,
});
const ourselves = await clients.identify();
const github = await clients.forRepository(id, "write");
const reader = await clients.forRepository(id, "read");
const { db } = await openDatabase({ folder });

await restoreChain(db, github, { repository: id, appId: 4001, ownKey, acceptLoss: false });
const stored = (await linesFrom(db, id, 1)).map(({ line }) => line);
const problems = stored.length === 0 ? [] : verifyChain(stored, [{ key: ownKey }]).problems;
const say = (event: object) => process.stdout.write(`${JSON.stringify(event)}\n`);
const head = await headOf(db, id);
say({ event: "started", seq: head?.seq ?? 0, entries: stored.length, problems });

async function publish(): Promise<void> {
  await publishLedger(github, chainSource(db, id, { reader, secrets: createSecretSearch(() => []), ourselves }));
}

if (mode === "finish") {
  await publish();
  process.exit(0);
}

for (let round = 0; ; round += 1) {
  const drafts = Array.from({ length: 1 + (round % 3) }, (_, index) => ({
    kind: "incident.raised" as const,
    actor: { type: "app" as const, id: ourselves.bot.id, login: ourselves.bot.login },
    subject: [],
    body: { code: "test", message: `round ${round}, place ${index}`, issue: null },
  }));
  await appendEntries(db, { id, name: "acme/web" }, drafts, {
    sign: signer.sign,
    now: () => new Date(),
  });
  const now = await headOf(db, id);
  say({ event: "stored", seq: now?.seq, hash: now?.hash });
  if (round % 4 === 3) await publish();
}
