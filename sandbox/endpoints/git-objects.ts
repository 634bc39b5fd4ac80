/** The git database's objects: commits, trees, blobs and tags. Ids are git's own. */
import { z } from "zod";
import { readCommit, signatureOf } from "../git/commits.ts";
import { gitText, objectId, objectType, resolveCommit } from "../git/git.ts";
import { siteSignature } from "../git/merging.ts";
import { type Signature, type TreeChange, writeBlob, writeCommit, writeTree } from "../git/objects.ts";
import { readBlob, readTree, type TreeItem } from "../git/trees.ts";
import { objectNodeId, objectUrl, presentGitCommit, presentTreeItem } from "../present/commits.ts";
import { readContents, writeContents } from "../request/access.ts";
import { type Answer, created, notFound, ok, refused } from "../request/answer.ts";
import { type AuthoredCall, authoredRoute, type RepositoryCall, repoRoute, withBody } from "../request/route.ts";
import { now } from "../state/state.ts";

const GIT = "/repos/:owner/:repo/git";

/** A longer listing of a tree is truncated and says so. */
const MAX_ENTRIES = 100_000;

/** An object's full id in a request. */
export const objectName = z.string().regex(/^[0-9a-f]{40}$/, "is no object id");
const signature = z.object({
  name: z.string().min(1),
  email: z.string().min(1),
  date: z.iso.datetime({ offset: true }).optional(),
});
const newCommit = z.object({
  message: z.string(),
  tree: objectName,
  parents: z.array(objectName).default([]),
  author: signature.optional(),
  committer: signature.optional(),
});
const newTree = z.object({
  base_tree: z.string().optional(),
  tree: z.array(
    z.object({
      path: z.string().min(1),
      mode: z.enum(["100644", "100755", "040000", "160000", "120000"]).default("100644"),
      type: z.enum(["blob", "tree", "commit"]).optional(),
      sha: objectName.nullable().optional(),
      content: z.string().optional(),
    }),
  ),
});
const newBlob = z.object({ content: z.string(), encoding: z.enum(["utf-8", "base64"]).default("utf-8") });

export const gitObjectRoutes = [
  repoRoute(`GET ${GIT}/commits/:sha`, readContents, async (call) => {
    const sha = call.params.sha ?? "";
    if ((await objectType(call.repository.dir, sha)) !== "commit") return notFound();
    return ok(presentGitCommit(call.repository, await readCommit(call.repository.dir, sha)));
  }),
  authoredRoute(`POST ${GIT}/commits`, writeContents, withBody(newCommit, createCommit)),
  repoRoute(`GET ${GIT}/trees/:tree{.+}`, readContents, getTree),
  authoredRoute(`POST ${GIT}/trees`, writeContents, withBody(newTree, createTree)),
  repoRoute(`GET ${GIT}/blobs/:sha`, readContents, getBlob),
  authoredRoute(`POST ${GIT}/blobs`, writeContents, withBody(newBlob, createBlob)),
  repoRoute(`GET ${GIT}/tags/:sha`, readContents, getTag),
];

async function createCommit(call: AuthoredCall, body: z.output<typeof newCommit>): Promise<Answer> {
  const { state, repository, actor } = call;
  const { dir } = repository;
  if ((await objectType(dir, body.tree)) !== "tree") return refused(422, "Tree SHA does not exist");
  for (const parent of body.parents) {
    if ((await objectType(dir, parent)) !== "commit") {
      return refused(422, "Parent SHA does not exist or is not a commit object");
    }
  }
  const date = now(state);
  const dated = (given: z.output<typeof signature>): Signature => ({ ...given, date: given.date ?? date });
  const author = body.author === undefined ? signatureOf(actor, date) : dated(body.author);
  const site = body.author === undefined ? siteSignature(date) : author;
  const committer = body.committer === undefined ? site : dated(body.committer);
  const { message, tree, parents } = body;
  const sha = await writeCommit(dir, { tree, parents, message, author, committer });
  return created(presentGitCommit(repository, await readCommit(dir, sha)));
}

