import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { State } from "./memory.ts";
import type { Account, App, Installation, InstallationToken, Permissions, Repository } from "./model.ts";
import { identify, now } from "./state.ts";

const HOUR = 3_600_000;

/** Adds a person's token, for REST and for git. */
export function addUserToken(state: State, user: Account, token = secret("ghp_")): string {
  state.tokens.push({ kind: "user", token, user });
  return token;
}

/** Creates a person's token for an App that they signed in by. */
export function addSignInToken(state: State, user: Account, app: App): string {
  const token = secret("ghu_");
  state.tokens.push({ kind: "user", token, user, app });
  return token;
}

/** Creates a token of an installation, valid for an hour. */
export function addInstallationToken(
  state: State,
  installation: Installation,
  permissions: Permissions,
  repositories: Repository[] | null,
): InstallationToken {
  const token: InstallationToken = {
    kind: "installation",
    token: secret("ghs_"),
    installation,
    permissions,
    repositories,
    expiresAt: state.clock() + HOUR,
  };
  state.tokens.push(token);
  return token;
}

/** What the control `/_sandbox/job-tokens` takes: the permissions as a workflow writes them. */
export const jobOrder = z.strictObject({
  repository: z.string(),
  permissions: z.record(z.string(), z.enum(["read", "write"])),
  /** The job is about a pull request from a fork, on an event that runs the fork's workflow file: it only reads. */
  from_fork: z.boolean().default(false),
});

/** Creates the token of a job of GitHub Actions: what it makes is by that app. Source: GitHub docs, "GITHUB_TOKEN". */
export function addJobToken(
  state: State,
  repository: Repository,
  { permissions, from_fork: fromFork }: z.output<typeof jobOrder>,
): InstallationToken {
  const app = state.apps.find(({ slug }) => slug === "github-actions");
  if (app === undefined) throw new Error("the sandbox has no app github-actions");
  const held = Object.entries(permissions).map(([name, level]) => [
    name.replaceAll("-", "_"),
    fromFork ? ("read" as const) : level,
  ]);
  const installation = {
    id: identify(state, "IN").id,
    app,
    account: repository.owner,
    repositories: [repository],
    createdAt: now(state),
  };
  return addInstallationToken(state, installation, { metadata: "read", ...Object.fromEntries(held) }, [repository]);
}

function secret(prefix: string): string {
  return prefix + randomBytes(27).toString("base64").replace(/[+/=]/g, "x");
}
