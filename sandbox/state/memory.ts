import type { Fault } from "./faults.ts";
import type { Account, App, Installation, InstallationToken, Organization, Repository, UserToken } from "./model.ts";
import type { Delivery, Exchange } from "./traffic.ts";

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
  tokens: (UserToken | InstallationToken)[];
  /** How people sign in, by an App's client id. */
  signIns: Map<string, { app: App; secret: string; callback: string }>;
  /** What people granted by signing in, until it is exchanged for a token, by its code. */
  codes: Map<string, { app: App; user: Account; challenge: string | null; until: number }>;
  repositories: Repository[];
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
  webhookListeners: ((webhook: { event: string; payload: unknown }) => void)[];
};
