import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { GitHubClients } from "../../../app/github/clients.ts";
import { createLimits } from "../../../app/github/limits.ts";
import { createSigner } from "../../../app/ledger/signer.ts";
import type { Queue, Search } from "../../../app/queue/queue.ts";
import { createJobs } from "../../../app/service/jobs.ts";
import { createSecrets } from "../../../app/settings/secrets.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { newKey } from "../../builders/ledger.ts";
import { failuresIn } from "../../hosts/log.ts";

let database: OpenDatabase;
beforeAll(async () => {
  database = await openDatabase({ folder: null });
});
afterAll(() => database.close());

const unused = async () => {
  throw new Error("the sweep asks for nothing else");
};

/** The jobs of a service that is on these repositories; what a sweep has searched comes to `searched`. */
function jobsOn(
  repositories: GitHubClients["repositories"],
  searched: (search: Search) => void,
  { limitedUntil = () => null, lines = [], signal = new AbortController().signal }: JobsOptions = {},
) {
  const github: GitHubClients = {
    repositories,
    limitedUntil,
    limits: createLimits(),
    forRepository: async (id) => {
      throw new Error(`GitHub does not answer for ${id}`);
    },
    identify: unused,
    namedRepositories: unused,
    asApp: (async () => {
      throw new Error("GitHub does not answer");
    }) as never,
    redeliverer: unused as never,
  };
  const queue: Queue = {
    enqueueNamed: async (_trx, all) => all.flatMap(({ searches }) => searches).forEach(searched),
    enqueue: unused,
    enqueueEffects: unused,
    enqueuePublish: unused,
    enqueueNow: unused,
    start: unused,
    stop: unused,
  };
  const { pem } = newKey();
  return createJobs({
    db: database.db,
    queue,
    github,
    ourselves: { appId: 1, slug: "sallyport", bot: { id: 2, login: "sallyport[bot]", type: "Bot" } },
    signer: createSigner(pem),
    onboarding: null,
    digestWebhook: null,
    publicUrl: null,
    end: unused,
    secrets: createSecrets({
      privateKey: "",
      webhookSecret: "",
      ledgerKey: pem,
      anthropic: { apiKey: null, baseUrl: null },
      database: { folder: null },
    }),
    anthropic: { apiKey: null, baseUrl: null },
    openai: { apiKey: null, baseUrl: null },
    google: { apiKey: null, baseUrl: null },
    agentTools: null,
    packageRegistry: "http://127.0.0.1:1",
    pagesUrl: null,
    signal,
    log: failuresIn(lines),
  });
}

type JobsOptions = { limitedUntil?: GitHubClients["limitedUntil"]; lines?: string[]; signal?: AbortSignal };

test("T246: a repository that cannot be read, or that GitHub wants left alone, holds no other back in the sweep; old deliveries are forgotten", async () => {
  const [unreadable, limited, healthy, scarce] = [1, 2, 3, 4];
  const searched: Search[] = [];
  const lines: string[] = [];
  const work = jobsOn(
    async (unlisted) => {
      unlisted?.(5, new Error("an IP allow list is enabled"));
      return [unreadable, limited, healthy, scarce];
    },
    (search) => searched.push(search),
    {
      lines,
      limitedUntil: (id, use) =>
        id === limited || (id === scarce && use === "sweep") ? new Date("2026-11-21T12:00:00Z") : null,
    },
  );
  const delivery = { event: "star", named: null };
  await database.db
    .insertInto("deliveries")
    .values([
      { ...delivery, guid: "old", received_at: new Date(Date.now() - 31 * 86_400_000) },
      { ...delivery, guid: "new" },
    ])
    .execute();
  await work.sweep();
  const kept = await database.db.selectFrom("deliveries").select("guid").execute();
  expect(kept).toEqual([{ guid: "new" }]);
  expect(searched).toEqual([
    { repository: unreadable, sha: null },
    { repository: healthy, sha: null },
  ]);
  expect(lines).toEqual([
    "failed deliveries are not sent again: GitHub does not answer",
    "the repositories of installation 5 are not swept: an IP allow list is enabled",
    ...["purge", "branch rules"].flatMap((round) =>
      [unreadable, healthy].map((id) => `${round} of ${id}: GitHub does not answer for ${id}`),
    ),
  ]);
});

test("a sweep ends soon when the service stops, however many repositories there are", async () => {
  const stopping = new AbortController();
  const searched: number[] = [];
  const lines: string[] = [];
  const all = async () => Array.from({ length: 1_000 }, (_, index) => index + 1);
  const work = jobsOn(
    all,
    ({ repository }) => {
      searched.push(repository);
      if (repository === 3) stopping.abort(new Error("the service is stopping"));
    },
    { lines, signal: stopping.signal },
  );
  await work.sweep();
  const told = ["failed deliveries are not sent again: GitHub does not answer"];
  expect({ searched, lines }).toEqual({ searched: [1, 2, 3], lines: told });
});
