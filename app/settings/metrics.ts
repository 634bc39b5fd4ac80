import { Counter, Gauge, Histogram, Registry } from "prom-client";

/**
 * What a process counts of its own work, in Prometheus's form; labels name kinds of work and never a repository or a
 * person. Counted here and not handed round: a process has one set, as it has one memory.
 */
export const registry = new Registry();
const registers = [registry];
const seconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800];

export const deliveries = new Counter({
  name: "sallyport_deliveries_total",
  help: "Deliveries of GitHub's, by event and by what became of them: stored, repeated, failed or refused.",
  labelNames: ["event", "outcome"],
  registers,
});

export const jobSeconds = new Histogram({
  name: "sallyport_job_seconds",
  help: "How long a job of a queue ran, and whether it ended well, waits for another try or was given up.",
  labelNames: ["queue", "outcome"],
  buckets: seconds,
  registers,
});

export const jobWaitSeconds = new Histogram({
  name: "sallyport_job_wait_seconds",
  help: "How long a job of a queue waited for a worker.",
  labelNames: ["queue"],
  buckets: seconds,
  registers,
});

export const effectLagSeconds = new Histogram({
  name: "sallyport_effect_lag_seconds",
  help: "From when an effect was due to when it was performed; ensure-check is the verdict.",
  labelNames: ["type"],
  buckets: seconds,
  registers,
});

export const githubRequests = new Counter({
  name: "sallyport_github_requests_total",
  help: "Answers of GitHub's API, by route and status; status 0 is no answer.",
  labelNames: ["method", "route", "status"],
  registers,
});

export const githubRemaining = new Gauge({
  name: "sallyport_github_quota_remaining",
  help: "Requests that GitHub still allows in its present hour, by client (an installation, or the App itself) and kind of quota.",
  labelNames: ["client", "resource"],
  registers,
});

export const modelCalls = new Counter({
  name: "sallyport_model_calls_total",
  help: "Calls of models, by how they ended; stored: answered from the store, unpaid.",
  labelNames: ["model", "outcome"],
  registers,
});

export const modelTokens = new Counter({
  name: "sallyport_model_tokens_total",
  help: "Tokens that models reported, read and written.",
  labelNames: ["model", "direction"],
  registers,
});

export const modelSpent = new Counter({
  name: "sallyport_model_spent_total",
  help: "What models cost by the prices of the policies, in whole units of the currency.",
  labelNames: ["currency"],
  registers,
});

const queueJobs = new Gauge({
  name: "sallyport_queue_jobs",
  help: "Jobs that wait or run, of all processes that share the database.",
  labelNames: ["queue", "state"],
  registers,
});

const queueOldest = new Gauge({
  name: "sallyport_queue_oldest_seconds",
  help: "How long the oldest due job of a queue has waited.",
  labelNames: ["queue"],
  registers,
});

const outboxEffects = new Gauge({
  name: "sallyport_outbox_effects",
  help: "Effects that are still to do, and those that were given up.",
  labelNames: ["state"],
  registers,
});

const outboxOldest = new Gauge({
  name: "sallyport_outbox_oldest_seconds",
  help: "How long the oldest due effect has waited.",
  registers,
});

const unpublishedEntries = new Gauge({
  name: "sallyport_ledger_unpublished_entries",
  help: "Entries that are recorded and not on a ledger branch yet.",
  registers,
});

/** What waits in the store, for all processes that share it; ages in seconds. */
export type Backlog = {
  queues: { queue: string; waiting: number; active: number; oldest: number }[];
  outbox: { open: number; failed: number; oldest: number };
  unpublished: number;
};

/** All metrics in Prometheus's text form, with what waits in the store now. */
export async function metricsText({ queues, outbox, unpublished }: Backlog): Promise<string> {
  // A queue in which nothing waits is not among them, and must not keep its last figures.
  queueJobs.reset();
  queueOldest.reset();
  for (const { queue, waiting, active, oldest } of queues) {
    queueJobs.set({ queue, state: "waiting" }, waiting);
    queueJobs.set({ queue, state: "active" }, active);
    queueOldest.set({ queue }, oldest);
  }
  outboxEffects.set({ state: "open" }, outbox.open);
  outboxEffects.set({ state: "failed" }, outbox.failed);
  outboxOldest.set(outbox.oldest);
  unpublishedEntries.set(unpublished);
  return registry.metrics();
}
