/** Applies ordered faults to answers. */
import type { ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Answer, refused } from "../request/answer.ts";
import type { RequestFault } from "../state/faults.ts";

/** The answer of a fault that skips the work. */
export function faultAnswer(fault: RequestFault | undefined): Answer | undefined {
  if (fault?.kind === "status" && !fault.after) return refused(fault.status, "Server Error");
  if (fault?.kind !== "secondary_limit") return undefined;
  const message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
  return { ...refused(403, message), headers: { "retry-after": String(fault.retry_after) } };
}

/** Applies a fault to an answer after the work was done. A truncated page has no link to the next one. */
export function applyFault(fault: RequestFault | undefined, answer: Answer): Answer {
  if (fault?.kind === "status" && fault.after) return refused(fault.status, "Server Error");
  if (fault?.kind === "graphql_error") return withError(answer);
  if (fault?.kind !== "cut_page" || typeof answer.body !== "object" || answer.body === null) return answer;
  if (Array.isArray(answer.body)) return { status: answer.status, body: firstHalf(answer.body) };
  const fields = Object.entries(answer.body).map(([name, value]) => [
    name,
    Array.isArray(value) ? firstHalf(value) : value,
  ]);
  return { status: answer.status, body: Object.fromEntries(fields) };
}

/** Adds the error that GitHub gives for a query that it could not answer in full. */
function withError(answer: Answer): Answer {
  const errors = [{ message: "Something went wrong while executing your query on the server." }];
  return { ...answer, body: { ...Object(answer.body), errors } };
}

/** Sends the first half of a body and breaks the connection. */
export async function breakConnection(outgoing: ServerResponse, response: Response): Promise<Response> {
  const body = Buffer.from(await response.arrayBuffer());
  response.headers.set("content-length", String(body.length));
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  await new Promise((resolve) => outgoing.write(body.subarray(0, body.length / 2), resolve));
  outgoing.destroy();
  return RESPONSE_ALREADY_SENT;
}

function firstHalf(items: unknown[]): unknown[] {
  return items.slice(0, Math.floor(items.length / 2));
}
