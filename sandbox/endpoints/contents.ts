/** Files and directories by path. */

import { resolveCommit } from "../git/git.ts";
import { readBlob, readEntry, readTree, type TreeItem } from "../git/trees.ts";
import { objectUrl } from "../present/objects.ts";
import { repositoryPage, repositoryUrl } from "../present/repositories.ts";
import { readContents } from "../request/access.ts";
import { type Answer, notFound, ok, refused } from "../request/answer.ts";
import { type RepositoryCall, repoRoute } from "../request/route.ts";

const CONTENTS = "/repos/:owner/:repo/contents";

/** For larger files GitHub gives no content in JSON, only in the raw media type. */
const MAX_INLINE_BYTES = 1024 * 1024;

export const contentRoutes = [
  repoRoute(`GET ${CONTENTS}`, readContents, getContent),
  repoRoute(`GET ${CONTENTS}/:path{.*}`, readContents, getContent),
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
export function presentEntry(call: RepositoryCall, ref: string, { path, sha, size, type }: TreeItem, kind: string) {
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