async function getTree(call: RepositoryCall): Promise<Answer> {
  const { dir } = call.repository;
  const name = call.params.tree ?? "";
  const commit = await resolveCommit(dir, name);
  const tree = await objectId(dir, `${commit ?? (/^[0-9a-f]+$/.test(name) ? name : "")}^{tree}`);
  if (tree === undefined) return notFound();
  return ok(await showTree(call, tree, call.query.has("recursive")));
}

async function showTree(call: RepositoryCall, sha: string, recursive: boolean) {
  const { repository } = call;
  const items: TreeItem[] = (await readTree(repository.dir, sha, recursive)) ?? [];
  return {
    sha,
    url: objectUrl(repository, "tree", sha),
    tree: items.slice(0, MAX_ENTRIES).map((item) => presentTreeItem(repository, item)),
    truncated: items.length > MAX_ENTRIES,
  };
}

async function createTree(call: AuthoredCall, body: z.output<typeof newTree>): Promise<Answer> {
  const { dir } = call.repository;
  const base = body.base_tree === undefined ? null : await objectId(dir, `${body.base_tree}^{tree}`);
  if (base === undefined) return refused(422, "base_tree is not a valid tree oid");
  const changes: TreeChange[] = [];
  for (const { path, mode, sha, content } of body.tree) {
    if (/(^|\/)(\.{0,2}|\.git)(\/|$)/i.test(path)) return refused(422, "tree.path contains a malformed path component");
    if (content !== undefined) changes.push({ path, mode, content });
    else if (sha === undefined) return refused(422, "Must supply either tree.sha or tree.content");
    else if (sha !== null && mode !== "160000" && (await objectType(dir, sha)) === undefined) {
      return refused(422, `tree.sha ${sha} is not a valid blob`);
    } else changes.push({ path, mode, sha });
  }
  return created(await showTree(call, await writeTree(dir, base, changes), false));
}

async function getBlob(call: RepositoryCall): Promise<Answer> {
  const { repository } = call;
  const sha = call.params.sha ?? "";
  const content = await readBlob(repository.dir, sha);
  if (content === undefined) return notFound();
  if (/raw/.test(call.headers.get("accept") ?? "")) {
    return { status: 200, body: content, type: "application/vnd.github.raw; charset=utf-8" };
  }
  return ok({
    sha,
    node_id: objectNodeId(repository, sha),
    size: content.length,
    url: objectUrl(repository, "blob", sha),
    content: content.toString("base64").replace(/.{60}/g, "$&\n"),
    encoding: "base64",
  });
}

async function createBlob(call: AuthoredCall, body: z.output<typeof newBlob>): Promise<Answer> {
  const { repository } = call;
  const sha = await writeBlob(repository.dir, Buffer.from(body.content, body.encoding));
  return created({ sha, url: objectUrl(repository, "blob", sha) });
}

async function getTag(call: RepositoryCall): Promise<Answer> {
  const { repository } = call;
  const sha = call.params.sha ?? "";
  if ((await objectType(repository.dir, sha)) !== "tag") return notFound();
  const text = await gitText(repository.dir, ["cat-file", "tag", sha]);
  const [head = "", ...message] = text.split("\n\n");
  const field = (name: string) => new RegExp(`^${name} (.*)$`, "m").exec(head)?.[1] ?? "";
  const [, name = "", email = "", seconds = "0"] = /^(.*) <(.*)> (\d+)/.exec(field("tagger")) ?? [];
  const [object, type] = [field("object"), field("type")];
  return ok({
    node_id: objectNodeId(repository, sha),
    sha,
    url: objectUrl(repository, "tag", sha),
    tag: field("tag"),
    message: message.join("\n\n"),
    tagger: { name, email, date: new Date(Number(seconds) * 1000).toISOString() },
    object: { sha: object, type, url: objectUrl(repository, type, object) },
    verification: { verified: false, reason: "unsigned", signature: null, payload: null, verified_at: null },
  });
}
