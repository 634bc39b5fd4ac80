/** The hourly budget of each token, reported in GitHub's x-ratelimit headers. */

import type { State } from "../state/memory.ts";
import type { Caller } from "./caller.ts";

const HOUR = 3_600_000;

export type Rate = { limit: number; remaining: number; reset: number; used: number };

/** Takes `cost` from the caller's budget and returns what is left; `reset` is in seconds since 1970. */
export function chargeRate(state: State, caller: Caller, cost: number): Rate {
  const key = keyOf(caller);
  const present = state.clock();
  const known = state.rates.get(key);
  const rate = known === undefined || known.reset <= present ? { used: 0, reset: present + HOUR } : known;
  rate.used += cost;
  state.rates.set(key, rate);
  const limit = caller.kind === "nobody" ? 60_000 : 5_000;
  return { limit, remaining: Math.max(0, limit - rate.used), reset: Math.floor(rate.reset / 1000), used: rate.used };
}

export function rateHeaders(rate: Rate): Record<string, string> {
  return {
    "x-ratelimit-limit": String(rate.limit),
    "x-ratelimit-remaining": String(rate.remaining),
    "x-ratelimit-reset": String(rate.reset),
    "x-ratelimit-used": String(rate.used),
    "x-ratelimit-resource": "core",
  };
}

function keyOf(caller: Caller): string {
  switch (caller.kind) {
    case "nobody":
      return "nobody";
    case "user":
      return `user ${caller.user.id}`;
    case "app":
      return `app ${caller.app.id}`;
    case "installation":
      return `installation ${caller.token.installation.id}`;
  }
}
