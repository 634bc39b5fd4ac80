/** Identifies the caller by the Authorization header alone. */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import type { State } from "../state/memory.ts";
import type { Account, App, InstallationToken } from "../state/model.ts";
import { type Answer, refused } from "./answer.ts";

export type Caller =
  | { kind: "nobody" }
  | { kind: "user"; user: Account; token: string; app: App | null }
  | { kind: "app"; app: App }
  | { kind: "installation"; token: InstallationToken };

/** The longest lifetime that GitHub allows for an app's JWT, in seconds. */
const JWT_LIFE = 600;
/** The accepted clock drift, in seconds. */
const JWT_DRIFT = 60;

/** The caller, or a 401 for a wrong credential. Without a credential the caller is nobody. */
export function identifyCaller(state: State, authorization: string | undefined): Caller | Answer {
  if (authorization === undefined) return { kind: "nobody" };
  const [, scheme = "", credential = ""] = /^(\S+)\s+(\S+)\s*$/.exec(authorization) ?? [];
  switch (scheme.toLowerCase()) {
    case "bearer":
      return credential.split(".").length === 3 ? byJwt(state, credential) : byToken(state, credential);
    case "token":
      return byToken(state, credential);
    case "basic":
      return byToken(state, passwordOf(credential));
    default:
      return refused(401, "Bad credentials");
  }
}

/** The account in whose name the caller acts; null for nobody and for an app with only its JWT. */
export function actorOf(caller: Caller): Account | null {
  if (caller.kind === "user") return caller.user;
  return caller.kind === "installation" ? caller.token.installation.app.bot : null;
}

/** The app behind an installation's token or that of a person who signed in by it, for `performed_via_github_app`. */
export function appOf(caller: Caller): App | null {
  if (caller.kind === "user") return caller.app;
  return caller.kind === "installation" ? caller.token.installation.app : null;
}

function byToken(state: State, credential: string): Caller | Answer {
  const token = state.tokens.find((known) => known.token === credential);
  if (token === undefined || credential === "") return refused(401, "Bad credentials");
  if (token.kind === "user") return { kind: "user", user: token.user, token: token.token, app: token.app ?? null };
  if (token.expiresAt <= state.clock()) return refused(401, "Bad credentials");
  return { kind: "installation", token };
}

/** git sends a token as the password with any user name, or as the user name alone. */
function passwordOf(credential: string): string {
  const [name = "", ...rest] = Buffer.from(credential, "base64").toString("utf8").split(":");
  const password = rest.join(":");
  return password === "" || password === "x-oauth-basic" ? name : password;
}

function byJwt(state: State, jwt: string): Caller | Answer {
  const [header = "", payload = "", signature = ""] = jwt.split(".");
  const claims = decode(payload);
  const app = state.apps.find(({ id, slug }) => String(id) === String(claims.iss) || slug === claims.iss);
  if (decode(header).alg !== "RS256" || app === undefined || app.publicKey === null) return undecodable();
  const signed = verify(
    "sha256",
    Buffer.from(`${header}.${payload}`),
    app.publicKey,
    Buffer.from(signature, "base64url"),
  );
  if (!signed) return undecodable();
  const now = Math.floor(state.clock() / 1000);
  const { exp, iat } = claims;
  if (typeof exp !== "number" || exp <= now) {
    return refused(401, "'Expiration time' claim ('exp') must be a numeric value representing a future time");
  }
  if (typeof iat !== "number" || iat > now + JWT_DRIFT) {
    return refused(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  }
  if (exp > now + JWT_LIFE + JWT_DRIFT || exp - iat > JWT_LIFE + JWT_DRIFT) {
    return refused(401, "'Expiration time' claim ('exp') is too far in the future");
  }
  return { kind: "app", app };
}

function undecodable(): Answer {
  return refused(401, "A JSON web token could not be decoded");
}

function decode(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
  } catch {
    return {};
  }
}

/** The public half of an app's private key in PEM. */
export function publicKeyOf(privateKey: string): KeyObject {
  return createPublicKey(privateKey);
}
