import type { ObjectsCache } from "../../collect/github/cache.ts";
import type { GitHub } from "../../collect/github/request.ts";
import type { SecretSearch } from "../../collect/secrets/redaction.ts";
import type { Effect, Ourselves } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { canonicalJson, type Json } from "../../core/json.ts";
import type { Spending } from "../../core/money.ts";
import type { BodyRef } from "../../schemas/entry-parts.ts";
import type { CallStore, Purse } from "../agents/run.ts";
import type { GitHubClients } from "../github/clients.ts";
import { type RepositoryRequest, requestIn } from "../github/requests.ts";
import type { ModelAccess } from "../settings/config.ts";
import type { Database } from "../store/database.ts";
import { getBody, putBody } from "../store/decisions.ts";
import { type Dispatch, dropDispatch, findDispatch, noteDispatch, openDispatch } from "../store/dispatches.ts";
import { isOurs } from "../store/effects.ts";
import { holdLease, type Lease, requireLease } from "../store/leases.ts";
import { callStore } from "../store/payloads.ts";
import { openPurse } from "../store/spending.ts";
import { type Step, stepLog } from "../store/steps.ts";

/** What effects are performed with: one repository's client, our stored bodies, the agents' services. */
export type PerformContext = {
  github: GitHub;
  /** Reads what the writing client may not: members of teams, and logs of jobs. Its queries are not throttled as writes. */
  reader: GitHub;
  /** GitHub objects that can never change: what a decision or an agent read, the effects after it need not read. */
  cache: ObjectsCache;
  /** Sends requests about the repository. */
  request: RepositoryRequest;
  repositoryId: number;
  ourselves: Ourselves;
  bodies: {
    get(sha256: string): Promise<Uint8Array | null>;
    put(bytes: Uint8Array, mediaType: string): Promise<BodyRef>;
  };
  calls: CallStore;
  /** What an effect's calls are paid from. */
  purse(effect: string, spending: Spending): Purse;
  /** Finds secrets that must not be stored, sent or shown. */
  secrets: SecretSearch;
  anthropic: ModelAccess;
  openai: ModelAccess;
  google: ModelAccess;
  /** The operator's folder of agents' programs; null: there is none. */
  agentTools: string | null;
  /** Where the packages are that verification commands need. */
  packageRegistry: string;
  /** The runs of the pinned workflow that agents' work waits for. */
  dispatches: Dispatches;
  /** Where this service is found from elsewhere; null: nobody said. */
  publicUrl: string | null;
  /** Where the pages are; null: nowhere. */
  pagesUrl: string | null;
  /** Where digests are told besides GitHub, by whoever runs the service; null: nowhere. */
  digestWebhook: string | null;
  /** Aborted when the service stops, or when this work may go on no longer. */
  signal: AbortSignal;
  /** Whether an effect is still ours to do; false once a person stopped it, or another worker took it over. */
  isOpen(key: string): Promise<boolean>;
  /** Records what an effect's agent does, for whoever looks. */
  steps(key: string): (step: Step) => Promise<void>;
  now: () => Date;
  progress(line: string): void;
};

/** The record of one repository's runs on Actions, by the keys of the effects that wait for them. */
export type Dispatches = {
  find(key: string): Promise<Dispatch | null>;
  open(fresh: Pick<Dispatch, "key" | "nonce" | "deadline">): Promise<Dispatch>;
  note(key: string, news: Pick<Parameters<typeof noteDispatch>[2], "asked" | "run" | "cancelled">): Promise<void>;
  drop(key: string): Promise<void>;
};

/** The parts of the service that effects need, in any repository. */
export type ContextTools = Pick<
  PerformContext,
  | "cache"
  | "ourselves"
  | "anthropic"
  | "openai"
  | "google"
  | "agentTools"
  | "packageRegistry"
  | "publicUrl"
  | "pagesUrl"
  | "digestWebhook"
> & {
  db: Database;
  github: Pick<GitHubClients, "forRepository">;
  secrets: { search: SecretSearch };
  log(line: string): void;
};

/** Who performs effects: the lease of their ordering key, and the signal that ends the work. */
export type Holder = { lease: Lease; signal: AbortSignal };

/** The context for effects in a repository, for the holder of the lease of their ordering key. */
export async function contextOf(
  repository: number,
  { lease, signal }: Holder,
  now: () => Date,
  tools: ContextTools,
): Promise<PerformContext> {
  const { db, cache, ourselves, secrets, anthropic, openai, google, agentTools, packageRegistry, log } = tools;
  const { publicUrl, pagesUrl, digestWebhook } = tools;
  const isHeld = () => requireLease(db, lease);
  const github = await tools.github.forRepository(repository, "write");
  return {
    github,
    reader: await tools.github.forRepository(repository, "read"),
    cache,
    request: fenced(requestIn(github), isHeld),
    repositoryId: repository,
    ourselves,
    bodies: {
      get: (sha256) => getBody(db, sha256),
      async put(bytes, mediaType) {
        await isHeld();
        return putBody(db, bytes, mediaType);
      },
    },
    calls: callStore(db, repository, (trx) => holdLease(trx, lease)),
    purse: (effect, spending) => openPurse(db, { repository, effect, mayPay: isHeld, now }, spending),
    secrets: secrets.search,
    anthropic,
    openai,
    google,
    agentTools,
    packageRegistry,
    dispatches: {
      find: (key) => findDispatch(db, "key", key),
      open: (fresh) => openDispatch(db, { ...fresh, repository }),
      note: (key, news) => noteDispatch(db, key, news),
      drop: (key) => dropDispatch(db, key),
    },
    publicUrl,
    pagesUrl,
    digestWebhook,
    signal,
    isOpen: (key) => isOurs(db, key, lease),
    steps: (effect) => stepLog(db, { repository, effect, mayNote: isHeld }),
    now,
    progress: log,
  };
}

/** Asks before each write at GitHub whether this worker still has the work: one that was thought dead may wake up. */
export function fenced(request: RepositoryRequest, hold: () => Promise<void>): RepositoryRequest {
  return async (route, parameters) => {
    if (!route.startsWith("GET ")) await hold();
    return request(route, parameters);
  };
}

/** The App's bot as the author of a commit. */
export function botAuthor({ bot }: Ourselves): { name: string; email: string } {
  return { name: bot.login, email: `${bot.id}+${bot.login}@users.noreply.github.com` };
}

/** The invisible marker by which we recognise our own texts. */
export function marker(key: string): string {
  return `<!-- sallyport:${key} -->`;
}

/** An effect of one type. */
export type EffectOf<T extends Effect["type"]> = Extract<Effect, { type: T }>;

/** The seconds since a moment, which a clock that was set back meanwhile does not make negative. */
export function secondsSince(start: Date, { now }: Pick<PerformContext, "now">): number {
  return Math.max(0, (now().getTime() - start.getTime()) / 1_000);
}

/** A stored body as JSON; bodies are stored before the effects that name them. */
export async function readJson(sha256: string, { bodies }: Pick<PerformContext, "bodies">): Promise<unknown> {
  const bytes = await bodies.get(sha256);
  if (bytes === null) throw new SallyportError("internal", `the stored body ${sha256} is missing`);
  return JSON.parse(Buffer.from(bytes).toString("utf8"));
}

/** Stores a value as JSON: canonical, so that the digest of the stored bytes is the digest of the value. */
export function storeJson(value: Json, { bodies }: Pick<PerformContext, "bodies">): Promise<BodyRef> {
  return bodies.put(Buffer.from(canonicalJson(value), "utf8"), "application/json");
}
