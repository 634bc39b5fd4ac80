import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Octokit } from "@octokit/core";
import type { RequestInterface } from "@octokit/types";
import { plainGit } from "../builders/git-repository.ts";
import { answerQuery, nodeOf, operationOf } from "./git-graphql.ts";

export type Json = Record<string, unknown>;

/** May change an answer, or give an error status in its place; a query's path is `/graphql/` and its operation's name. */
export type Alter = (path: string, body: Json) => Json | number;

/** A pull request that is served as number 7: two branches of the git directory. */
export type Pull = {
  base: string;
  head: string;
  comments?: Json[];
  events?: Json[];
  writers?: Record<string, number>;
};

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const asIs: Alter = (_, body) => body;

/** Octokit's `request` over GitHub's endpoints as they would answer from a git directory; the repository is `o/r`. */
export function gitApi(dir: string, alter: Alter = asIs, pull?: Pull): RequestInterface {
  const fetch = async (url: string, init?: { body?: string }): Promise<Response> =>
    respond(dir, url, init?.body ?? "", alter, pull);
  return new Octokit({ baseUrl: "http://api.invalid", request: { fetch }, log: silent }).request;
}

/** The same over HTTP, for another process; every request must carry the token `good`. */
export async function serveGitApi(dir: string, pull: Pull): Promise<{ url: string; close(): void }> {
  const server = createServer(async (request, reply) => {
    const allowed = request.headers.authorization === "token good";
    const response = allowed
      ? await respond(dir, `http://api.invalid${request.url ?? ""}`, await text(request), asIs, pull)
      : Response.json({ message: "Bad credentials" }, { status: 401 });
    reply.writeHead(response.status, { "content-type": "application/json" }).end(await response.text());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

async function respond(dir: string, url: string, sent: string, alter: Alter, pull?: Pull): Promise<Response> {
  const { pathname, search } = new URL(url);
  const asked = pathname === "/graphql" ? JSON.parse(sent) : null;
  const path = decodeURIComponent(asked === null ? pathname + search : `/graphql/${operationOf(asked.query)}`);
  const known = asked === null ? answer(dir, path, pull) : await answerQuery(dir, asked, pull);
  const body = known === null ? 404 : Array.isArray(known) ? known : alter(path, known);
  if (typeof body !== "number") return Response.json(body);
  return Response.json({ message: "it is refused" }, { status: body });
}

function answer(dir: string, path: string, pull: Pull | undefined): Json | Json[] | null {
  const [, kind = "", rest = "", query] = /^\/repos\/o\/r\/?(git\/[a-z]+|[a-z]*)\/?([^?]*)(\?.*)?$/.exec(path) ?? [];
  if (!/^\/repos\/o\/r(?:\/|$)/.test(path)) return null;
  if (kind === "") return { id: 42, full_name: "o/r", default_branch: "main" };
  if (kind === "git/trees") return treeOf(dir, rest, query === "?recursive=1");
  if (kind === "git/ref") {
    const sha = refOf(dir, `refs/${rest}`);
    return sha === null ? null : { ref: `refs/${rest}`, object: { type: "commit", sha } };
  }
  if (kind === "git/commits") return { sha: rest, tree: { sha: refOf(dir, `${rest}^{tree}`) } };
  if (kind === "compare") {
    const [base = "", head = ""] = rest.split("...");
    const range = plainGit(dir, ["rev-list", "--reverse", `${base}..${head}`]);
    const commits = range
      .split("\n")
      .filter(Boolean)
      .map((sha) => commitOf(dir, sha));
    const mergeBase = plainGit(dir, ["merge-base", base, head]).trim();
    return { merge_base_commit: { sha: mergeBase }, total_commits: commits.length, commits };
  }
  if (kind === "git/blobs") {
    const content = Buffer.from(plainGit(dir, ["cat-file", "blob", rest], undefined, "latin1"), "latin1");
    return { sha: rest, size: content.length, encoding: "base64", content: content.toString("base64") };
  }
  if (kind === "commits" && rest === "") {
    const asked = new URLSearchParams(query);
    const path = asked.get("path");
    const count = `--max-count=${asked.get("per_page")}`;
    const listed = plainGit(dir, ["rev-list", count, asked.get("sha") ?? "", "--", ...(path === null ? [] : [path])]);
    return listed
      .split("\n")
      .filter(Boolean)
      .map((sha) => commitOf(dir, sha));
  }
  if (kind === "commits" && rest.endsWith("/check-runs")) return { total_count: 0, check_runs: [] };
  if (kind === "pulls" && rest === "7/reviews") return [];
  if (kind === "issues" && rest === "7/comments")
    return (pull?.comments ?? []).map((comment) => ({ node_id: nodeOf(comment), ...comment }));
  if (kind === "issues" && rest === "7/events") return pull?.events ?? null;
  const person = /^(\w+)\/permission$/.exec(rest)?.[1];
  if (kind === "collaborators" && person !== undefined) return permissionOf(person, pull);
  return null;
}

function treeOf(dir: string, name: string, recursive: boolean): Json | null {
  if (refOf(dir, name) === null) return null;
  const records = plainGit(dir, ["ls-tree", "-l", "-z", ...(recursive ? ["-r", "-t"] : []), name]);
  const tree = records
    .split("\0")
    .filter(Boolean)
    .map((record) => {
      const [, mode, type, sha, size, file] = /^(\S+) (\S+) (\S+) +(\S+)\t(.*)$/s.exec(record) ?? [];
      return { path: file, mode, type, sha, ...(size === "-" ? {} : { size: Number(size) }) };
    });
  return { sha: name, tree, truncated: false };
}

/** `writers` are the logins with write access and their account ids. */
function permissionOf(login: string, pull: Pull | undefined): Json | null {
  const id = pull?.writers?.[login];
  return id === undefined ? null : { role_name: "write", permission: "write", user: { id, login } };
}

function commitOf(dir: string, sha: string): Json {
  const shown = plainGit(dir, ["log", "-1", "--format=%P%n%T%n%B", sha]);
  const [parents = "", tree, ...message] = shown.split("\n");
  const named = parents
    .split(" ")
    .filter(Boolean)
    .map((parent) => ({ sha: parent }));
  return { sha, parents: named, commit: { tree: { sha: tree }, message: message.join("\n") } };
}

function refOf(dir: string, name: string): string | null {
  try {
    return plainGit(dir, ["rev-parse", "--verify", "--quiet", `${name}^{object}`]).trim();
  } catch {
    return null;
  }
}
