import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { GitHubClients } from "../../../app/github/clients.ts";
import { createLimits } from "../../../app/github/limits.ts";
import { createSigner } from "../../../app/ledger/signer.ts";
import type { Queue, Search } from "../../../app/queue/queue.ts";
import { createJobs } from "../../../app/service/jobs.ts";
import { createSecrets } from "../../../app/settings/secrets.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { SallyportError } from "../../../core/errors.ts";
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
  { limitedUntil = () => null, lines = [], nowhere = [], signal = new AbortController().signal }: JobsOptions = {},
) {
  const github: GitHubClients = {
    repositories,
    limitedUntil,
    limits: createLimits(),
    forRepository: async (id) => {
      if (nowhere.includes(id)) throw new SallyportError("not-found", `the App is not on ${id}`);
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
    ourselves: {
      appId: 1,
      slug: "sallyport",
      page: "https://github.com/apps/sallyport",
      bot: { id: 2, login: "sallyport[bot]", type: "Bot" },
    },
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

type JobsOptions = {
  limitedUntil?: GitHubClients["limitedUntil"];
  lines?: string[];
  nowhere?: number[];
  signal?: AbortSignal;
};

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

test("of an installation that ended GitHub is asked once, however many repositories it had; one that is still there is no end", async () => {
  const repository = (id: number) => ({ kind: "repository", repository: id, number: 0 }) as const;
  const gone = Array.from({ length: 20 }, (_, index) => index + 1);
  let lists = 0;
  const listed = async () => {
    lists++;
    return [99];
  };
  const effect = { lane: "github/7", type: "reply", subject: "issue/7/1", payload: "{}", status: "todo" as const };
  await database.db
    .insertInto("effects")
    .values({ ...effect, key: "reply/7", repository: 7 })
    .execute();
  const work = jobsOn(listed, () => undefined, { nowhere: gone });
  for (const id of gone) await work.reconcile(repository(id));
  expect(lists).toBe(1);
  // What else fails says nothing of an end, and the list may be older than the installation.
  await work.reconcile(repository(98));
  expect(lists).toBe(2);
  const { status } = await database.db.selectFrom("effects").select("status").executeTakeFirstOrThrow();
  expect(status).toBe("failed");
  await expect(work.reconcile(repository(99))).rejects.toThrow("GitHub does not answer for 99");
  expect(lists).toBe(3);
});
