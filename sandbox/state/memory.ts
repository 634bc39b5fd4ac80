import type { Fault } from "./faults.ts";
import type {
  Account,
  App,
  Installation,
  InstallationToken,
  Organization,
  Repository,
  UserToken,
} from "./model.ts";
import type { Delivery, Exchange } from "./traffic.ts";

/** All that the sandbox remembers, and what is under way in it. */
export type State = {
  /** `http://host:port`, without a slash at the end; known once the server listens. */
  url: string;
  /** Where repositories and generated keys lie. */
  dir: string;
  /** Milliseconds since 1970. */
  clock: () => number;
  lastId: number;
  accounts: Account[];
  organizations: Organization[];
  apps: App[];
  installations: Installation[];
  tokens: (UserToken | InstallationToken)[];
  repositories: Repository[];
  deliveries: Delivery[];
  faults: Fault[];
  /** What is under way by itself: deliveries, simulated checks. */
  work: Set<Promise<unknown>>;
  /** The end of each queue of tasks that must not overtake each other. */
  queues: Map<string, Promise<unknown>>;
  /** Webhooks that a fault holds back until the next one to the same target has gone out. */
  held: Map<string, (() => void)[]>;
  /** Requests made in the present hour, by token. */
  rates: Map<string, { used: number; reset: number }>;
  exchangeListeners: ((exchange: Exchange) => void)[];
  webhookListeners: ((webhook: { event: string; payload: unknown }) => void)[];
};
