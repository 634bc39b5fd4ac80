import type { IncomingMessage } from "node:http";
import type { EmitterWebhookEvent, Webhooks } from "@octokit/webhooks";

/** The path of the service that takes webhooks. */
export const webhookPath = "/api/github/webhooks";

/** Why a request is no delivery of GitHub's: a status, and a line for whoever looks at the App's deliveries. */
export type Refusal = { status: number; line: string };

const headers = ["x-github-event", "x-github-delivery", "x-hub-signature-256"] as const;

/**
 * Reads a delivery from its request. The signature is checked over the body as it came, before anything reads it; the
 * event's name and id are in headers, which nobody signed. Of the body nothing is kept but what it holds: a thousand
 * deliveries may wait for the store.
 */
export async function readDelivery(
  request: IncomingMessage,
  webhooks: Webhooks,
): Promise<EmitterWebhookEvent | Refusal> {
  if (request.method !== "POST") return { status: 405, line: "Webhooks come by POST." };
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers["content-type"] ?? ""))
    return { status: 415, line: "Let the webhook's content type be application/json." };
  // One that is empty is missing too: the library fails on it.
  const missing = headers.filter((name) => !request.headers[name]);
  if (missing.length > 0) return { status: 400, line: `A delivery has these headers too: ${missing.join(", ")}.` };
  const [name, id, signature] = headers.map((header) => String(request.headers[header])) as [string, string, string];
  const body = await textOf(request);
  if (body === null) return { status: 400, line: "The body was cut off." };
  if (body === "" || !(await webhooks.verify(body, signature)))
    return {
      status: 400,
      line: "The signature does not fit the body: let the App's webhook secret be WEBHOOK_SECRET.",
    };
  const payload = objectIn(body);
  if (payload === null) return { status: 400, line: "The body is no JSON object." };
  // Whoever reads a part of it allows for its absence: GitHub adds events and forms of them.
  return { id, name, payload } as EmitterWebhookEvent;
}

/** The body of a request; null when it is cut off. */
function textOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.once("end", () => resolve(Buffer.concat(chunks.splice(0)).toString("utf8")));
    request.once("error", () => resolve(null));
    request.once("close", () => resolve(null));
  });
}

function objectIn(json: string): object | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
