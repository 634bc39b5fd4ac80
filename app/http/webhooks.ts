import type { EmitterWebhookEvent } from "@octokit/webhooks";
import { groupSubject, type Subject } from "../../core/effects.ts";
import { checkName } from "../../core/health/required-check.ts";
import type { Queue, Search } from "../queue/queue.ts";
import type { Database } from "../store/database.ts";
import { storeDelivery } from "../store/deliveries.ts";

/** Where an event says to look: subjects it names outright, and searches for those it does not name. */
export type Named = { subjects: Subject[]; searches: Search[] };

/**
 * Names the subjects whose state may have changed; an event that is not about us names nothing. The signature covers the
 * body and nothing else, so event name and delivery id could be anybody's: what the body holds says where to look, and
 * what is found there decides.
 */
export function nameSubjects({ name, payload }: EmitterWebhookEvent): Named {
  const named: Named = { subjects: [], searches: [] };
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
  // Our own check brings nothing new, unless a person asks for it again.
  const isAskedAgain = "action" in payload && payload.action === "rerequested";
  if ("check_run" in payload && payload.check_run && (isAskedAgain || payload.check_run.name !== checkName))
    search(payload.check_run.head_sha);
  if ("check_suite" in payload && isAskedAgain) search(payload.check_suite.head_sha);
  if (name === "status" && "sha" in payload) search(payload.sha);
  if (name === "push" && "ref" in payload)
    named.searches.push(...afterPush(repository, payload.ref, payload.repository.default_branch));
  return named;
}

/** With the default branch the policy may have moved, and all that is open is judged anew; with another, what would enter it. */
function afterPush(repository: number, ref: string, defaultBranch: string): Search[] {
  const [, branch] = /^refs\/heads\/(.+)$/.exec(ref) ?? [];
  if (branch === undefined) return [];
  return [branch === defaultBranch ? { repository, sha: null } : { repository, sha: null, base: branch }];
}

/**
 * Takes in every webhook: stored and enqueued in one transaction, then answered. No work happens here, because the
 * sender waits ten seconds and what runs after the answer can be lost.
 */
export function createReceiver(tools: {
  db: Database;
  queue: Queue;
  botId: number;
  log(line: string): void;
}): (event: EmitterWebhookEvent) => Promise<void> {
  return async (event) => {
    const { id, name, payload } = event;
    try {
      const body = JSON.stringify(payload);
      // What we write ourselves is looked at when it is done; its echo brings nothing new.
      const isOurs = "sender" in payload && payload.sender?.id === tools.botId;
      const isEcho = isOurs && name !== "pull_request" && name !== "check_run";
      const named = isEcho ? { subjects: [], searches: [] } : nameSubjects(event);
      await tools.db.transaction().execute(async (trx) => {
        if (!(await storeDelivery(trx, { guid: id, event: name, body }))) return;
        for (const subject of named.subjects) await tools.queue.enqueue(trx, subject);
        for (const search of named.searches) await tools.queue.enqueueSearch(trx, search);
      });
    } catch (error) {
      tools.log(`delivery ${id} (${name}) was not stored: ${String(error)}`);
      // The caller gets no details: the message of an error can hold what it should not see.
      throw new Error(`delivery ${id} was not stored`);
    }
  };
}
