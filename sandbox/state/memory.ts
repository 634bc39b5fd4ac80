import type { Fault } from "./faults.ts";
import type { Account, App, Installation, InstallationToken, Organization, Repository, UserToken } from "./model.ts";
import type { Delivery, Exchange } from "./traffic.ts";
import type { WorkflowRun } from "./workflow-run.ts";

/** The secrets of an App that was made from a manifest; `until`: milliseconds. */
type ManifestCode = {
  app: App;
  pem: string;
  secret: string;
  client: { id: string; secret: string };
  until: number;
};

/** The sandbox's state and its pending work. */
export type State = {
  /** `http://host:port`, without a trailing slash; set once the server listens. */
  url: string;
  /** The directory of repositories and generated keys. */
  dir: string;
  /** Milliseconds since 1970. */
  clock: () => number;
  lastId: number;
  accounts: Account[];
  organizations: Organization[];
  apps: App[];
  installations: Installation[];
  /** Apps made from a manifest whose secrets are not fetched yet, by the code for it. */
  manifestCodes: Map<string, ManifestCode>;
  tokens: (UserToken | InstallationToken)[];
  /** How people sign in, by an App's client id. */
  signIns: Map<string, { app: App; secret: string; callback: string }>;
  /** What people granted by signing in, until it is exchanged for a token, by its code. */
  codes: Map<string, { app: App; user: Account; challenge: string | null; until: number }>;
  repositories: Repository[];
  workflowRuns: WorkflowRun[];
  deliveries: Delivery[];
  faults: Fault[];
  /** Pending background work: deliveries, simulated checks. */
  work: Set<Promise<unknown>>;
  /** The last task of each queue of tasks that must run in order. */
  queues: Map<string, Promise<unknown>>;
  /** Webhooks that a fault holds back until the next one to the same target is sent. */
  held: Map<string, (() => void)[]>;
  /** Requests made in the current hour, by token. */
  rates: Map<string, { used: number; reset: number }>;
  exchangeListeners: ((exchange: Exchange) => void)[];
  /** The programs of the actions that workflows here may use, by name: each its arguments. Null: no workflow is run. */
  actions: Readonly<Record<string, readonly string[]>> | null;
  webhookListeners: ((webhook: { event: string; payload: unknown }) => void)[];
};
