import type { Policy } from "../../schemas/policy.ts";
import { type ActionsWorkflow, type Assignment, assignment, type Effort } from "../../schemas/policy-agents.ts";

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

/** The route of a run by its name, or why there is none; nothing: each role has its own. */
export type Chosen = { ok: true; route?: string } | { ok: false; why: string };

/** Chooses the route of a run: what its person asked for, or else what a label of the issue says. */
export function chooseRoute({ agents }: Pick<Policy, "agents">, labels: readonly string[], asked?: string): Chosen {
  const { routes } = agents;
  const route = asked ?? routes.find(({ label }) => label !== undefined && labels.includes(label))?.name;
  if (route === undefined) return { ok: true };
  const names = [...new Set(routes.flatMap(({ name }) => name ?? []))];
  if (names.includes(route)) return { ok: true, route };
  const named = names.map((name) => `\`${name}\``).join(", ") || "none";
  return { ok: false, why: `The policy has no route \`${route}\` in \`agents.routes\`; it has: ${named}.` };
}
