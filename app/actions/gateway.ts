import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { valueOrThrow } from "../../collect/github/request.ts";
import { readFileId } from "../../collect/github/workflow-run.ts";
import { digestOf, sha256 } from "../../core/digest.ts";
import type { Effect, Ourselves } from "../../core/effects.ts";
import { messageOf, SallyportError } from "../../core/errors.ts";
import type { Spending } from "../../core/money.ts";
import { Pack } from "../../schemas/step.ts";
import { redactingCallStore } from "../agents/redact.ts";
import { type Calls, passCalls } from "../agents/relay.ts";
import type { Purse, Service } from "../agents/run.ts";
import type { GitHubClients } from "../github/clients.ts";
import type { Log } from "../settings/log.ts";
import type { Secrets } from "../settings/secrets.ts";
import type { Database } from "../store/database.ts";
import { getBody } from "../store/decisions.ts";
import { type Dispatch, findDispatch, noteDispatch } from "../store/dispatches.ts";
import { openEffect } from "../store/effects.ts";
import { callStore } from "../store/payloads.ts";
import { openPurse } from "../store/spending.ts";
import { type Claims, createIdentityCheck, issuerOf } from "./identity.ts";
import { exchangePath, type Order, orderPath, Proof, runsPath } from "./protocol.ts";

/** What the gateway needs of the service. */
export type GatewayTools = {
  db: Database;
  github: Pick<GitHubClients, "forRepository">;
  ourselves: Ourselves;
  secrets: Pick<Secrets, "search" | "addToken">;
  apiUrl: string;
  /** Where the workflow finds us; null: nowhere, and no run was asked for. */
  publicUrl: string | null;
  serviceOf(effect: Asking["effect"], purse: (effect: string, spending: Spending) => Purse): Service;
  signal: AbortSignal;
  log: Pick<Log, "info" | "warn">;
};

/** How many runs' counts are held at one time, and how often a run at work is looked at for a stop, in milliseconds. */
const limits = { runs: 200, stopCheck: 1_000 } as const;

/** The calls of a run, and what breaks off the one under way. */
type Passing = Calls & { stop: AbortController };

/** A run that may ask: what was recorded of it, and the effect that waits for it. */
type Asking = { dispatch: Dispatch; effect: Extract<Effect, { type: "run-agent" }> };

/**
 * Answers the runs of the workflow. A run first proves by GitHub's signature that it is the one that was asked for, of the
 * pinned workflow, and gets a token that is good for it alone. Then it gets its order, and its program's calls pass on to
 * the model's service as through our own relay: the key, the limits and the store are here, and stay here.
 */
