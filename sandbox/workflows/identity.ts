/** Signs for jobs: who asks with a job's own secret gets a token that says which run it is. Source: GitHub docs, "OpenID Connect reference". */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { Hono } from "hono";
import type { State } from "../state/memory.ts";

const issuerPath = "/_services/token";
const kid = "sandbox";

/** The issuer and its key, below a path that GitHub Enterprise Server has it at. */
export function issuer(state: State): Hono {
  let made: KeyObject | null = null;
  const key = () => {
    made ??= generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey;
    return made;
  };
  const pages = new Hono();
  pages.get("/.well-known/jwks", (context) =>
    context.json({ keys: [{ ...createPublicKey(key()).export({ format: "jwk" }), kid, alg: "RS256", use: "sig" }] }),
  );
  pages.get("/job/:job", (context) => {
    const run = state.workflowRuns.find(({ jobs }) => jobs.some(({ id }) => id === Number(context.req.param("job"))));
    const job = run?.jobs.find(({ id }) => id === Number(context.req.param("job")));
    const isAsked = context.req.header("authorization") === `Bearer ${job?.secret}`;
    if (run === undefined || job?.permissions["id-token"] !== "write" || !isAsked || job.status === "completed")
      return context.body(null, 401);
    const { repository } = run;
    const name = `${repository.owner.login}/${repository.name}`;
    const now = Math.floor(state.clock() / 1_000);
    const claims = {
      ...{ iss: `${state.url}${issuerPath}`, aud: context.req.query("audience") ?? state.url, sub: `repo:${name}` },
      ...{ iat: now, nbf: now - 60, exp: now + 300, repository: name, repository_id: String(repository.id) },
      ...{ run_id: String(run.id), run_attempt: String(run.attempt), event_name: run.event },
      ...{
        actor: run.actor.login,
        actor_id: String(run.actor.id),
        ref: `refs/heads/${run.headBranch}`,
        sha: run.headSha,
      },
      job_workflow_ref: `${name}/${run.path}@refs/heads/${run.headBranch}`,
      job_workflow_sha: run.headSha,
    };
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const signed = `${part({ alg: "RS256", typ: "JWT", kid })}.${part(claims)}`;
    return context.json({ value: `${signed}.${sign("RSA-SHA256", Buffer.from(signed), key()).toString("base64url")}` });
  });
  return pages;
}
