/** Files and directories by path: read, and written or deleted, one commit on a branch each. */
import { z } from "zod";
import { moveRef } from "../changes/push.ts";
import { readCommit, signatureOf } from "../git/commits.ts";
import { branchTip, resolveCommit } from "../git/git.ts";
import { siteSignature } from "../git/merging.ts";
import { type TreeChange, writeCommit, writeTree } from "../git/objects.ts";
import { readBlob, readEntry, readTree, type TreeItem } from "../git/trees.ts";
import { objectUrl, presentGitCommit } from "../present/commits.ts";
import { repositoryPage, repositoryUrl } from "../present/repositories.ts";
import { readContents, writeContents } from "../request/access.ts";
import { type Answer, created, forbidden, notFound, ok, refused } from "../request/answer.ts";
import { type AuthoredCall, authoredRoute, type RepositoryCall, repoRoute, withBody } from "../request/route.ts";
import { refusePush, refuseWorkflows } from "../request/rules.ts";
import { now } from "../state/state.ts";

const CONTENTS = "/repos/:owner/:repo/contents";
const FILE = `${CONTENTS}/:path{.+}` as const;

/** For larger files GitHub gives no content in JSON, only in the raw media type. */
const MAX_INLINE_BYTES = 1024 * 1024;

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

export const contentRoutes = [
  repoRoute(`GET ${CONTENTS}`, readContents, getContent),
  repoRoute(`GET ${CONTENTS}/:path{.*}`, readContents, getContent),
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

async function getContent(call: RepositoryCall): Promise<Answer> {
  const { repository } = call;
  const ref = call.query.get("ref") ?? repository.defaultBranch;
  const commit = await resolveCommit(repository.dir, ref.replace(/^refs\/heads\//, ""));
  if (commit === undefined)
    return call.query.has("ref") ? refused(404, `No commit found for the ref ${ref}`) : notFound();
  const path = (call.params.path ?? "").replace(/\/$/, "");
  const entry = path === "" ? undefined : await readEntry(repository.dir, commit, path);
  if (path !== "" && entry === undefined) return notFound();
  if (entry !== undefined && entry.type === "blob") return showFile(call, ref, entry);
  if (entry?.type === "commit") return ok(presentEntry(call, ref, entry, "submodule"));
  const items = (await readTree(repository.dir, entry?.sha ?? commit, false)) ?? [];
  const prefix = path === "" ? "" : `${path}/`;
  return ok(items.map((item) => presentEntry(call, ref, { ...item, path: prefix + item.path }, kindOf(item))));
}

async function showFile(call: RepositoryCall, ref: string, entry: TreeItem): Promise<Answer> {
  const content = (await readBlob(call.repository.dir, entry.sha)) ?? Buffer.alloc(0);
  if (/raw/.test(call.headers.get("accept") ?? "")) {
    return { status: 200, body: content, type: "application/vnd.github.raw+json; charset=utf-8" };
  }
  const file = presentEntry(call, ref, entry, "file");
  if (entry.mode === "120000") return ok({ ...file, type: "symlink", target: content.toString("utf8") });
  const large = content.length > MAX_INLINE_BYTES;
  return ok({
    ...file,
    content: large ? "" : content.toString("base64").replace(/.{60}/g, "$&\n"),
    encoding: large ? "none" : "base64",
  });
}

function kindOf({ type, mode }: TreeItem): string {
  if (type === "tree") return "dir";
  if (type === "commit") return "submodule";
  return mode === "120000" ? "symlink" : "file";
}

/** How GitHub shows one entry of a directory, and a file in short. */
function presentEntry(call: RepositoryCall, ref: string, { path, sha, size, type }: TreeItem, kind: string) {
  const { repository } = call;
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  const url = `${repositoryUrl(repository)}/contents/${encoded}?ref=${encodeURIComponent(ref)}`;
  const page = `${repositoryPage(repository)}/${kind === "dir" ? "tree" : "blob"}/${ref}/${encoded}`;
  const object = objectUrl(repository, type, sha);
  return {
    name: path.split("/").at(-1) ?? "",
    path,
    sha,
    size: size ?? 0,
    url,
    html_url: page,
    git_url: object,
    download_url: kind === "file" ? `${repositoryPage(repository)}/raw/${ref}/${encoded}` : null,
    type: kind,
    _links: { self: url, git: object, html: page },
  };
}

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
