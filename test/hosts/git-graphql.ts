import { isUtf8 } from "node:buffer";
import { graphql } from "graphql";
import { githubSchema } from "../../sandbox/graphql/schema.ts";
import { plainGit } from "../builders/git-repository.ts";
import type { Json, Pull } from "./git-api.ts";

/** The node id of a comment that is told without one. */
export const nodeOf = ({ id }: Json) => `IC_${id}`;

/** The operation's name, by which a test picks the answers that it alters. */
export function operationOf(query: string): string {
  return /^query (\w+)/.exec(query)?.[1] ?? "";
}

/** GitHub's answer to a query about `o/r` from a git directory; a query that does not fit GitHub's schema is refused. */
export async function answerQuery(
  dir: string,
  asked: { query: string; variables: Record<string, unknown> },
  pull?: Pull,
): Promise<Json> {
  const rootValue = {
    nodes: ({ ids }: { ids: string[] }) =>
      ids.map((id) => {
        const comment = pull?.comments?.find((one) => nodeOf(one) === id);
        if (comment === undefined) return new Error(`Could not resolve to a node with the global id of '${id}'.`);
        return { __typename: "IssueComment", id, lastEditedAt: comment.last_edited_at ?? null };
      }),
    repository: {
      databaseId: 42,
      nameWithOwner: "o/r",
      defaultBranchRef: () => ({ name: "main", target: commitAt(dir, "refs/heads/main") }),
      object: ({ oid }: { oid: string }) => objectAt(dir, oid),
      pullRequest: ({ number }: { number: number }) => {
        if (number !== 7 || pull === undefined)
          throw new Error(`Could not resolve to a PullRequest with the number of ${number}.`);
        return pullNode(dir, pull);
      },
    },
  };
  const { query: source, variables: variableValues } = asked;
  const answer = await graphql({ schema: githubSchema(), source, variableValues, rootValue });
  return JSON.parse(JSON.stringify(answer));
}

function pullNode(dir: string, pull: Pull) {
  const head = plainGit(dir, ["rev-parse", `refs/heads/${pull.head}`]).trim();
  const listed = plainGit(dir, ["diff", "--name-only", "-z", "-M", `refs/heads/${pull.base}...${head}`]);
  const none = { pageInfo: { hasNextPage: false }, nodes: [] };
  return {
    state: "OPEN",
    title: "A change",
    body: "",
    isDraft: false,
    createdAt: "2026-11-21T09:00:00Z",
    lastEditedAt: null,
    changedFiles: listed.split("\0").filter(Boolean).length,
    author: { __typename: "User", databaseId: 5, login: "ada" },
    mergedBy: null,
    mergeCommit: null,
    baseRefName: pull.base,
    baseRefOid: head,
    baseRef: { target: commitAt(dir, `refs/heads/${pull.base}`) },
    headRefName: pull.head,
    headRefOid: head,
    labels: none,
    reviews: none,
    timelineItems: none,
    commits: ({ last }: { last?: number }) => {
      const commits = plainGit(dir, ["rev-list", "--reverse", `refs/heads/${pull.base}..${head}`]);
      const shas = commits.split("\n").filter(Boolean);
      return {
        pageInfo: { hasNextPage: false },
        nodes: (last === 1 ? [head] : shas).map((sha) => ({ commit: commitOf(dir, sha) })),
      };
    },
  };
}

function commitOf(dir: string, oid: string) {
  const none = { pageInfo: { hasNextPage: false }, nodes: [] };
  const [parents = "", tree, ...message] = plainGit(dir, ["log", "-1", "--format=%P%n%T%n%B", oid]).split("\n");
  const nodes = parents
    .split(" ")
    .filter(Boolean)
    .map((parent) => ({ oid: parent }));
  return {
    oid,
    message: message.join("\n"),
    tree: { oid: tree },
    parents: { ...none, nodes },
    checkSuites: none,
    associatedPullRequests: none,
  };
}

function commitAt(dir: string, name: string) {
  const oid = plainGit(dir, ["rev-parse", name]).trim();
  return { __typename: "Commit", oid, file: ({ path }: { path: string }) => entryAt(dir, oid, path) };
}

function entryAt(dir: string, commit: string, path: string) {
  const [line = ""] = plainGit(dir, ["ls-tree", "-z", commit, "--", path]).split("\0");
  const [, mode, type, oid] = /^(\d+) (\w+) (\w+)\t/.exec(line) ?? [];
  if (mode === undefined || type === undefined || oid === undefined) return null;
  return { mode: Number.parseInt(mode, 8), type, oid, object: type === "blob" ? blobAt(dir, oid) : null };
}

/** One process tells the type and the content: to start each takes a while. */
function objectAt(dir: string, oid: string) {
  const whole = plainGit(dir, ["cat-file", "--batch"], `${oid}\n`, "latin1");
  const end = whole.indexOf("\n");
  const [, type] = whole.slice(0, end).split(" ");
  const content = whole.slice(end + 1, -1);
  if (type === "blob") return blobNode(Buffer.from(content, "latin1"));
  const tree = (id: string) => ({ __typename: "Tree", oid: id, entries: () => entriesOf(dir, id) });
  if (type === "tree") return tree(oid);
  return { __typename: "Commit", oid, tree: tree(/^tree (\w+)/.exec(content)?.[1] ?? "") };
}

function entriesOf(dir: string, name: string) {
  const records = plainGit(dir, ["ls-tree", "-l", "-z", name]).split("\0").filter(Boolean);
  return records.map((record) => {
    const [, mode = "", type, oid, size, file] = /^(\S+) (\S+) (\S+) +(\S+)\t(.*)$/s.exec(record) ?? [];
    return { name: file, mode: Number.parseInt(mode, 8), type, oid, size: Number(size) || 0 };
  });
}

function blobAt(dir: string, oid: string) {
  return blobNode(Buffer.from(plainGit(dir, ["cat-file", "blob", oid], undefined, "latin1"), "latin1"));
}

/** As GitHub gives it: no text of a binary file, a long one cut, another encoding turned into UTF-8. */
function blobNode(content: Buffer) {
  const text = isUtf8(content) ? content.toString("utf8") : content.toString("latin1");
  const maxTextBytes = 512 * 1024;
  return {
    __typename: "Blob",
    byteSize: content.length,
    isTruncated: content.length > maxTextBytes,
    text: content.subarray(0, 8_000).includes(0) ? null : text.slice(0, maxTextBytes),
  };
}
