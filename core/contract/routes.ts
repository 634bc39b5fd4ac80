import type { Policy } from "../../schemas/policy.ts";
import {
  type ActionsWorkflow,
  type Assignment,
  assignment,
  type Effort,
  type OwnAgent,
  ownAgentOf,
} from "../../schemas/policy-agents.ts";

/**
 * Who works on a prompt: a service and its model, how hard that thinks, the program that works instead of our agent, and
 * the workflow in whose run it does.
 */
export type Route = Assignment & { effort?: Effort; tool?: string; actions?: ActionsWorkflow };

/**
 * The route of a prompt: that of the run's choice, where it serves the role, or else the role's own. A policy's authors
 * wrote all of them; a run only chooses one by its name.
 */
export function routeOf({ agents }: Pick<Policy, "agents">, role: string, chosen?: string): Route {
  const serves = (one: { role?: string | undefined }) => one.role === undefined || one.role === role;
  const route =
    (chosen === undefined ? undefined : agents.routes.find((one) => one.name === chosen && serves(one))) ??
    agents.routes.find((one) => one.name === undefined && one.role === role);
  const effort = route?.effort ?? agents.effort;
  const actions = route?.backend === undefined ? undefined : agents.actions;
  return {
    ...assignment(agents, route?.use, route?.model),
    ...(effort === undefined ? {} : { effort }),
    ...(route?.tool === undefined ? {} : { tool: route.tool }),
    ...(actions === undefined ? {} : { actions }),
  };
}

type Routes = Pick<Policy, "agents" | "roles">;

/** The routes that serve the planner or the reviewer; `null`: the agents of diff prompts. */
function routesOf({ agents, roles }: Routes, agent: OwnAgent | null) {
  return agents.routes.filter((one) => ownAgentOf(one, roles) === agent);
}

/**
 * Who plans or reviews: by the route that was chosen, or else as the policy has it for every story. Null: that route is
 * there no more, and nobody else takes its place.
 */
export function routeOfOwn(
  policy: Routes,
  agent: OwnAgent,
  chosen?: string,
): (Assignment & { effort?: Effort }) | null {
  const { agents } = policy;
  const usual = agents[agent];
  const named = routesOf(policy, agent).find(({ name }) => name === chosen);
  if (chosen !== undefined && named === undefined) return null;
  const route = chosen === undefined ? (typeof usual === "string" ? { use: usual } : usual) : named;
  const effort = (route !== undefined && "effort" in route ? route.effort : undefined) ?? agents.effort;
  return { ...assignment(agents, route?.use, route?.model), ...(effort === undefined ? {} : { effort }) };
}

/** The routes that were chosen, by their names, or why that cannot be; nothing: each agent has its own. */
export type Chosen = { ok: true; route?: string; reviewer?: string } | { ok: false; why: string };

/** The route that was asked for, where it serves this agent, or else that of the first label of the issue. */
function choose(policy: Routes, agent: OwnAgent | null, labels: readonly string[], asked?: string): string | undefined {
  const routes = routesOf(policy, agent);
  const isAsked = asked !== undefined && routes.some(({ name }) => name === asked);
  return isAsked ? asked : routes.find(({ label }) => label !== undefined && labels.includes(label))?.name;
}

/** Why a name is none of these agents' routes; null: it is one, or none is asked for. */
function unserved(policy: Routes, served: readonly (OwnAgent | null)[], asked?: string): string | null {
  const names = new Set(served.flatMap((agent) => routesOf(policy, agent)).flatMap(({ name }) => name ?? []));
  if (asked === undefined || names.has(asked)) return null;
  const isPlan = served.includes("planner");
  const isOther = policy.agents.routes.some(({ name }) => name === asked);
  const named = [...names].map((name) => `\`${name}\``).join(", ") || "none";
  const other = `\`${asked}\` in \`agents.routes\` ${isPlan ? "does not plan" : "only plans"}`;
  const what = isOther ? other : `The policy has no route \`${asked}\` in \`agents.routes\``;
  return `${what}; routes for ${isPlan ? "plans" : "runs"}: ${named}.`;
}

/** Chooses the planner's route for a plan: what its person asked for, or else what a label of the issue says. */
export function planRoute(policy: Routes, labels: readonly string[], asked?: string): Chosen {
  const why = unserved(policy, ["planner"], asked);
  if (why !== null) return { ok: false, why };
  const route = choose(policy, "planner", labels, asked);
  return { ok: true, ...(route === undefined ? {} : { route }) };
}

/** Chooses the routes of a run, for its diff prompts and for its reviewer, in the same way. */
export function runRoutes(
  policy: Routes,
  labels: readonly string[],
  asked: { route?: string | undefined; reviewer?: string | undefined },
): Chosen {
  const served = [null, "reviewer"] as const;
  const why = unserved(policy, served, asked.route) ?? unserved(policy, served, asked.reviewer);
  if (why !== null) return { ok: false, why };
  const route = choose(policy, null, labels, asked.route);
  const reviewer = choose(policy, "reviewer", labels, asked.reviewer);
  return { ok: true, ...(route === undefined ? {} : { route }), ...(reviewer === undefined ? {} : { reviewer }) };
}

/**
 * The routes of another try: those of the run before, and none where that had none, whatever labels came since. A route
 * that is there no more, or serves others now, is replaced by nobody.
 */
export function keptRoutes(
  policy: Routes,
  { route, reviewer }: { route?: string | undefined; reviewer?: string | undefined },
): Chosen {
  const before = [
    [null, route],
    ["reviewer", reviewer],
  ] as const;
  for (const [agent, name] of before) {
    if (name === undefined || routesOf(policy, agent).some((one) => one.name === name)) continue;
    const why = `The run before was by the route \`${name}\`, which \`agents.routes\` has no more for that.`;
    return { ok: false, why: `${why} \`/run\` chooses anew.` };
  }
  return { ok: true, ...(route === undefined ? {} : { route }), ...(reviewer === undefined ? {} : { reviewer }) };
}
