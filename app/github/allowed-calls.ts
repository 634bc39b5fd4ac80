/** The purpose of a client: reading facts, or performing effects. */
export type Use = "read" | "write";

/** A request as it will be sent, with its final address. */
export type Call = { method: string; url: string; body: unknown };

type Rule = { method: string; path: RegExp; body?: (body: Record<string, unknown>) => boolean };

const ownRef = /^(?:refs\/)?heads\/sallyport\/(?:evidence|setup|run-[0-9]+-[0-9]+\/[0-9]+)$/;
/** A run's own branch, the only kind that is ever force-pushed or deleted. */
const runRef = /^heads\/sallyport\/run-[0-9]+-[0-9]+\/[0-9]+$/;
const isText = (value: unknown): value is string => typeof value === "string";

// Every write that effects need, below `/repos/{owner}/{repo}`. Approving, merging, arming auto-merge, protection,
// access, secrets, changes of workflows and GraphQL mutations are refused because they are not listed here.
const writes: readonly Rule[] = [
  { method: "POST", path: /^\/issues$/ },
  {
    method: "PATCH",
    path: /^\/issues\/\d+$/,
    body: (body) => Object.keys(body).every((key) => key === "state" || key === "state_reason"),
  },
  { method: "POST", path: /^\/issues\/\d+\/(?:comments|labels|sub_issues|dependencies\/blocked_by)$/ },
  { method: "DELETE", path: /^\/issues\/\d+\/labels\/[^/]+$/ },
  { method: "PATCH", path: /^\/issues\/comments\/\d+$/ },
  { method: "DELETE", path: /^\/issues\/comments\/\d+$/ },
  { method: "POST", path: /^\/issues\/comments\/\d+\/reactions$/ },
  { method: "POST", path: /^\/labels$/ },
  { method: "POST", path: /^\/git\/(?:blobs|trees|commits)$/ },
  { method: "POST", path: /^\/git\/refs$/, body: (body) => isText(body.ref) && ownRef.test(body.ref) },
  { method: "PATCH", path: /^\/git\/refs\/.+$/ },
  { method: "DELETE", path: /^\/git\/refs\/.+$/ },
  { method: "POST", path: /^\/pulls$/ },
  {
    method: "PATCH",
    path: /^\/pulls\/\d+$/,
    body: (body) => Object.keys(body).every((key) => key === "state") && body.state === "closed",
  },
  // An answer in a thread, and a request for a review; a review itself is not listed.
  { method: "POST", path: /^\/pulls\/\d+\/comments\/\d+\/replies$/ },
  { method: "POST", path: /^\/pulls\/\d+\/requested_reviewers$/ },
  // A run of a workflow as the branch has it, with texts of ours, and its end.
  {
    method: "POST",
    path: /^\/actions\/workflows\/[\w.-]+\/dispatches$/,
    body: ({ ref, inputs, return_run_details: details, ...others }) =>
      Object.keys(others).length === 0 &&
      isText(ref) &&
      isRecord(inputs) &&
      Object.values(inputs).every(isText) &&
      details !== false,
  },
  { method: "POST", path: /^\/actions\/runs\/\d+\/(?:force-)?cancel$/ },
  { method: "POST", path: /^\/check-runs$/ },
  { method: "PATCH", path: /^\/check-runs\/\d+$/ },
];

/**
 * Why a client may not send a request, or null. The final address is judged, not the route's template, and any call
 * that is not listed is refused. So none of our code can approve, merge, arm auto-merge, force or delete a branch that
 * is not a run's, or change protection, whatever input it was given (design, invariant 10).
 */
export function whyForbidden(
  use: Use,
  call: Call,
  repository: { baseUrl: string; owner: string; repo: string },
): string | null {
  const method = call.method.toUpperCase();
  if (method === "GET" || method === "HEAD") return null;
  const { pathname } = new URL(call.url);
  const what = `${method} ${pathname}`;
  if (method === "POST" && call.url === graphqlUrl(repository.baseUrl))
    return isQuery(call.body) ? null : `${what}: this client only asks GraphQL queries`;
  if (use === "read") return `${what}: this client only reads`;
  const prefix = `${new URL(repository.baseUrl).pathname.replace(/\/$/, "")}/repos/${repository.owner}/${repository.repo}`;
  if (!pathname.startsWith(`${prefix}/`))
    return `${what}: this client writes to ${repository.owner}/${repository.repo} only`;
  const path = pathname.slice(prefix.length);
  const rule = writes.find((one) => one.method === method && one.path.test(path));
  if (rule === undefined) return `${what}: nothing that Sallyport does needs this call`;
  const body = isRecord(call.body) ? call.body : {};
  if (rule.body !== undefined && !rule.body(body)) return `${what}: not with this content`;
  const ref = /^\/git\/refs\/(.+)$/.exec(path)?.[1];
  if (ref === undefined) return null;
  const name = decoded(ref) ?? "";
  if (!ownRef.test(name)) return `${what}: the branch is not one of ours`;
  const takesBack = method === "DELETE" || (body.force !== undefined && body.force !== false);
  return takesBack && !runRef.test(name) ? `${what}: only a run's branch is forced or deleted` : null;
}

/** A self-hosted GitHub serves REST below /api/v3 and GraphQL beside it. */
function graphqlUrl(baseUrl: string): string {
  return `${baseUrl.replace(/\/$/, "").replace(/\/api\/v3$/, "/api")}/graphql`;
}

/**
 * Whether a GraphQL request can only read. A document may hold several operations, and every mutation begins with the
 * word `mutation`, which has no other spelling; none of our queries contains that word.
 */
function isQuery(body: unknown): boolean {
  if (!isRecord(body) || !Object.keys(body).every((key) => key === "query" || key === "variables")) return false;
  const { query } = body;
  return typeof query === "string" && /^query\b/.test(query) && !/mutation|subscription/i.test(query);
}

function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
