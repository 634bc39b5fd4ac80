import { randomBytes } from "node:crypto";
import type { State } from "./memory.ts";
import type { Account, Installation, InstallationToken, Permissions, Repository } from "./model.ts";

const HOUR = 3_600_000;

/** Adds a person's token, for REST and for git. */
export function addUserToken(state: State, user: Account, token = secret("ghp_")): string {
  state.tokens.push({ kind: "user", token, user });
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

function secret(prefix: string): string {
  return prefix + randomBytes(27).toString("base64").replace(/[+/=]/g, "x");
}
