/**
 * A GitHub that costs next to nothing, so that the service is what is measured: organizations with repositories of open
 * pull requests, each of one commit that adds one file. It keeps what the App writes, as far as the App reads it again.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

type Json = Record<string, unknown>;
type Check = Json & { id: number; head_sha: string; status: string };
type Repository = {
  id: number;
  owner: string;
  pulls: { number: number; pushes: number; comments: Json[] }[];
  checks: Map<string, Check>;
  labels: Json[];
  refs: Map<string, string>;
};

const hash = (what: string) => createHash("sha1").update(what).digest("hex");
const [base, folder, tree] = [hash("base"), hash("folder"), hash("tree")];
const date = "2026-11-30T08:00:00Z";
const perHour = 5_000;
const headOf = ({ owner }: Repository, { number, pushes }: { number: number; pushes: number }) =>
  hash(`${owner} ${number} ${pushes}`);

export type CannedGitHub = Awaited<ReturnType<typeof startCannedGitHub>>;

/** Starts it; `policy` is the text of every repository's policy. Each organization is an installation. */
export async function startCannedGitHub(sizes: {
  organizations: number;
  repositories: number;
  pulls: number;
  policy: string;
}) {
  const policyId = createHash("sha1")
    .update(`blob ${Buffer.byteLength(sizes.policy)}\0${sizes.policy}`)
    .digest("hex");
  const bot = { login: "sallyport[bot]", id: 9, type: "Bot" };
  const app = { id: 4001, slug: "sallyport", owner: { login: "org0", id: 1, type: "Organization" } };
  const organizations = Array.from({ length: sizes.organizations }, (_, index) => `org${index}`);
  const repositories = organizations.flatMap((organization, index) =>
    Array.from({ length: sizes.repositories }, (_, one): Repository => {
      const pulls = Array.from({ length: sizes.pulls }, (_, number) => ({
        ...{ number: number + 1, pushes: 0, comments: [] },
      }));
      const id = 1 + index * sizes.repositories + one;
      return { id, owner: `${organization}/r${one}`, pulls, checks: new Map(), labels: [], refs: new Map() };
    }),
  );
  const byName = new Map(repositories.map((one) => [one.owner, one]));
  const used = new Map<string, number>();
  let [requests, ids] = [0, 1_000_000];

  const shown = ({ id, owner }: Repository) => {
    const [login = "", name = ""] = owner.split("/");
    return {
      ...{ id, name, full_name: owner, owner: { login, id: 1, type: "Organization" }, private: false, archived: false },
      ...{ default_branch: "main", disabled: false, fork: false, html_url: `http://github/${owner}` },
    };
  };
  const pullOf = (repository: Repository, pull: Repository["pulls"][number]) => ({
    ...{ number: pull.number, state: "open", draft: false, title: "More", body: "", user: { login: "lena", id: 8 } },
    ...{ created_at: date, updated_at: date, closed_at: null, merged_at: null, labels: [], locked: false },
    head: { ref: `b${pull.number}`, sha: headOf(repository, pull), repo: shown(repository) },
    base: { ref: "main", sha: base, repo: shown(repository) },
  });

  /** What the query of a pull request is answered. */
  const asked = ({ owner, repo, number }: { owner: string; repo: string; number: number }) => {
    const repository = byName.get(`${owner}/${repo}`);
    const pull = repository?.pulls[number - 1];
    if (repository === undefined || pull === undefined) return { repository: null };
    const none = { pageInfo: { hasNextPage: false }, nodes: [] };
    const all = <T>(nodes: T[]) => ({ pageInfo: { hasNextPage: false }, nodes });
    const oid = headOf(repository, pull);
    const check = repository.checks.get(oid);
    const run = check && {
      ...{ databaseId: check.id, name: check.name, status: check.status.toUpperCase() },
      ...{ conclusion: String(check.conclusion).toUpperCase(), externalId: check.external_id },
    };
    const checkSuites =
      run === undefined
        ? none
        : all([{ databaseId: 1, createdAt: date, app: { databaseId: app.id, slug: app.slug }, checkRuns: all([run]) }]);
    return {
      repository: {
        ...{ databaseId: repository.id, nameWithOwner: repository.owner },
        defaultBranchRef: {
          name: "main",
          target: {
            oid: base,
            folder: { mode: 16384, type: "tree", oid: folder },
            twin: null,
            policy: {
              ...{ mode: 33188, type: "blob", oid: policyId },
              object: { byteSize: Buffer.byteLength(sizes.policy), isTruncated: false, text: sizes.policy },
            },
          },
        },
        pullRequest: {
          ...{ state: "OPEN", title: "More", body: "", isDraft: false, createdAt: date, lastEditedAt: null },
          ...{ changedFiles: 1, author: { __typename: "User", login: "lena", databaseId: 8 }, mergedBy: null },
          ...{ mergeCommit: null, baseRefName: "main", baseRefOid: base },
          ...{ baseRef: { target: { __typename: "Commit", oid: base } }, headRefName: `b${number}`, headRefOid: oid },
          ...{ labels: none, reviews: none, retargets: { nodes: [] } },
          commits: all([
            { commit: { oid, message: "m", tree: { oid: hash(`tree ${oid}`) }, parents: all([{ oid: base }]) } },
          ]),
          last: {
            nodes: [
              {
                commit: {
                  ...{ oid, checkSuites },
                  associatedPullRequests: all([{ number, state: "OPEN", headRefOid: oid }]),
                },
              },
            ],
          },
        },
      },
    };
  };

  const blob = (path: string, sha: string, size = 2) => ({ path, mode: "100644", type: "blob", sha, size });
  const policyAt = (path: string) => blob(path, policyId, Buffer.byteLength(sizes.policy));
  const readme = blob("README.md", hash("readme"));
  const folderAt = { path: ".github", mode: "040000", type: "tree", sha: folder };
  const treeOf = (sha: string) => {
    if (sha === folder) return [policyAt("sallyport.yml")];
    const own = sha === base || sha === tree ? [] : [blob("more.md", hash(`file ${sha}`))];
    return [folderAt, policyAt(".github/sallyport.yml"), readme, ...own];
  };

  /** What lies below a repository's address. */
  const below = (repository: Repository, method: string, path: string, query: URLSearchParams, body: Json): unknown => {
    const [what = "", one = "", two = "", ...rest] = path.split("/").map(decodeURIComponent);
    if (what === "") return shown(repository);
    if (what === "labels" && method === "POST") repository.labels.push({ ...body, id: ++ids });
    if (what === "labels") return method === "POST" ? body : repository.labels;
    if (what === "rules") return [];
    if (what === "branches") return { name: one, commit: { sha: base }, protected: false };
    if (what === "pulls")
      return query.has("base") && query.get("base") !== "main"
        ? []
        : repository.pulls.map((each) => pullOf(repository, each));
    if (what === "check-runs") {
      const status = String(body.status ?? "completed");
      const check: Check = { ...body, id: ++ids, app, status, head_sha: String(body.head_sha) };
      repository.checks.set(check.head_sha, check);
      return check;
    }
    if (what === "commits") {
      const check = repository.checks.get(one);
      return { total_count: check === undefined ? 0 : 1, check_runs: check === undefined ? [] : [check] };
    }
    if (what === "issues" && one === "") return [];
    const comments = repository.pulls[Number(one) - 1]?.comments;
    if (what === "issues" && two === "comments" && method === "GET") return comments;
    if (what === "issues" && two === "comments") {
      const comment = {
        ...body,
        id: ++ids,
        user: bot,
        created_at: date,
        updated_at: date,
        performed_via_github_app: app,
      };
      comments?.push(comment);
      return comment;
    }
    if (what === "issues" && one === "comments") {
      const comment = repository.pulls.flatMap((each) => each.comments).find(({ id }) => id === Number(two));
      return Object.assign(comment ?? {}, body);
    }
    if (what === "git" && one === "trees") return { sha: two, tree: treeOf(two), truncated: false };
    if (what === "git" && one === "blobs")
      return { sha: two, size: 1, encoding: "base64", content: Buffer.from(sizes.policy).toString("base64") };
    if (what === "git" && one === "matching-refs") return [];
    if (what === "git" && one === "commits") {
      const { parents, tree: of, message } = body;
      return {
        sha: hash(JSON.stringify(body)),
        message,
        tree: { sha: of },
        parents,
        author: { date },
        committer: { date },
      };
    }
    if (what === "git" && /^refs?$/.test(one)) {
      const name = method === "POST" ? String(body.ref) : `refs/${[two, ...rest].join("/")}`;
      if (method !== "GET") repository.refs.set(name, String(body.sha));
      const sha = name === "refs/heads/main" ? base : repository.refs.get(name);
      return sha === undefined ? undefined : { ref: name, object: { type: "commit", sha } };
    }
    return undefined;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = "GET", url = "" } = request;
    const { pathname, searchParams: query } = new URL(url, "http://github");
    const sent = await text(request);
    const body: Json = sent === "" ? {} : JSON.parse(sent);
    const token = /ghs_(org\d+)/.exec(request.headers.authorization ?? "")?.[1] ?? "app";
    // As GitHub does, queries are counted apart.
    const resource = pathname === "/graphql" ? "graphql" : "core";
    const counted = `${token} ${resource}`;
    requests++;
    used.set(counted, (used.get(counted) ?? 0) + 1);
    const send = (status: number, value: unknown) => {
      const remaining = String(perHour - (used.get(counted) ?? 0));
      const reset = String(Math.floor(Date.now() / 1_000) + 3_000);
      const quota = {
        "x-ratelimit-limit": String(perHour),
        "x-ratelimit-remaining": remaining,
        "x-ratelimit-reset": reset,
      };
      response.writeHead(status, { "content-type": "application/json", ...quota, "x-ratelimit-resource": resource });
      response.end(JSON.stringify(value));
    };
    const parts = pathname.split("/");
    const of = (organization: string) => repositories.filter(({ owner }) => owner.startsWith(`${organization}/`));
    if (pathname === "/app") return send(200, app);
    if (parts[1] === "users") return send(200, bot);
    if (pathname === "/app/hook/deliveries") return send(200, []);
    if (pathname === "/app/installations")
      return send(
        200,
        organizations.map((login, index) => ({
          ...{ id: index + 1, account: { login, id: 1, type: "Organization" }, app_id: app.id, suspended_at: null },
          ...{ repository_selection: "all", target_type: "Organization", permissions: {}, events: [] },
        })),
      );
    if (parts[4] === "access_tokens") {
      const login = organizations[Number(parts[3]) - 1] ?? "";
      const wanted = Array.isArray(body.repository_ids) ? body.repository_ids : [];
      const own = of(login).filter(({ id }) => wanted.includes(id));
      if (own.length < wanted.length)
        return send(422, { message: "There is at least one repository that is not here" });
      const expires_at = new Date(Date.now() + 3_600_000).toISOString();
      const { permissions } = body;
      return send(201, { token: `ghs_${login}`, expires_at, permissions, repositories: own.map(shown) });
    }
    if (pathname === "/installation/repositories") {
      const all = of(token).map(shown);
      return send(200, { total_count: all.length, repositories: all });
    }
    if (pathname === "/graphql") return send(200, { data: asked(body.variables as Parameters<typeof asked>[0]) });
    const repository = byName.get(`${parts[2]}/${parts[3]}`);
    const given =
      parts[1] === "repos" && repository !== undefined
        ? below(repository, method, parts.slice(4).join("/"), query, body)
        : undefined;
    if (given === undefined && !pathname.endsWith("evidence")) console.error(`canned GitHub: ${method} ${url}`);
    return given === undefined ? send(404, { message: "Not Found" }) : send(method === "POST" ? 201 : 200, given);
  };

  const server = createServer((request, response) => void answer(request, response));
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    repositories,
    /** Whether a pull request's present head has its verdict. */
    isJudged: (repository: Repository, number: number) =>
      repository.checks.get(headOf(repository, repository.pulls[number - 1] ?? { number, pushes: 0 }))?.status ===
      "completed",
    requests: () => requests,
    /** The least that an installation has left of its hour. */
    leastLeft: () =>
      perHour - Math.max(...[...used].flatMap(([name, count]) => (name.startsWith("app ") ? [] : [count]))),
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
