import { setTimeout as sleep } from "node:timers/promises";
import { type EmitterWebhookEvent, emitterEventNames } from "@octokit/webhooks";
import { messageOf } from "../../core/errors.ts";
import { checkName } from "../../core/health/required-check.ts";
import { groupSubject, repositorySubject, subjectKey } from "../../core/subject.ts";
import type { Named, Queue, Search } from "../queue/queue.ts";
import { causedBy, type Log } from "../settings/log.ts";
import { deliveries } from "../settings/metrics.ts";
import { traced } from "../settings/tracing.ts";
import { type Database, transact } from "../store/database.ts";
import { type Delivery, storeDeliveries, takeNamed, tryStoring } from "../store/deliveries.ts";
import { wakeDispatch } from "../store/dispatches.ts";
import { batched } from "./batch.ts";

/**
 * Names the subjects whose state may have changed; an unrelated event names none. The signature covers only the body,
 * so anybody may have set the event name and delivery id: the body says where to look, and GitHub's present state
 * decides.
 */
export function nameSubjects({ name, payload }: EmitterWebhookEvent): Named {
  const named: Named = { subjects: [], searches: [] };
  for (const { id } of installedOrNot(payload)) named.subjects.push(repositorySubject(id));
  if (!("repository" in payload) || !payload.repository) return named;
  const repository = payload.repository.id;
  const add = (kind: "issue" | "pull", number: number) => named.subjects.push({ kind, repository, number });
  const search = (sha: string) => named.searches.push({ repository, sha });
  if ("pull_request" in payload) add("pull", payload.pull_request.number);
  if ("issue" in payload) add("pull_request" in payload.issue ? "pull" : "issue", payload.issue.number);
  if ("sub_issue" in payload) add("issue", payload.sub_issue.number);
  if ("parent_issue" in payload) add("issue", payload.parent_issue.number);
  const queued = "merge_group" in payload ? groupSubject(repository, payload.merge_group.head_ref) : null;
  if (queued !== null) named.subjects.push(queued);
  // Our own check is no news, unless a person asks for a re-run.
  const isAskedAgain = "action" in payload && payload.action === "rerequested";
  if ("check_run" in payload && payload.check_run && (isAskedAgain || payload.check_run.name !== checkName))
    search(payload.check_run.head_sha);
  if ("check_suite" in payload && isAskedAgain) search(payload.check_suite.head_sha);
  if (name === "status" && "sha" in payload) search(payload.sha);
  if (name === "push" && "ref" in payload)
    named.searches.push(...afterPush(repository, payload.ref, payload.repository.default_branch));
  return named;
}

/** The repositories that the App is newly installed on, or no longer. */
function installedOrNot(payload: EmitterWebhookEvent["payload"]): { id: number }[] {
  if (!("action" in payload)) return [];
  const { action } = payload;
  if ((action === "created" || action === "deleted") && "repositories" in payload) return payload.repositories ?? [];
  if (action === "removed" && "repositories_removed" in payload)
    return payload.repositories_removed.flatMap(({ id }) => (id === undefined ? [] : { id }));
  return action === "added" && "repositories_added" in payload ? payload.repositories_added : [];
}

/**
 * A push to the default branch may change the policy, so everything open is judged again; a push to another branch
 * concerns the pull requests into it.
 */
function afterPush(repository: number, ref: string, defaultBranch: string): Search[] {
  // No branch's name has a control character or half of a pair of code units, and no job with one could be stored.
  const [, branch] = /^refs\/heads\/([^\p{Cc}\p{Cs}]+)$/u.exec(ref) ?? [];
  if (branch === undefined) return [];
  return [branch === defaultBranch ? { repository, sha: null } : { repository, sha: null, base: branch }];
}

/** What is kept of a delivery while it waits for the store: its payload is large, and hundreds may wait. */
type Taken = { id: string; name: string; named: Named; run: { repository: number; id: number } | null };

function takenFrom(event: EmitterWebhookEvent, botId: number): Taken {
  const { id, name, payload } = event;
  // Our own writes are reconciled when their effects finish; their webhooks are no news.
  const isOurs = "sender" in payload && payload.sender?.id === botId;
  const isEcho = isOurs && name !== "pull_request" && name !== "check_run";
  const named = isEcho ? { subjects: [], searches: [] } : nameSubjects(event);
  // Only where to look: what became of the run is read from GitHub.
  const hasEnded =
    name === "workflow_run" && payload.action === "completed" && payload.repository && payload.workflow_run;
  const run = hasEnded ? { repository: payload.repository.id, id: payload.workflow_run.id } : null;
  return { id, name, named: { ...named, cause: id }, run };
}

/** How long what deliveries name is gathered while more of them come, in milliseconds: many name the same. */
const gatheringMs = 250;

/** How long the next try waits when what deliveries name could not be passed on, in milliseconds. */
const retryMs = 1_000;

