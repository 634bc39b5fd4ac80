/** Watches a running sandbox and holds all that it receives, answers and sends against GitHub's descriptions. */
import type { Exchange } from "./openapi.ts";

/** The part of a sandbox that is watched. */
export type Watched = {
  onExchange: (listener: (exchange: Exchange) => void) => void;
  onWebhook: (listener: (webhook: { event: string; payload: unknown }) => void) => void;
};

export type Watch = {
  exchanges: Exchange[];
  webhooks: { event: string; payload: unknown }[];
  /** Each problem once, in the order of its first appearance. */
  problems: () => Promise<string[]>;
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
  const problems = async () => {
    const body = JSON.stringify({ exchanges, webhooks });
    const answer = await fetch(judge(), { method: "POST", body });
    if (!answer.ok) throw new Error(`the judge of conformance answered ${answer.status}`);
    return (await answer.json()) as string[];
  };
  return { exchanges, webhooks, problems };
}

/** Fails with one line per problem, and fails as well when nothing at all was watched. */
export async function expectConformance(watch: Watch): Promise<void> {
  const nothing = watch.exchanges.length === 0 ? ["nothing was watched: no exchange reached the sandbox"] : [];
  const problems = [...nothing, ...(await watch.problems())];
  if (problems.length > 0) {
    throw new Error(`${problems.length} differences from GitHub's descriptions:\n  ${problems.join("\n  ")}`);
  }
}

/** Where `start.ts` started the judge. */
function judge(): string {
  const url = process.env.CONFORMANCE_URL;
  if (url === undefined) throw new Error("CONFORMANCE_URL is not set: Jest's global setup sets it");
  return url;
}
