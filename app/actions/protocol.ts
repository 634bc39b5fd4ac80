import * as z from "zod";
import { ModelService } from "../../schemas/policy-agents.ts";

/** What runs of the workflow ask of the App: all of it below this path. */
export const runsPath = "/api/runs/";

/** Where a job proves who it is, where it gets its order, and where each service's client finds the App in its place. */
export const exchangePath = `${runsPath}token`;
export const orderPath = `${runsPath}order`;
export const modelBase: Readonly<Record<ModelService, string>> = {
  anthropic: "/api/runs",
  openai: "/api/runs/v1",
  google: "/api/runs",
};

/** A job's proof: the nonce of its run, and GitHub's signed word of which run it is. Anybody may send one. */
export const Proof = z.strictObject({ nonce: z.string().max(100), token: z.string().max(20_000) });

/** The App's answer to it: a token for this run's calls. */
export type Exchanged = { bearer: string };

/** What the program has to do: the pack's own bytes, so that their digest can be looked at, and who works with which model. */
export const Order = z.strictObject({
  pack: z.string(),
  tool: z.string(),
  service: ModelService,
  model: z.string(),
});
export type Order = z.infer<typeof Order>;
