/** Files and directories by path. */
import { z } from "zod";
import { type Answer, created, notFound, ok, refused } from "./answer.ts";
import { readCommit, signatureOf } from "./commits.ts";
import { branchTip, resolveCommit } from "./git.ts";
import { siteSignature } from "./merging.ts";
import { type TreeChange, writeCommit, writeTree } from "./objects.ts";
import { presentGitCommit } from "./present/commits.ts";
import { objectUrl, type TreeItem } from "./present/objects.ts";
import { repositoryPage, repositoryUrl } from "./present/repositories.ts";
import { moveRef } from "./push.ts";
import {
  type AuthoredCall,
  authoredRoute,
  type RepositoryCall,
  type Route,
  repoRoute,
  withBody,
} from "./route.ts";
import { refusePush } from "./rules.ts";
import { now } from "./state.ts";
import { readBlob, readEntry, readTree } from "./trees.ts";

const CONTENTS = "/repos/:owner/:repo/contents";
const READ = { needs: "contents=read", role: "read" } as const;
const WRITE = { needs: "contents=write", role: "write" } as const;

/** GitHub gives no content in JSON for a file that is larger, only in the raw media type. */
const LARGEST_INLINE = 1024 * 1024;

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

export const contentRoutes: Route[] = [
  repoRoute(`GET ${CONTENTS}`, READ, getContent),
  repoRoute(`GET ${CONTENTS}/:path{.*}`, READ, getContent),
  authoredRoute(
    `PUT ${CONTENTS}/:path{.+}`,
    WRITE,
    withBody(put, (call: AuthoredCall, body) => commitFile(call, body, Buffer.from(body.content, "base64"))),
  ),
  authoredRoute(
    `DELETE ${CONTENTS}/:path{.+}`,
    WRITE,
    withBody(removal, (call: AuthoredCall, body) => commitFile(call, body, null)),
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
  if (entry?.type === "commit") return ok(describe(call, ref, entry, "submodule"));
  const items = (await readTree(repository.dir, entry?.sha ?? commit, false)) ?? [];
  const prefix = path === "" ? "" : `${path}/`;
  return ok(items.map((item) => describe(call, ref, { ...item, path: prefix + item.path }, kindOf(item))));
}

async function showFile(call: RepositoryCall, ref: string, entry: TreeItem): Promise<Answer> {
  const content = (await readBlob(call.repository.dir, entry.sha)) ?? Buffer.alloc(0);
  if (/raw/.test(call.headers.get("accept") ?? "")) {
    return { status: 200, body: content, type: "application/vnd.github.raw+json; charset=utf-8" };
  }
  const file = describe(call, ref, entry, "file");
  if (entry.mode === "120000") return ok({ ...file, type: "symlink", target: content.toString("utf8") });
  const large = content.length > LARGEST_INLINE;
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

function describe(call: RepositoryCall, ref: string, { path, sha, size, type }: TreeItem, kind: string) {
  const { state, repository } = call;
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  const url = `${repositoryUrl(state, repository)}/contents/${encoded}?ref=${encodeURIComponent(ref)}`;
  const page = `${repositoryPage(state, repository)}/${kind === "dir" ? "tree" : "blob"}/${ref}/${encoded}`;
  const object = objectUrl(state, repository, type, sha);
  return {
    name: path.split("/").at(-1) ?? "",
    path,
    sha,
    size: size ?? 0,
    url,
    html_url: page,
    git_url: object,
    download_url: kind === "file" ? `${repositoryPage(state, repository)}/raw/${ref}/${encoded}` : null,
    type: kind,
    _links: { self: url, git: object, html: page },
  };
}

/** One commit on a branch that writes or, with null, removes a file. */
async function commitFile(call: AuthoredCall, body: Change, content: Buffer | null): Promise<Answer> {
  const { state, repository, actor } = call;
  const { dir } = repository;
  const path = call.params.path ?? "";
  const branch = body.branch ?? repository.defaultBranch;
  const before = await branchTip(dir, branch);
  if (before === undefined && branch !== repository.defaultBranch)
    return refused(404, `Branch ${branch} not found`);
  if (/(^|\/)(\.{0,2}|\.git)(\/|$)/i.test(path))
    return refused(422, "path contains a malformed path component");
  const old = before === undefined ? undefined : await readEntry(dir, before, path);
  if (old === undefined && content === null) return notFound();
  if (old !== undefined && body.sha === undefined)
    return refused(422, `Invalid request.\n\n"sha" wasn't supplied.`);
  if (old !== undefined && body.sha !== old.sha) return refused(409, `${path} does not match ${body.sha}`);
  const why = await refusePush(state, repository, call.caller, {
    branch,
    before: before ?? null,
    after: before ?? "",
  });
  if (why !== undefined) return refused(409, `Repository rule violations found\n\n${why}`);
  const blob: TreeChange =
    content === null ? { path, mode: "100644", sha: null } : { path, mode: old?.mode ?? "100644", content };
  const date = now(state);
  const dated = (given: z.output<typeof person>) => ({ ...given, date: given.date ?? date });
  const author = body.author === undefined ? signatureOf(actor, date) : dated(body.author);
  const after = await writeCommit(dir, {
    tree: await writeTree(dir, before ?? null, [blob]),
    parents: before === undefined ? [] : [before],
    message: body.message,
    author,
    committer: body.committer === undefined ? siteSignature(date) : dated(body.committer),
  });
  const moved = await moveRef(call, { ref: `refs/heads/${branch}`, before: before ?? null, after });
  if (!moved) return refused(409, `${branch} was updated meanwhile`);
  const written = await readEntry(dir, after, path);
  const answer = {
    content: written === undefined ? null : describe(call, branch, written, "file"),
    commit: presentGitCommit(state, repository, await readCommit(dir, after)),
  };
  return old === undefined ? created(answer) : ok(answer);
}
