import type { Probot } from "probot";
import * as z from "zod";
import { groupSubject, type Subject } from "../core/effects.ts";
import { checkName } from "../core/required-check.ts";
import type { Database } from "./database.ts";
import type { Queue, Search } from "./queue.ts";
import { storeDelivery } from "./store/deliveries.ts";

/**
 * The slices of a webhook that we read. The signature covers the body and nothing else, so event name and delivery id
 * could be anybody's: they only say where to look, and what is found there decides.
 */
const Payload = z.object({
  action: z.string().optional(),
  repository: z.object({ id: z.int().positive() }).optional(),
  sender: z.object({ id: z.int(), type: z.string() }).optional(),
  issue: z.object({ number: z.int().positive(), pull_request: z.unknown().optional() }).optional(),
  pull_request: z.object({ number: z.int().positive() }).optional(),
  sub_issue: z.object({ number: z.int().positive() }).optional(),
  parent_issue: z.object({ number: z.int().positive() }).optional(),
  merge_group: z.object({ head_ref: z.string() }).optional(),
  check_run: z.object({ name: z.string(), head_sha: z.string() }).optional(),
  check_suite: z.object({ head_sha: z.string() }).optional(),
  sha: z.string().optional(),
  ref: z.string().optional(),
  after: z.string().optional(),
});
export type WebhookPayload = z.infer<typeof Payload>;

/** Where an event says to look: subjects it names outright, and searches for those it does not name. */
export type Named = { subjects: Subject[]; searches: Search[] };

/**
 * Names the subjects whose state may have changed. Unknown events and payloads name nothing: they are no fault, only
 * not about us.
 */
export function nameSubjects(event: string, payload: unknown, defaultBranchRef?: string): Named {
  const named: Named = { subjects: [], searches: [] };
  const parsed = Payload.safeParse(payload);
  if (!parsed.success || parsed.data.repository === undefined) return named;
  const {
    repository,
    issue,
    pull_request: pull,
    sub_issue: child,
    parent_issue: parent,
    merge_group: group,
    check_run: check,
    check_suite: suite,
    sha,
    action,
  } = parsed.data;
  const add = (kind: "issue" | "pull", number: number) =>
    named.subjects.push({ kind, repository: repository.id, number });
  if (pull !== undefined) add("pull", pull.number);
  if (issue !== undefined) add(issue.pull_request === undefined ? "issue" : "pull", issue.number);
  if (child !== undefined) add("issue", child.number);
  if (parent !== undefined) add("issue", parent.number);
  const queued = group === undefined ? null : groupSubject(repository.id, group.head_ref);
  if (queued !== null) named.subjects.push(queued);
  // Our own check brings nothing new, unless a person asks for it again.
  const isAskedAgain = action === "rerequested";
  if (check !== undefined && (isAskedAgain || check.name !== checkName))
    named.searches.push({ repository: repository.id, sha: check.head_sha });
  if (suite !== undefined && isAskedAgain)
    named.searches.push({ repository: repository.id, sha: suite.head_sha });
  if (event === "status" && sha !== undefined) named.searches.push({ repository: repository.id, sha });
  if (event === "push") named.searches.push(...afterPush(repository.id, parsed.data.ref, defaultBranchRef));
  return named;
}

/** With the default branch the policy may have moved, and all that is open is judged anew; with another, what would enter it. */
function afterPush(
  repository: number,
  ref: string | undefined,
  defaultBranchRef: string | undefined,
): Search[] {
  if (defaultBranchRef === undefined || ref === defaultBranchRef) return [{ repository, sha: null }];
  const [, base] = /^refs\/heads\/(.+)$/.exec(ref ?? "") ?? [];
  return base === undefined ? [] : [{ repository, sha: null, base }];
}

/** The ref of the default branch, as a push payload tells it. */
function defaultBranchRef(payload: unknown): string | undefined {
  const parsed = z.object({ repository: z.object({ default_branch: z.string() }) }).safeParse(payload);
  return parsed.success ? `refs/heads/${parsed.data.repository.default_branch}` : undefined;
}

/**
 * Takes in every webhook: stored and enqueued in one transaction, then answered. No work happens here, because the
 * sender waits ten seconds and what runs after the answer can be lost.
 */
export function receiveWebhooks(
  probot: Probot,
  tools: { db: Database; queue: Queue; botId: number; log(line: string): void },
): void {
  probot.onAny(async ({ id, name, payload }) => {
    try {
      const body = JSON.stringify(payload);
      const sender = Payload.shape.sender.safeParse("sender" in payload ? payload.sender : undefined);
      // What we write ourselves is looked at when it is done; its echo brings nothing new.
      const echo =
        sender.success && sender.data?.id === tools.botId && name !== "pull_request" && name !== "check_run";
      const named = echo
        ? { subjects: [], searches: [] }
        : nameSubjects(name, payload, defaultBranchRef(payload));
      await tools.db.transaction().execute(async (trx) => {
        if (!(await storeDelivery(trx, { guid: id, event: name, body }))) return;
        for (const subject of named.subjects) await tools.queue.look(trx, subject);
        for (const search of named.searches) await tools.queue.find(trx, search);
      });
    } catch (error) {
      tools.log(`delivery ${id} (${name}) was not stored: ${String(error)}`);
      // The caller gets no details: the message of an error can hold what it should not see.
      throw new Error(`delivery ${id} was not stored`);
    }
  });
}
