/**
 * The sandbox's own controls under `/_sandbox`: they need no token, and like the server they listen on loopback only.
 */
import { Hono } from "hono";
import { z } from "zod";
import { installApp, uninstallApp } from "../changes/installations.ts";
import { enterQueue } from "../changes/merge-queue.ts";
import { addArtifact, artifactOrder } from "../endpoints/artifacts.ts";
import { addFault, faultSchema } from "../state/faults.ts";
import type { State } from "../state/memory.ts";
import { findAccount, findPull, findRepository } from "../state/state.ts";
import { addJobToken, jobOrder } from "../state/tokens.ts";
import { settled } from "../state/work.ts";
import type { ServedRequest } from "./rest.ts";

const queueOrder = z.strictObject({ repository: z.string(), pulls: z.array(z.number().int().positive()).min(1) });

const installOrder = z.strictObject({ app: z.string(), repositories: z.array(z.string()).min(1), by: z.string() });

export function controls(state: State, requests: ServedRequest[]): Hono {
  const control = new Hono();
  control.get("/requests", (context) => context.json(requests));
  control.delete("/requests", (context) => {
    requests.length = 0;
    return context.body(null, 204);
  });
  control.get("/faults", (context) => context.json(state.faults));
  control.post("/faults", async (context) => {
    const order = faultSchema.safeParse(await context.req.json().catch(() => undefined));
    if (!order.success) {
      const [issue] = order.error.issues;
      return context.json({ message: `fault: ${issue?.path.join(".")} ${issue?.message}` }, 422);
    }
    addFault(state.faults, order.data);
    return context.json(order.data, 201);
  });
  control.delete("/faults", (context) => {
    state.faults = [];
    return context.body(null, 204);
  });
  /** Adds pull requests to the merge queue of their branch, as one group. */
  control.post("/merge-queue", async (context) => {
    const order = queueOrder.safeParse(await context.req.json().catch(() => undefined));
    if (!order.success) {
      const [issue] = order.error.issues;
      return context.json({ message: `merge queue: ${issue?.path.join(".")} ${issue?.message}` }, 422);
    }
    const [owner = "", name = ""] = order.data.repository.split("/");
    const repository = findRepository(state, owner, name);
    if (repository === undefined) return context.json({ message: "there is no such repository" }, 422);
    const pulls = order.data.pulls.map((number) => findPull(repository, number));
    if (pulls.includes(undefined)) return context.json({ message: "there is no such pull request" }, 422);
    const group = await enterQueue(
      state,
      repository,
      pulls.filter((pull) => pull !== undefined),
    );
    if (typeof group === "string") return context.json({ message: group }, 422);
    return context.json({ head_ref: group.ref, head_sha: group.head, base_sha: group.base }, 201);
  });
  /** Installs an App on repositories of one account, as a person does on GitHub's page. */
  control.post("/installations", async (context) => {
    const order = installOrder.safeParse(await context.req.json().catch(() => undefined));
    const app = state.apps.find(({ slug }) => slug === order.data?.app);
    const actor = findAccount(state, order.data?.by ?? "");
    const found = (order.data?.repositories ?? []).flatMap((full) => {
      const [owner = "", name = ""] = full.split("/");
      return findRepository(state, owner, name) ?? [];
    });
    if (app === undefined || actor === undefined || found.length === 0)
      return context.json({ message: "name an app, repositories and who installs it" }, 422);
    installApp(state, app, found, actor);
    return context.body(null, 204);
  });
  /** Uninstalls an App from its account, as a person does on GitHub's page. */
  control.delete("/installations/:app", (context) => {
    const found = state.installations.find(({ app }) => app.slug === context.req.param("app"));
    if (found === undefined) return context.notFound();
    uninstallApp(state, found, found.account);
    return context.body(null, 204);
  });
  /** Adds an artifact, as if a run of a workflow had uploaded it. */
  control.post("/artifacts", async (context) => {
    const order = artifactOrder.safeParse(await context.req.json().catch(() => undefined));
    const [owner = "", name = ""] = order.data?.repository.split("/") ?? [];
    const repository = findRepository(state, owner, name);
    if (!order.success || repository === undefined)
      return context.json({ message: "name a repository, an artifact, its workflow and the commit" }, 422);
    return context.json({ id: addArtifact(state, repository, order.data).id }, 201);
  });
  /** A job's token, as GitHub Actions makes it for a run of a workflow. */
  control.post("/job-tokens", async (context) => {
    const order = jobOrder.safeParse(await context.req.json().catch(() => undefined));
    const [owner = "", name = ""] = order.data?.repository.split("/") ?? [];
    const repository = findRepository(state, owner, name);
    if (!order.success || repository === undefined)
      return context.json({ message: "name a repository and the permissions of the job" }, 422);
    return context.json({ token: addJobToken(state, repository, order.data).token }, 201);
  });
  /** An artifact's archive, where GitHub's answer leads to. */
  control.get("/artifacts/:repository/:artifact", (context) => {
    const repository = state.repositories.find(({ id }) => id === Number(context.req.param("repository")));
    const artifact = repository?.artifacts.find(({ id }) => id === Number(context.req.param("artifact")));
    return artifact === undefined ? context.body(null, 404) : context.body(Buffer.from(artifact.zip, "base64"));
  });
  /** The log of a job, where GitHub's answer leads to: elsewhere, for whoever has the address. */
  control.get("/logs/:repository/:job", (context) => {
    const repository = state.repositories.find(({ id }) => id === Number(context.req.param("repository")));
    const job = repository?.runs.find(({ id }) => id === Number(context.req.param("job")));
    return job === undefined ? context.body(null, 404) : context.text(job.log);
  });
  /** Answers when every webhook has been delivered and every simulated check has reported. */
  control.get("/settled", async (context) => {
    await settled(state);
    return context.body(null, 204);
  });
  return control;
}