/** Takes in webhooks, and passes on what they name. */
export type WebhookReceiver = {
  receive(event: EmitterWebhookEvent): Promise<void>;
  /** Passes on what stored deliveries name, whoever stored them: a process may have ended in between. */
  passOn(): void;
  /** Fails while deliveries cannot be stored. */
  ready(): Promise<void>;
};

/** The most characters of a delivery's id; GitHub's have 36. */
const mostId = 200;

/** The events that GitHub publishes. */
const published: ReadonlySet<string> = new Set(emitterEventNames);

/** What the metrics call an event. */
const labelOf = (name: string) => (published.has(name) ? name : "other");

/** How long after a delivery that was not stored the service is not ready, unless one is stored, in milliseconds. */
const distrustMs = 30_000;

/**
 * Takes in every webhook: one row is stored with what it names, then it is answered. Nothing else happens before,
 * because the sender waits ten seconds, and what comes while a statement is under way shares the next one. What the rows
 * name is enqueued after that, for many at a time; it waits in the store and is never lost.
 */
export function createReceiver(tools: {
  db: Database;
  queue: Pick<Queue, "enqueueNamed" | "enqueueEffects">;
  botId: number;
  log: Log;
  /** Aborted when the service stops. */
  signal: AbortSignal;
}): WebhookReceiver {
  const { db, queue, log, signal } = tools;
  const store = batched(async (all: readonly Delivery[]) => {
    const fresh = await storeDeliveries(db, all);
    // The same one may have come twice at one moment: it is new once.
    return ({ guid }: Delivery) => fresh.delete(guid);
  });
  const passSome = () =>
    transact(db, async (trx) => {
      const { lists, isAll } = await takeNamed(trx);
      // Only the receiver writes it.
      const all = lists.flatMap((list): Named[] => JSON.parse(list));
      if (all.length > 0) await queue.enqueueNamed(trx, all);
      return isAll;
    });
  // By a clock that nobody sets.
  let distrustedUntil = 0;
  let isPassing = false;
  let isMore = false;
  const pass = async () => {
    isPassing = true;
    while (isMore && !signal.aborted) {
      isMore = false;
      try {
        if (!(await passSome())) isMore = true;
        if (!signal.aborted) await sleep(gatheringMs, undefined, { ref: false });
      } catch (error) {
        if (signal.aborted) break;
        log.warn({}, `what deliveries name is passed on later: ${messageOf(error)}`);
        isMore = true;
        await sleep(retryMs, undefined, { ref: false });
      }
    }
    isPassing = false;
  };
  const passOn = () => {
    isMore = true;
    if (!isPassing) void pass();
  };
  const take = async ({ id, name, named, run }: Taken) => {
    let outcome = "failed";
    const isNaming = named.subjects.length + named.searches.length > 0;
    // Nobody signed the two, so they fill neither the log nor the metrics, and what they are says nothing of the store.
    if (id.length > mostId) throw new Error(`a delivery's id has at most ${mostId} characters`);
    const event = labelOf(name);
    try {
      const isFresh = await store({ guid: id, event: name, named: isNaming ? JSON.stringify(named) : null });
      distrustedUntil = 0;
      outcome = isFresh ? "stored" : "repeated";
      // One that came again may have been stored by a process that never heard so, or ended then.
      if (isNaming) passOn();
      if (!isFresh) log.debug({ event: name }, "a delivery came again");
      else log.info({ event: name, subjects: named.subjects.map(subjectKey), searches: named.searches }, "a delivery");
    } catch (error) {
      distrustedUntil = performance.now() + distrustMs;
      log.error({ event: name }, `delivery ${id} (${name}) was not stored: ${String(error)}`);
      // The caller gets no details: an error's message can hold secrets.
      throw new Error(`delivery ${id} was not stored`);
    } finally {
      deliveries.inc({ event, outcome });
    }
    if (run !== null)
      await wakeDispatch(db, queue, run.repository, run.id).catch((error: unknown) =>
        log.warn({}, `the end of a run on Actions is seen later: ${messageOf(error)}`),
      );
  };
  const read = (event: EmitterWebhookEvent): Taken => {
    try {
      return takenFrom(event, tools.botId);
    } catch (error) {
      deliveries.inc({ event: labelOf(event.name), outcome: "failed" });
      log.error({ event: event.name }, `delivery ${event.id} (${event.name}) cannot be read: ${messageOf(error)}`);
      throw new Error(`delivery ${event.id} was not stored`);
    }
  };
  const receive = async (event: EmitterWebhookEvent) => {
    const taken = read(event);
    const details = { "github.event": taken.name, "github.delivery": taken.id };
    return causedBy(taken.id, () => traced(`delivery ${taken.name}`, details, () => take(taken), true));
  };
  const ready = async () => {
    // On a full disk a short row may find room where a longer one does not.
    if (performance.now() < distrustedUntil) throw new Error("the last delivery was not stored");
    await tryStoring(db);
  };
  return { receive, passOn, ready };
}
