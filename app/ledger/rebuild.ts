import { messageOf } from "../../core/errors.ts";
import { parsePublicKey } from "../../core/ledger/public-key.ts";
import { createGitHub } from "../github/clients.ts";
import type { Config } from "../settings/config.ts";
import { createSecrets } from "../settings/secrets.ts";
import { openDatabase } from "../store/database.ts";
import { raiseIncident } from "./incident.ts";
import { publishLedger } from "./publish.ts";
import { entriesLost, type Restored, restoreChain } from "./restore.ts";
import { createSigner } from "./signer.ts";
import { chainSource } from "./source.ts";

/** The result for one repository: what was read back, or why it failed. */
export type Rebuilt = { repository: string } & ({ ok: true; restored: Restored } | { ok: false; why: string });

/**
 * Fills the store from GitHub for every repository the App is installed on. The service derives the rest of the state
 * from the ledger and GitHub at its next start. Entries given up with `acceptLoss` leave an incident in the ledger.
 */
export async function rebuild(
  config: Config,
  options: { acceptLoss: boolean },
  onRepository: (rebuilt: Rebuilt) => void,
): Promise<void> {
  const signer = createSigner(config.ledgerKey);
  const secrets = createSecrets(config);
  const github = createGitHub(config, secrets.addToken);
  const ourselves = await github.identify();
  const database = await openDatabase(config.database);
  const { db } = database;
  try {
    const fail = (repository: string, error: unknown) =>
      onRepository({ repository, ok: false, why: secrets.redact(messageOf(error)) });
    const unlisted = (installation: number, error: unknown) => fail(`installation ${installation}`, error);
    for (const id of await github.repositories(unlisted)) {
      const client = await github.forRepository(id, "write");
      const repository = `${client.owner}/${client.repo}`;
      try {
        const ownKey = parsePublicKey(signer.publicKey);
        const restoreOptions = {
          repository: id,
          appId: ourselves.appId,
          ownKey,
          acceptLoss: options.acceptLoss,
        };
        const restored = await restoreChain(db, client, restoreOptions);
        if (restored.lost !== null) {
          const { seq, hash, sha } = restored.lost;
          const message = `The check on ${sha} names entry ${seq} (${hash}), which is lost; a person went on without it.`;
          await raiseIncident(
            { db, repository: { id, name: repository }, ourselves },
            { code: entriesLost, message, subject: [{ name: `entry ${seq}`, digest: { sha256: hash } }] },
            { sign: signer.sign, now: () => new Date() },
          );
          const reader = await github.forRepository(id, "read");
          await publishLedger(client, chainSource(db, id, { reader, secrets: secrets.search, ourselves }));
        }
        onRepository({ repository, ok: true, restored });
      } catch (error) {
        fail(repository, error);
      }
    }
  } finally {
    await database.close();
  }
}
