/** A process of its own that holds what tests watched against GitHub's descriptions: they are large, and are read once for all tests. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { type Exchange, validateExchange } from "./openapi.ts";
import { validateWebhook } from "./webhooks.ts";

type Watched = { exchanges: Exchange[]; webhooks: { event: string; payload: unknown }[] };

const server = createServer(async (request, response) => {
  const { exchanges, webhooks } = (await json(request)) as Watched;
  const problems = [
    ...exchanges.flatMap(validateExchange),
    ...webhooks.flatMap(({ event, payload }) => validateWebhook(event, payload)),
  ];
  response.end(JSON.stringify([...new Set(problems)]));
});

server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
// Whoever started it is gone.
process.on("disconnect", () => process.exit());
