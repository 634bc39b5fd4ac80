/** Watches a running sandbox and holds all that it receives, answers and sends against GitHub's descriptions. */
import { type Exchange, validateExchange } from "./openapi.ts";
import { validateWebhook } from "./webhooks.ts";

/** The part of a sandbox that is watched. */
export type Watched = {
  onExchange: (listener: (exchange: Exchange) => void) => void;
  onWebhook: (listener: (webhook: { event: string; payload: unknown }) => void) => void;
};

export type Watch = {
  exchanges: Exchange[];
  webhooks: { event: string; payload: unknown }[];
  /** Each problem once, in the order of its first appearance. */
  problems: () => string[];
};

/**
 * git over HTTP, sign-in pages and the sandbox's own controls are no part of the described API. GraphQL has a description
 * of its own, and the sandbox refuses every query that does not fit it.
 */
const OUTSIDE =
  /^\/(_sandbox(\/|$)|(api\/(v3\/)?)?graphql$|login\/|[^/]+\/[^/]+\/(info\/refs|git-upload-pack|git-receive-pack)$)/;

/** Starts watching; what came before is not seen. Bodies are copied, since the sandbox may change its state later. */
export function watchSandbox(sandbox: Watched): Watch {
  const exchanges: Exchange[] = [];
  const webhooks: { event: string; payload: unknown }[] = [];
  sandbox.onExchange((exchange) => {
    if (!OUTSIDE.test(exchange.path)) exchanges.push(structuredClone(exchange));
  });
  sandbox.onWebhook((webhook) => webhooks.push(structuredClone(webhook)));
  const problems = () => [
    ...new Set([
      ...exchanges.flatMap(validateExchange),
      ...webhooks.flatMap(({ event, payload }) => validateWebhook(event, payload)),
    ]),
  ];
  return { exchanges, webhooks, problems };
}

/** Fails with one line per problem, and fails as well when nothing at all was watched. */
export function expectConformance(watch: Watch): void {
  const nothing =
    watch.exchanges.length === 0 ? ["nothing was watched: no exchange reached the sandbox"] : [];
  const problems = [...nothing, ...watch.problems()];
  if (problems.length > 0) {
    throw new Error(`${problems.length} differences from GitHub's descriptions:\n  ${problems.join("\n  ")}`);
  }
}
