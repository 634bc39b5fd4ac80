import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createSigner } from "../../../app/ledger/signer.ts";
import { watchRequired } from "../../../app/ledger/watch-required.ts";
import { appendEntries } from "../../../app/store/chain.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { newKey } from "../../builders/ledger.ts";
import { type Acme, startAcme, tries } from "../../hosts/store-and-github.ts";
import { wholeLedger } from "../../hosts/whole-ledger.ts";

let acme: Acme;
let database: OpenDatabase;
const { sign } = createSigner(newKey().pem);
const now = () => new Date("2026-11-21T10:00:00.000Z");

beforeAll(async () => {
  acme = await startAcme();
  database = await openDatabase({ folder: null });
}, 30_000);
afterAll(async () => {
  await database.close();
  await acme.close();
});

test("F10 a check that is no longer required is an incident, once until it is required again", async () => {
  const { repository, world: context } = acme;
  const { ourselves } = context;
  const { db } = database;
  const exported: number[] = [];
  const log: string[] = [];
  const watch = () =>
    watchRequired(repository, {
      db,
      ourselves,
      github: () => acme.clients.forRepository(repository, "read"),
      restored: async () => undefined,
      queue: {
        enqueuePublish: async (_trx, id) => {
          exported.push(id);
        },
      },
      sign,
      now,
      log: (line) => log.push(line),
    });
  const codes = async () =>
    (await wholeLedger(db, repository)).flatMap((one) => (one.kind === "incident.raised" ? [one.body.code] : []));
  const require = (checks: object | null) =>
    acme.as("lena", "PUT", "branches/main/protection", {
      required_status_checks: checks,
      enforce_admins: false,
      required_pull_request_reviews: null,
      restrictions: null,
    });
  const ours = { strict: true, contexts: [], checks: [{ context: "sallyport", app_id: ourselves.appId }] };

  // A repository without a ledger is not governed yet.
  await watch();
  expect(await codes()).toEqual([]);
  const actor = { type: "app" as const, id: ourselves.bot.id, login: ourselves.bot.login };
  const body = { code: "begin", message: "A ledger begins.", issue: null };
  await appendEntries(
    db,
    { id: repository, name: "acme/web" },
    [{ kind: "incident.raised", actor, subject: [], body }],
    { sign, now },
  );

  await watch();
  await watch();
  expect(await codes()).toEqual(["begin", "check-not-required"]);

  await require(ours);
  acme.sandbox.fault({ kind: "status", path: "/web/branches/main$", status: 502, times: tries });
  acme.sandbox.fault({ kind: "status", path: "/rules/branches/main$", status: 502, times: tries });
  await watch();
  expect(await codes()).toEqual(["begin", "check-not-required"]);

  await watch();
  await watch();
  expect(await codes()).toEqual(["begin", "check-not-required", "check-required-again"]);

  // A role that may write statuses could pass it: not required from us is not required.
  await require({ strict: true, contexts: ["sallyport"] });
  await watch();
  expect(await codes()).toEqual(["begin", "check-not-required", "check-required-again", "check-not-required"]);
  expect(exported).toEqual([repository, repository, repository]);
  expect(log).toEqual([
    expect.stringMatching(/^acme\/web: check-not-required: `main` does not ask for the check/),
    expect.stringMatching(/^acme\/web: check-required-again: /),
    expect.stringMatching(/^acme\/web: check-not-required: .* from any source/),
  ]);
});