export function createGateway(tools: GatewayTools) {
  const { db, log } = tools;
  const check = createIdentityCheck(issuerOf(tools.apiUrl), tools.publicUrl ?? "", () => new Date());
  const passing = new Map<string, Passing>();

  const exchange = async (request: IncomingMessage, response: ServerResponse) => {
    const proof = Proof.safeParse(await json(request).catch(() => null));
    if (!proof.success) return send(response, 400, "Send a nonce and GitHub's token.");
    const asking = await askingBy("nonce", proof.data.nonce);
    if (asking === null) return refuse(response, "nobody waits for this run");
    const claims = await check(proof.data.token);
    if (!claims.known) return refuse(response, claims.why);
    // GitHub may start a run before we hear its id.
    if (asking.dispatch.run === null) return send(response, 503, "Not yet.");
    const problem = await claimProblem(claims.value, asking);
    if (problem !== null) return refuse(response, problem);
    const bearer = randomBytes(32).toString("base64url");
    tools.secrets.addToken(bearer);
    await noteDispatch(db, asking.dispatch.key, { bearer: sha256(bearer) });
    log.info({ effect: asking.dispatch.key }, `run ${asking.dispatch.run} of ${asking.effect.run} proved who it is`);
    send(response, 200, { bearer });
  };

  /** Why a job is not one of the run that was asked for; null: it is. */
  const claimProblem = async (claims: Claims, { dispatch, effect }: Asking): Promise<string | null> => {
    const { workflow = "", blob = "" } = effect.actions ?? {};
    const isOurs =
      claims.repository_id === String(dispatch.repository) &&
      claims.run_id === String(dispatch.run) &&
      claims.run_attempt === "1" &&
      claims.event_name === "workflow_dispatch" &&
      claims.actor_id === String(tools.ourselves.bot.id) &&
      claims.job_workflow_ref.startsWith(`${claims.repository}/${workflow}@refs/heads/`);
    if (!isOurs) return "it is another run";
    const github = await tools.github.forRepository(dispatch.repository, "read");
    // Where GitHub does not answer, the job asks again.
    const found = valueOrThrow(await readFileId(github, workflow, claims.job_workflow_sha));
    return found === blob ? null : "its workflow is not the one that the policy pins";
  };

  /** The run of a nonce or a token's digest, while its effect is open and its deadline has not passed. */
  const askingBy = async (by: "nonce" | "bearer", value: string): Promise<Asking | null> => {
    const dispatch = await findDispatch(db, by, value);
    if (dispatch === null || dispatch.deadline.getTime() < Date.now()) return null;
    const effect = await openEffect(db, dispatch.key);
    return effect?.type === "run-agent" && effect.actions !== undefined ? { dispatch, effect } : null;
  };

  const packOf = async (effect: Asking["effect"]): Promise<string> => {
    const bytes = await getBody(db, effect.packSha256);
    if (bytes === null) throw new SallyportError("internal", `the stored body ${effect.packSha256} is missing`);
    return Buffer.from(bytes).toString("utf8");
  };

  const requireOpen = async (key: string, within: Database = db) => {
    if ((await openEffect(within, key)) === null) throw new SallyportError("lease-lost", "the run was stopped");
  };

  const paidService = ({ dispatch: { key, repository }, effect }: Asking): Service => {
    const payer = { repository, mayPay: () => requireOpen(key), now: () => new Date() };
    return tools.serviceOf(effect, (one, spending) => openPurse(db, { ...payer, effect: one }, spending));
  };

  const callsOf = async ({ dispatch, effect }: Asking): Promise<Passing> => {
    const { key, repository, spent } = dispatch;
    const known = passing.get(dispatch.nonce);
    if (known !== undefined && !isBehind(known, spent)) return known;
    const pack = Pack.parse(JSON.parse(await packOf(effect)));
    const service = paidService({ dispatch, effect });
    const stop = new AbortController();
    const note = (ended: NonNullable<Dispatch["spent"]>["ended"]) =>
      noteDispatch(db, key, { spent: { usage: passed.usage, redacted: passed.redacted, ended } });
    const passed = passCalls(
      {
        ...{ service, limits: pack.limits, about: digestOf({ pack, tool: effect.tool ?? "" }) },
        calls: redactingCallStore(
          callStore(db, repository, (trx) => requireOpen(key, trx)),
          tools.secrets.search,
        ),
        signal: AbortSignal.any([tools.signal, stop.signal]),
        onAnswer: () => note(null),
        onEnd(failure) {
          const until = failure instanceof SallyportError ? (failure.notBefore?.toISOString() ?? null) : null;
          const retry = failure instanceof SallyportError && failure.retry;
          const code = failure instanceof SallyportError ? "service" : failure.code;
          // Stopping ourselves ends no run: it asks again when we are back.
          if (!tools.signal.aborted)
            void note({ code, message: failure.message, retry, until }).catch((error: unknown) =>
              log.warn({}, messageOf(error)),
            );
        },
      },
      spent ?? undefined,
    );
    if (spent?.ended != null) await passed.end(spent.ended.message);
    const kept = passing.get(dispatch.nonce);
    if (kept !== undefined && kept !== known) return kept;
    // What is forgotten here is read from the store again.
    const [oldest] = passing.size < limits.runs ? [] : passing.keys();
    if (oldest !== undefined) passing.delete(oldest);
    const calls = { ...passed, stop };
    passing.set(dispatch.nonce, calls);
    return calls;
  };

  /** Breaks off the call under way once its effect is open no more. A look that fails does not end the work. */
  const watch = (key: string, response: ServerResponse, { isWaiting, stop }: Passing): void => {
    const timer = setInterval(() => {
      if (response.closed && !isWaiting()) return clearInterval(timer);
      openEffect(db, key).then(
        (effect) => effect ?? stop.abort(),
        () => undefined,
      );
    }, limits.stopCheck);
  };

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // The server counts what comes, so that it flows: nothing of it may pass before somebody reads it.
    request.pause();
    const [path = ""] = (request.url ?? "").split("?");
    if (path === exchangePath && request.method === "POST") return exchange(request, response);
    const { authorization = "", "x-api-key": apiKey = "", "x-goog-api-key": googleKey = "" } = request.headers;
    const bearer = String(apiKey || googleKey) || authorization.replace(/^Bearer /, "");
    const asking = await askingBy("bearer", sha256(bearer));
    if (asking === null) return refuse(response, "this token is not good, or its run was stopped");
    if (path === orderPath && request.method === "GET") {
      const { name: service, model } = paidService(asking);
      const order: Order = { pack: await packOf(asking.effect), tool: asking.effect.tool ?? "", service, model };
      return send(response, 200, order);
    }
    const calls = await callsOf(asking);
    watch(asking.dispatch.key, response, calls);
    request.url = `/${(request.url ?? "").slice(runsPath.length)}`;
    calls.answer(request, response);
  };

  function refuse(response: ServerResponse, why: string): void {
    log.warn({}, `a run on Actions is refused: ${why}`);
    send(response, 403, `Sallyport refuses this: ${why}.`);
  }
}

/** Whether another process has counted more calls of a run than this one, or ended it. */
function isBehind({ usage }: Calls, spent: Dispatch["spent"]): boolean {
  return spent !== null && (spent.ended !== null || spent.usage.calls > usage.calls);
}

function send(response: ServerResponse, status: number, body: object | string): void {
  const value = typeof body === "string" ? { error: { type: "permission_error", message: body } } : body;
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}
