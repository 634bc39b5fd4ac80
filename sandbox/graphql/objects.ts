/** Git's objects and branches as GraphQL shows them. */
import { isUtf8 } from "node:buffer";
import { pullsWith } from "../endpoints/history.ts";
import { accountOfEmail, type Commit, readCommit } from "../git/commits.ts";
import { branchTip, git } from "../git/git.ts";
import type { Signature } from "../git/objects.ts";
import type { TreeItem } from "../git/trees.ts";
import { readEntry, readTree } from "../git/trees.ts";
import { objectNodeId } from "../present/commits.ts";
import { type Asker, actorNode, demand } from "./asker.ts";
import { suitesOf } from "./checks.ts";
import { connection, type Window } from "./connection.ts";

/** GitHub truncates a blob's text after this many bytes. */
const MAX_TEXT_BYTES = 512 * 1024;

/** Commit, Tree or Blob; null when the repository has no such object. */
export async function objectNode(asker: Asker, oid: string) {
  demand(asker, "contents=read");
  const object = await readObject(asker.repository.dir, oid);
  if (object === undefined) return null;
  switch (object.type) {
    case "blob":
      return blobNode(asker, oid, object.content);
    case "tree":
      return treeNode(asker, oid);
    case "commit":
      return commitNode(asker, oid);
    default:
      return null;
  }
}

export async function commitNode(asker: Asker, oid: string) {
  demand(asker, "contents=read");
  const { repository } = asker;
  const commit = await readCommit(repository.dir, oid);
  return {
    __typename: "Commit",
    id: objectNodeId(repository, oid),
    oid,
    message: commit.message,
    messageHeadline: commit.message.split("\n")[0] ?? "",
    tree: () => treeNode(asker, commit.tree),
    parents: (window: Window) => connection("parents", commit.parents, window, (parent) => commitNode(asker, parent)),
    author: gitActor(asker, commit.author),
    committer: gitActor(asker, commit.committer),
    committedDate: commit.committer.date,
    file: ({ path }: { path: string }) => fileEntry(asker, commit, path),
    checkSuites: (window: Window) => suitesOf(asker, oid, window),
    associatedPullRequests: async (window: Window) => {
      demand(asker, "pull_requests=read");
      const pulls = await pullsWith(repository, oid);
      return connection("associatedPullRequests", pulls, window, asker.showPull);
    },
  };
}

async function fileEntry(asker: Asker, { sha }: Commit, path: string) {
  const item = await readEntry(asker.repository.dir, sha, path);
  return item === undefined ? null : entryNode(asker, item);
}

function treeNode(asker: Asker, oid: string) {
  return {
    __typename: "Tree",
    id: objectNodeId(asker.repository, oid),
    oid,
    entries: async () => {
      const items = (await readTree(asker.repository.dir, oid, false)) ?? [];
      return items.map((item) => entryNode(asker, item));
    },
  };
}

/** The mode is a number here: `100644` is 33188. */
function entryNode(asker: Asker, { path, mode, type, sha, size }: TreeItem) {
  return {
    __typename: "TreeEntry",
    name: path.split("/").at(-1) ?? path,
    path,
    mode: Number.parseInt(mode, 8),
    type,
    oid: sha,
    size: size ?? 0,
    object: () => (type === "commit" ? null : objectNode(asker, sha)),
  };
}

function blobNode(asker: Asker, oid: string, content: Buffer) {
  const isBinary = content.subarray(0, 8_000).includes(0);
  const text = isUtf8(content) ? content.toString("utf8") : content.toString("latin1");
  return {
    __typename: "Blob",
    id: objectNodeId(asker.repository, oid),
    oid,
    byteSize: content.length,
    isBinary,
    isTruncated: content.length > MAX_TEXT_BYTES,
    text: isBinary ? null : text.slice(0, MAX_TEXT_BYTES),
  };
}

function gitActor({ state }: Asker, { name, email, date }: Signature) {
  const account = accountOfEmail(state, email);
  return { name, email, date, user: account?.type === "User" ? actorNode(account) : null };
}

async function readObject(dir: string, oid: string): Promise<{ type: string; content: Buffer } | undefined> {
  if (!/^[0-9a-f]{40}$/.test(oid)) return undefined;
  const { stdout } = await git(dir, ["cat-file", "--batch"], { input: `${oid}\n` });
  const end = stdout.indexOf("\n");
  const [, type, size] = stdout.subarray(0, end).toString("latin1").split(" ");
  if (type === undefined || size === undefined) return undefined;
  return { type, content: stdout.subarray(end + 1, end + 1 + Number(size)) };
}

/** Null when there is no such branch. */
export async function refNode(asker: Asker, branch: string) {
  demand(asker, "contents=read");
  const tip = await branchTip(asker.repository.dir, branch);
  if (tip === undefined) return null;
  return {
    __typename: "Ref",
    id: objectNodeId(asker.repository, `refs/heads/${branch}`),
    name: branch,
    prefix: "refs/heads/",
    target: () => commitNode(asker, tip),
  };
}
