/** git over HTTP through git's own server; the password is a token. */
import { spawn } from "node:child_process";
import { Readable } from "node:stream";
import { type Context, Hono } from "hono";
import { emitPush, type RefChange, withRefs } from "../changes/push.ts";
import { gitEnvironment, listRefs } from "../git/git.ts";
import { readContents, refuseRepository, writeContents } from "../request/access.ts";
import { actorOf, type Caller, identifyCaller } from "../request/caller.ts";
import { closedBranches, lacksWorkflows } from "../request/rules.ts";
import type { State } from "../state/memory.ts";
import type { Repository } from "../state/model.ts";
import { findRepository } from "../state/state.ts";
import { hooksDirectory } from "./push-hook.ts";

export function gitOverHttp(state: State): Hono {
  const server = new Hono();
  for (const path of ["/info/refs", "/git-upload-pack", "/git-receive-pack"]) {
    server.on(["GET", "POST"], `/:owner/:repo${path}`, (context) => serve(state, context, path));
  }
  return server;
}

async function serve(state: State, context: Context, path: string): Promise<Response> {
  const { owner = "", repo = "" } = context.req.param();
  const service = path === "/info/refs" ? (context.req.query("service") ?? "") : path.slice(1);
  if (service !== "git-upload-pack" && service !== "git-receive-pack") return text(403, "Smart HTTP only.");
  const caller = identifyCaller(state, context.req.header("authorization"));
  if ("status" in caller) return unauthorized("Invalid username or token.");
  const repository = findRepository(state, owner, repo.replace(/\.git$/, ""));
  const access = service === "git-receive-pack" ? writeContents : readContents;
  const refusal = repository && refuseRepository(caller, repository, access);
  if (repository === undefined || refusal !== undefined) {
    if (caller.kind === "nobody") return unauthorized("Authentication required.");
    return refusal?.status === 403
      ? text(403, `Write access to repository not granted.`)
      : text(404, "Repository not found.");
  }
  if (path !== "/git-receive-pack") return backend(state, context, repository, caller, path);
  return receive(state, context, repository, caller, path);
}

/** A push: compares the refs before and after, because git may accept only some of them. */
function receive(
  state: State,
  context: Context,
  repository: Repository,
  caller: Caller,
  path: string,
): Promise<Response> {
  return withRefs(state, repository, async () => {
    const actor = actorOf(caller);
    const before = await refsByName(repository);
    const response = await backend(state, context, repository, caller, path);
    const after = await refsByName(repository);
    const names = new Set([...before.keys(), ...after.keys()]);
    const changes = [...names]
      .map((ref): RefChange => ({ ref, before: before.get(ref) ?? null, after: after.get(ref) ?? null }))
      .filter((change) => change.before !== change.after);
    if (actor !== null) await emitPush({ state, repository, actor, caller }, changes);
    return response;
  });
}

async function refsByName(repository: Repository): Promise<Map<string, string>> {
  const refs = await listRefs(repository.dir);
  return new Map(refs.filter(({ name }) => /^refs\/(heads|tags)\//.test(name)).map(({ name, sha }) => [name, sha]));
}

/** Runs `git http-backend` as a CGI program for one request. */
async function backend(
  state: State,
  context: Context,
  repository: Repository,
  caller: Caller,
  path: string,
): Promise<Response> {
  const env = {
    ...gitEnvironment,
    ...(await pushEnvironment(state, repository, caller)),
    GIT_PROJECT_ROOT: repository.dir,
    GIT_HTTP_EXPORT_ALL: "1",
    PATH_INFO: path,
    QUERY_STRING: new URL(context.req.url).search.slice(1),
    REQUEST_METHOD: context.req.method,
    CONTENT_TYPE: context.req.header("content-type") ?? "",
    HTTP_CONTENT_ENCODING: context.req.header("content-encoding") ?? "",
    GIT_PROTOCOL: context.req.header("git-protocol") ?? "",
    REMOTE_USER: actorOf(caller)?.login ?? "",
    REMOTE_ADDR: "127.0.0.1",
  };
  const child = spawn("git", ["http-backend"], { env, stdio: ["pipe", "pipe", "ignore"] });
  // git may answer before it has read the whole request.
  child.stdin.on("error", () => undefined);
  const { body } = context.req.raw;
  if (body === null) child.stdin.end();
  else Readable.fromWeb(body).pipe(child.stdin);
  const output: Buffer[] = [];
  for await (const chunk of child.stdout) output.push(chunk);
  return fromCgi(Buffer.concat(output));
}

async function pushEnvironment(state: State, repository: Repository, caller: Caller) {
  const { closed, guarded } = closedBranches(repository, caller);
  const refs = (branches: string[]) => branches.map((branch) => `refs/heads/${branch}`).join(" ");
  const settings = {
    "core.hooksPath": await hooksDirectory(state),
    "http.receivepack": "true",
    "receive.hideRefs": "refs/pull",
    "receive.autogc": "false",
    "safe.directory": "*",
  };
  const pairs = Object.entries(settings).flatMap(([key, value], at) => [
    [`GIT_CONFIG_KEY_${at}`, key],
    [`GIT_CONFIG_VALUE_${at}`, value],
  ]);
  return {
    SANDBOX_CLOSED: refs(closed),
    SANDBOX_GUARDED: refs(guarded),
    SANDBOX_NO_WORKFLOWS: lacksWorkflows(caller) ? "1" : "",
    GIT_CONFIG_COUNT: String(Object.keys(settings).length),
    ...Object.fromEntries(pairs),
  };
}

function fromCgi(output: Buffer): Response {
  const end = output.indexOf("\r\n\r\n");
  if (end === -1) return text(500, "git http-backend gave no answer");
  const headers = new Headers();
  let status = 200;
  for (const line of output.subarray(0, end).toString("utf8").split("\r\n")) {
    const [name = "", ...value] = line.split(":");
    if (name.toLowerCase() === "status") status = Number.parseInt(value.join(":").trim(), 10);
    else headers.append(name, value.join(":").trim());
  }
  return new Response(new Uint8Array(output.subarray(end + 4)), { status, headers });
}

function unauthorized(message: string): Response {
  return text(401, message, { "www-authenticate": 'Basic realm="GitHub"' });
}

function text(status: number, message: string, headers: Record<string, string> = {}): Response {
  return new Response(`${message}\n`, { status, headers: { "content-type": "text/plain", ...headers } });
}
