import { createPublicKey, verify } from "node:crypto";
import * as z from "zod";
import { messageOf, SallyportError } from "../../core/errors.ts";
import { type Known, known, unknown } from "../../core/known.ts";

/** What GitHub says of a job that asked it for a proof of who it is; all of it is text. */
const Claims = z.object({
  iss: z.string(),
  aud: z.string(),
  exp: z.number(),
  nbf: z.number(),
  repository: z.string(),
  repository_id: z.string(),
  run_id: z.string(),
  run_attempt: z.string(),
  event_name: z.string(),
  actor_id: z.string(),
  job_workflow_ref: z.string(),
  job_workflow_sha: z.string(),
});
export type Claims = z.infer<typeof Claims>;

const Header = z.object({ alg: z.literal("RS256"), kid: z.string() });
const Key = z.object({ kid: z.string(), kty: z.literal("RSA"), n: z.string(), e: z.string() });
const Keys = z.object({ keys: z.array(Key.or(z.unknown())) });

/**
 * How far two clocks may be apart, in seconds; how long keys are kept, how soon they are asked for again for a key that is
 * not among them, and how long they may take to come, in milliseconds.
 */
const limits = { skew: 60, kept: 600_000, again: 30_000, timeout: 10_000 } as const;

/** Who signs for the jobs of a GitHub, beside its REST API. Source: GitHub docs, "OpenID Connect reference". */
export function issuerOf(apiUrl: string): string {
  const { origin, host, protocol } = new URL(apiUrl);
  if (host === "api.github.com") return "https://token.actions.githubusercontent.com";
  const [, ours] = /^api\.([\w-]+\.ghe\.com)$/.exec(host) ?? [];
  return ours === undefined ? `${origin}/_services/token` : `${protocol}//token.actions.${ours}`;
}

/**
 * Makes the check of a job's proof: GitHub signed it, for us, and it is good now. What it claims is only GitHub's word on
 * which job asked; whether that job is one of ours is for the caller to see. Throws while GitHub's keys cannot be read.
 */
export function createIdentityCheck(issuer: string, audience: string, now: () => Date) {
  let kept: { keys: z.infer<typeof Key>[]; at: number } | null = null;
  const keyOf = async (kid: string): Promise<z.infer<typeof Key> | null> => {
    const found = kept?.keys.find((one) => one.kid === kid) ?? null;
    // Anybody may send a token of any key, and none makes us ask GitHub more often than this.
    const enough = found === null ? limits.again : limits.kept;
    const age = now().getTime() - (kept?.at ?? 0);
    // A clock that was put back tells nothing of how old they are.
    if (kept !== null && age >= 0 && age < enough) return found;
    const answer = await fetch(`${issuer}/.well-known/jwks`, {
      redirect: "error",
      signal: AbortSignal.timeout(limits.timeout),
    });
    if (!answer.ok) throw new Error(`${issuer} gives no keys (${answer.status})`);
    const { keys } = Keys.parse(await answer.json());
    kept = { keys: keys.flatMap((one) => Key.safeParse(one).data ?? []), at: now().getTime() };
    return kept.keys.find((one) => one.kid === kid) ?? null;
  };
  return async (token: string): Promise<Known<Claims>> => {
    const [head = "", body = "", signature = "", more] = token.split(".");
    const header = Header.safeParse(jsonIn(head));
    if (!header.success || more !== undefined) return unknown("it is no token that GitHub signs");
    const key = await keyOf(header.data.kid).catch((cause: unknown) => {
      throw new SallyportError("github", `GitHub's keys could not be read: ${messageOf(cause)}`, {
        retry: true,
        cause,
      });
    });
    try {
      if (key === null) return unknown("GitHub has no such key");
      const pem = createPublicKey({ key, format: "jwk" });
      if (!verify("RSA-SHA256", Buffer.from(`${head}.${body}`), pem, Buffer.from(signature, "base64url")))
        return unknown("GitHub did not sign it");
    } catch (error) {
      return unknown(`it could not be checked: ${messageOf(error)}`);
    }
    const claims = Claims.safeParse(jsonIn(body));
    if (!claims.success) return unknown("it lacks what a job's token says");
    const { iss, aud, exp, nbf } = claims.data;
    const seconds = now().getTime() / 1_000;
    if (iss !== issuer || aud !== audience) return unknown("it was made for somebody else");
    if (nbf > seconds + limits.skew || exp < seconds - limits.skew) return unknown("it is not good now");
    return known(claims.data);
  };
}

function jsonIn(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
  } catch {
    return null;
  }
}
