/** Writes or deletes a file by its path: one commit on a branch each. */
import { z } from "zod";
import { moveRef } from "../changes/push.ts";
import { readCommit, signatureOf } from "../git/commits.ts";
import { branchTip } from "../git/git.ts";
import { siteSignature } from "../git/merging.ts";
import { type TreeChange, writeCommit, writeTree } from "../git/objects.ts";
import type { TreeItem } from "../git/trees.ts";
import { readEntry } from "../git/trees.ts";
import { presentGitCommit } from "../present/commits.ts";
import { writeContents } from "../request/access.ts";
import { type Answer, created, forbidden, notFound, ok, refused } from "../request/answer.ts";
import { type AuthoredCall, authoredRoute, withBody } from "../request/route.ts";
import { refusePush, refuseWorkflows } from "../request/rules.ts";
import { now } from "../state/state.ts";
import { presentEntry } from "./contents.ts";

const FILE = "/repos/:owner/:repo/contents/:path{.+}";

const person = z.object({ name: z.string(), email: z.string(), date: z.string().optional() });
const change = z.object({
  message: z.string(),
  branch: z.string().optional(),
  sha: z.string().optional(),
  author: person.optional(),
  committer: person.optional(),
});
const put = change.extend({ content: z.base64() });
const removal = change.extend({ sha: z.string() });

type Change = z.output<typeof change>;

export const contentWriteRoutes = [
  authoredRoute(
    `PUT ${FILE}`,
    writeContents,
    withBody(put, (call: AuthoredCall, body) => changeFile(call, body, Buffer.from(body.content, "base64"))),
  ),
  authoredRoute(
    `DELETE ${FILE}`,
    writeContents,
    withBody(removal, (call: AuthoredCall, body) => changeFile(call, body, null)),
  ),
];

/** Null deletes the file. The request must name the old blob. */
async function changeFile(call: AuthoredCall, body: Change, content: Buffer | null): Promise<Answer> {
  const { repository } = call;
  const { dir } = repository;
  const path = call.params.path ?? "";
  const branch = body.branch ?? repository.defaultBranch;
  const before = (await branchTip(dir, branch)) ?? null;
  if (before === null && branch !== repository.defaultBranch) {
    return refused(404, `Branch ${branch} not found`);
  }
  if (/(^|\/)(\.{0,2}|\.git)(\/|$)/i.test(path)) {
    return refused(422, "path contains a malformed path component");
  }
  const old = before === null ? undefined : await readEntry(dir, before, path);
  if (old === undefined && content === null) return notFound();
  if (old !== undefined && body.sha === undefined) {
    return refused(422, `Invalid request.\n\n"sha" wasn't supplied.`);
  }
  if (old !== undefined && body.sha !== old.sha) return refused(409, `${path} does not match ${body.sha}`);
  const after = await commitFile(call, body, before, treeChange(path, old, content));
  const why = await refusePush(repository, call.caller, { branch, before, after });
  if (why !== undefined) return refused(409, `Repository rule violations found\n\n${why}`);
  const workflow = await refuseWorkflows(repository, call.caller, before, after);
  if (workflow !== undefined) return forbidden(workflow);
  if (!(await moveRef(call, { ref: `refs/heads/${branch}`, before, after }))) {
    return refused(409, `${branch} was updated meanwhile`);
  }
  const written = await readEntry(dir, after, path);
  const answer = {
    content: written === undefined ? null : presentEntry(call, branch, written, "file"),
    commit: presentGitCommit(repository, await readCommit(dir, after)),
  };
  return old === undefined ? created(answer) : ok(answer);
}

function treeChange(path: string, old: TreeItem | undefined, content: Buffer | null): TreeChange {
  return content === null ? { path, mode: "100644", sha: null } : { path, mode: old?.mode ?? "100644", content };
}

/** Writes the commit; no ref points to it yet. */
async function commitFile(call: AuthoredCall, body: Change, before: string | null, blob: TreeChange): Promise<string> {
  const { dir } = call.repository;
  const date = now(call.state);
  const dated = (given: z.output<typeof person>) => ({ ...given, date: given.date ?? date });
  return writeCommit(dir, {
    tree: await writeTree(dir, before, [blob]),
    parents: before === null ? [] : [before],
    message: body.message,
    author: body.author === undefined ? signatureOf(call.actor, date) : dated(body.author),
    committer: body.committer === undefined ? siteSignature(date) : dated(body.committer),
  });
}
