/** An app's own view of its webhooks: what was delivered, and sending it again. */

import { deliveriesOf, redeliver } from "../changes/webhooks.ts";
import { accepted, ifFound, ok } from "../request/answer.ts";
import { appRoute, type Call } from "../request/route.ts";
import type { App } from "../state/model.ts";
import type { Delivery } from "../state/traffic.ts";

export const deliveryRoutes = [
  appRoute("GET /app/hook/config", (call) => {
    const { webhook } = call.app;
    const target = webhook === null ? {} : { url: webhook.url, secret: "********" };
    return ok({ ...target, content_type: "json", insecure_ssl: "0" });
  }),
  appRoute("GET /app/hook/deliveries", (call) => {
    const before = call.query.get("cursor");
    const size = Math.min(Number(call.query.get("per_page") ?? 30) || 30, 100);
    const all = deliveriesOf(call.state, call.app);
    const older = before === null ? all : all.filter(({ id }) => id < Number(before));
    const page = older.slice(0, size);
    const last = page.at(-1);
    if (last === undefined || older.length <= size) return ok(page.map(presentDelivery));
    const next = `${call.state.url}${call.path}?per_page=${size}&cursor=${last.id}`;
    return { ...ok(page.map(presentDelivery)), headers: { link: `<${next}>; rel="next"` } };
  }),
  appRoute("GET /app/hook/deliveries/:delivery", (call) =>
    ifFound(findDelivery(call), (delivery) =>
      ok({
        ...presentDelivery(delivery),
        url: delivery.target.webhook.url,
        request: { headers: delivery.requestHeaders, payload: JSON.parse(delivery.body) },
        response: { headers: delivery.responseHeaders, payload: delivery.responseBody },
      }),
    ),
  ),
  appRoute("POST /app/hook/deliveries/:delivery/attempts", (call) =>
    ifFound(findDelivery(call), (delivery) => {
      redeliver(call.state, delivery);
      return accepted();
    }),
  ),
];

function findDelivery(call: Call & { app: App }): Delivery | undefined {
  return deliveriesOf(call.state, call.app).find(({ id }) => id === Number(call.params.delivery));
}

/** GitHub's hook-delivery-item. */
function presentDelivery(delivery: Delivery) {
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: delivery.deliveredAt,
    redelivery: delivery.redelivery,
    duration: delivery.duration,
    status: delivery.status,
    status_code: delivery.statusCode,
    event: delivery.event,
    action: delivery.action,
    installation_id: delivery.installation?.id ?? null,
    repository_id: delivery.repository?.id ?? null,
    throttled_at: null,
  };
}
