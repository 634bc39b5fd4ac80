import type { Endpoints, RequestInterface } from "@octokit/types";
import { ignoreStatus } from "../github/requests.ts";

/** Clients of the App itself: one that reads, and one that only has deliveries sent again. */
export type DeliveryClients = { asApp: RequestInterface; redeliverer: RequestInterface };

/** The most deliveries that are looked through, and that are sent again, by one sweep. */
const most = { pages: 10, sent: 100 } as const;

/**
 * Has GitHub send again what it could not deliver since a time: each delivery once, the oldest first. What reached us
 * after all is known by its id. What we refused (4xx) would be refused again. Returns how many, and whether none is left.
 * Source: GitHub docs, "Handling failed webhook deliveries".
 */
export async function redeliverFailed(
  { asApp, redeliverer }: DeliveryClients,
  since: Date,
): Promise<{ sent: number; isAll: boolean }> {
  const failed = new Map<string, number | bigint>();
  const attempts = new Map<string, number>();
  let cursor: string | null = null;
  let isAll = false;
  for (let page = 0; page < most.pages && !isAll; page++) {
    const { data, headers }: Endpoints["GET /app/hook/deliveries"]["response"] = await asApp(
      "GET /app/hook/deliveries",
      {
        per_page: 100,
        ...(cursor === null ? {} : { cursor }),
      },
    );
    // The newest come first.
    for (const { id, guid, delivered_at: at, status_code: status, redelivery } of data) {
      isAll = new Date(at) < since;
      if (isAll) break;
      attempts.set(guid, (attempts.get(guid) ?? 0) + 1);
      if (!redelivery && (status === 0 || status >= 500)) failed.set(guid, id);
    }
    cursor = /[?&]cursor=([^&>]+)[^>]*>;\s*rel="next"/.exec(headers.link ?? "")?.[1] ?? null;
    isAll ||= cursor === null;
  }
  const once = [...failed].reverse().filter(([guid]) => attempts.get(guid) === 1);
  const now = once.slice(0, most.sent);
  for (const [, id] of now) {
    // An id may be too large for a number; Octokit sends it either way.
    const sending = redeliverer("POST /app/hook/deliveries/{delivery_id}/attempts", { delivery_id: id as number });
    // One that GitHub has forgotten does not keep the others.
    await ignoreStatus(sending, 404);
  }
  return { sent: now.length, isAll: isAll && now.length === once.length };
}
