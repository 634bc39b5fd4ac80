/** Merges a pull request, and updates its branch from the base. */
import { z } from "zod";
import { markMerged } from "../changes/pull-changes.ts";
import { moveRef } from "../changes/push.ts";
import { branchTip, isAncestor } from "../git/git.ts";
import { mergeMessage } from "../git/merge-message.ts";
import { merge } from "../git/merging.ts";
import { pullUrl } from "../present/pulls.ts";
import { refuseRepository, writeContents } from "../request/access.ts";
import { type Answer, accepted, forbidden, noContent, notFound, ok, refused } from "../request/answer.ts";
import { type AuthoredPullCall, authoredPullRoute, pullRoute } from "../request/issue-route.ts";
import { withBody } from "../request/route.ts";
import { isExempt, protectionOf, refusePush, refuseWorkflows, unmetRules } from "../request/rules.ts";
import { isFromFork, now } from "../state/state.ts";

const order = z.object({
  commit_title: z.string().optional(),
  commit_message: z.string().optional(),
  sha: z.string().optional(),
  merge_method: z.enum(["merge", "squash", "rebase"]).default("merge"),
});

type Order = z.output<typeof order>;

const update = z.object({ expected_head_sha: z.string().optional() });

export const mergeRoutes = [
  pullRoute("/merge", ({ pull }) => (pull.mergedAt === null ? notFound() : noContent())),
  authoredPullRoute("PUT", "/merge", { needs: "contents=write", role: "write" }, withBody(order, mergePull)),
  authoredPullRoute(
    "PUT",
    "/update-branch",
    { needs: "pull_requests=write", role: "write" },
    withBody(update, updateBranch),
  ),
];

async function mergePull(call: AuthoredPullCall, body: Order): Promise<Answer> {
  const { state, repository, pull, actor } = call;
  const { dir } = repository;
  if (pull.issue.state === "closed") return refused(405, "Pull Request is not mergeable");
  if (body.sha !== undefined && body.sha !== pull.head.sha) {
    return refused(409, "Head branch was modified. Review and try the merge again.");
  }
  if (pull.draft) return refused(405, "Pull Request is still a draft");
  const base = await branchTip(dir, pull.base.ref);
  if (base === undefined) return refused(405, "Pull Request is not mergeable");
  const unmet = await unmetFor(call, base);
  if (unmet !== undefined) return refused(405, unmet);
  const head = pull.head.sha;
  const after = await merge(dir, {
    method: body.merge_method,
    base,
    head,
    actor,
    author: pull.issue.user,
    message: await mergeMessage(pull, base, body),
    date: now(state),
  });
  if (after === undefined) return refused(405, "Pull Request is not mergeable");
  const workflow = await refuseWorkflows(repository, call.caller, base, after);
  if (workflow !== undefined) return forbidden(workflow);
  // The rules may have become unmet while git worked.
  const late = pull.head.sha === head ? await unmetFor(call, base) : undefined;
  if (late !== undefined) return refused(405, late);
  if (pull.head.sha !== head) {
    return refused(409, "Head branch was modified. Review and try the merge again.");
  }
  const moved = await moveRef(call, { ref: `refs/heads/${pull.base.ref}`, before: base, after }, [pull]);
  if (!moved) return refused(405, "Base branch was modified. Review and try the merge again.");
  await markMerged(call, pull, after);
  return ok({ sha: after, merged: true, message: "Pull Request successfully merged" });
}

/** The first unmet rule of branch protection, unless the caller is exempt. */
async function unmetFor(call: AuthoredPullCall, base: string): Promise<string | undefined> {
  const { repository, pull, actor } = call;
  const rule = protectionOf(repository, pull.base.ref);
  if (rule === undefined || isExempt(repository, rule, actor)) return undefined;
  if (rule.strict && !(await isAncestor(repository.dir, base, pull.head.sha))) {
    return "Head branch is out of date. Review and try the merge again.";
  }
  const [unmet] = unmetRules(pull);
  return unmet ?? (rule.mergeQueue === null ? undefined : "Changes must be made through the merge queue");
}

/** Merges the base into the head branch. */
async function updateBranch(call: AuthoredPullCall, body: z.output<typeof update>): Promise<Answer> {
  const { state, repository, pull, actor } = call;
  const { dir } = repository;
  const head = pull.head.sha;
  const source = pull.head.repository;
  if (body.expected_head_sha !== undefined && body.expected_head_sha !== head) {
    return refused(422, "expected head sha didn’t match current head ref.");
  }
  const base = await branchTip(dir, pull.base.ref);
  if (base === undefined || pull.issue.state === "closed") return refused(422, "Pull Request is not mergeable");
  if (await isAncestor(dir, base, head)) return refused(422, "There are no new commits on the base branch.");
  const change = { branch: pull.head.ref, before: head, after: head };
  const mayWrite = refuseRepository(call.caller, source, writeContents) === undefined;
  if (isFromFork(pull) && !pull.maintainerCanModify && !mayWrite) return forbidden();
  const why = await refusePush(source, call.caller, change);
  if (why !== undefined) return refused(422, why);
  const after = await merge(dir, {
    method: "merge",
    base: head,
    head: base,
    actor,
    author: actor,
    message: `Merge branch '${pull.base.ref}' into ${pull.head.ref}`,
    date: now(state),
  });
  if (after === undefined) return refused(422, "merge conflict between base and head");
  const moved = await moveRef(
    { ...call, repository: source },
    { ref: `refs/heads/${pull.head.ref}`, before: head, after },
  );
  if (!moved) return refused(422, "expected head sha didn’t match current head ref.");
  return accepted({ message: "Updating pull request branch.", url: pullUrl(pull) });
}
