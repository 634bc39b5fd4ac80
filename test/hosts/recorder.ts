/** A queue on a database whose looks record one entry each, unless it is there: in this process, or as one of its own. */

import { createSigner } from "../../app/ledger/signer.ts";
import type { QueueName } from "../../app/queue/limits.ts";
import { createQueue } from "../../app/queue/queue.ts";
import { type OpenDatabase, openDatabase } from "../../app/store/database.ts";
import { saveDecision } from "../../app/store/decisions.ts";
import { takeLease } from "../../app/store/leases.ts";
import { decisionOf } from "../../core/decision.ts";
import { subjectKey } from "../../core/subject.ts";
import { failuresIn } from "./log.ts";
import { wholeLedger } from "./whole-ledger.ts";

export type Recorder = { enqueue(number: number): Promise<void>; stop(): Promise<void> };

export async function startRecorder(
  database: OpenDatabase,
  repository: number,
  pem: string,
  queues?: ReadonlySet<QueueName>,
): Promise<Recorder> {
  const queue = createQueue(database, { limitedUntil: () => null, secrets: async () => [], log: failuresIn([]) });
  const sign = createSigner(pem).sign;
  const actor = { type: "app" as const, id: 99, login: "sallyport[bot]" };
  const nothing = async () => undefined;
  const jobs = { perform: async () => null, publish: nothing, enqueueMatching: nothing, sweep: nothing };
  await queue.start(
    {
      ...jobs,
      async reconcile(subject) {
        const { number } = subject;
        const fence = await takeLease(database.db, subjectKey(subject));
        const isThere = (await wholeLedger(database.db, repository)).some(
          ({ body }) => "issue" in body && body.issue === number,
        );
        if (isThere) return;
        const body = { code: "c", message: "m", issue: number };
        await saveDecision(
          database.db,
          { subject, fence, repository: { id: repository, name: "acme/web" }, seen: [] },
          decisionOf({ drafts: [{ kind: "incident.raised", actor, subject: [], body }] }),
          { sign, now: () => new Date(), queue },
        );
      },
    },
    queues,
  );
  return {
    enqueue: (number) => queue.enqueueNow({ kind: "pull", repository, number }),
    stop: queue.stop,
  };
}

if (process.argv[1] === import.meta.filename && process.send !== undefined) {
  const [url = "", repository = "", pem = ""] = process.argv.slice(2);
  await startRecorder(await openDatabase({ url }), Number(repository), pem);
  process.send("ready");
}
