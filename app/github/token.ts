import type { Use } from "./allowed-calls.ts";
import { limitOf } from "./rate-limit.ts";

/** A minted installation token, with its expiry as RFC 3339. */
export type Minted = { token: string; expiresAt: string };

// All permissions that our tokens can have, requested at each minting: the App's own permissions may be wider.
const permissions = {
  read: {
    actions: "read",
    checks: "read",
    contents: "read",
    issues: "read",
    members: "read",
    metadata: "read",
    pull_requests: "read",
  },
  write: { checks: "write", contents: "write", issues: "write", metadata: "read", pull_requests: "write" },
} as const;

/**
 * The permissions of a token. An installation on a person's account has no members to read, one that is older than the
 * permission for artifacts has it only once its owner has accepted it, and only some may start workflows: GitHub refuses
 * a token that asks for more.
 */
export function permissionsFor(
  use: Use,
  { actions, hasMembers }: { actions: "read" | "write" | null; hasMembers: boolean },
) {
  if (use === "write") return { ...permissions.write, ...(actions === "write" ? { actions } : {}) };
  const { actions: read, members, ...others } = permissions.read;
  return { ...others, ...(actions === null ? {} : { actions: read }), ...(hasMembers ? { members } : {}) };
}

/** How long before its expiry a token is replaced, in milliseconds. */
const tokenMargin = 5 * 60_000;

/** A cached token. `forget` drops one that was refused. */
export type KeptToken = { get(): Promise<string>; forget(): void };

/** Caches a token, and mints a new one if it was refused or expires within five minutes. */
export function keepToken(mint: () => Promise<Minted>): KeptToken {
  let kept: Promise<Minted> | null = null;
  return {
    async get() {
      const before = kept;
      if (before !== null) {
        const old = await before;
        if (Date.parse(old.expiresAt) - Date.now() > tokenMargin) return old.token;
      }
      // Of those who waited, the first mints.
      if (kept === null || kept === before) {
        const fresh = mint();
        kept = fresh;
        fresh.catch(() => {
          if (kept === fresh) kept = null;
        });
      }
      return (await kept).token;
    },
    forget() {
      kept = null;
    },
  };
}

/**
 * Mints a token; null if the installation gives none: it has not the repository, lacks a permission, is suspended or
 * gone. A rate limit says none of these. Source: GitHub docs, "Create an installation access token".
 */
export async function mintIfThere(mint: () => Promise<Minted>): Promise<Minted | null> {
  try {
    return await mint();
  } catch (error) {
    const status = error instanceof Error && "status" in error ? error.status : null;
    if (limitOf(error, new Date()) !== null) throw error;
    if (status === 403 || status === 404 || status === 422) return null;
    throw error;
  }
}
