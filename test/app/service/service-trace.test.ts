import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { traceOf } from "../../../app/settings/tracing.ts";
import { startTestService, type TestService } from "../../hosts/app.ts";
import type { Json } from "../../hosts/store-and-github.ts";
import { waitUntil } from "../../hosts/until.ts";

type Span = { name: string; traceId: string; spanId: string; parentSpanId?: string };
const spans: Span[] = [];
const headers: (string | undefined)[] = [];
/** What receives traces, as OpenTelemetry's collector does. */
const collector = createServer(async (request, response) => {
  headers.push(request.headers.authorization);
  const { resourceSpans } = (await json(request)) as Json;
  for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans);
  response.writeHead(200, { "content-type": "application/json" }).end("{}");
});

let site: TestService;
beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
  site = await startTestService({
    policy: 'people: { planners: ["@lena"] }\n',
    config: { tracing: { url, headers: { authorization: "Bearer of-traces" }, service: "sallyport" } },
  });
}, 120_000);
afterAll(() => void collector.close());

test("one trace leads from a delivery to its look and on to the check", async () => {
  const main = await site.as("lena", "GET", "git/ref/heads/main");
  await site.as("lena", "POST", "git/refs", { ref: "refs/heads/more", sha: main.object.sha });
  await site.as("lena", "PUT", "contents/more.md", { message: "m", content: "eA==", branch: "more" });
  await site.rest();
  const pull = await site.as("lena", "POST", "pulls", { title: "More", head: "more", base: "main" });
  await waitUntil("the check", async () => site.checkOn(pull.head.sha)?.status === "completed");
  const delivery = site.sandbox.state.deliveries.find((one) => one.event === "pull_request" && one.action === "opened");
  // The comment comes after the check: a service told to stop in between leaves it to the next one.
  await waitUntil("the comment's span", async () => spans.some(({ name }) => name === "effect ensure-sticky"));
  await site.close();
  const { traceId, spanId } = traceOf(delivery?.guid ?? "");
  expect(traceId).toBe(delivery?.guid.replaceAll("-", ""));
  const trace = spans.filter((span) => span.traceId === traceId);
  const first = trace.filter((span) => span.spanId === spanId);
  expect(first.map(({ name, parentSpanId }) => [name, parentSpanId ?? ""])).toEqual([["delivery pull_request", ""]]);
  const rest = trace.filter((span) => span.spanId !== spanId);
  expect(new Set(rest.map(({ name }) => name))).toEqual(
    new Set(["look job", "perform job", "effect ensure-check", "effect ensure-sticky", "export job"]),
  );
  expect(new Set(rest.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([spanId]));
  expect(new Set(headers)).toEqual(new Set(["Bearer of-traces"]));
}, 90_000);

test.each([
  ["a delivery's id", "0b7f1f36-3c2e-4b7e-9d8a-0123456789ab", "0b7f1f363c2e4b7e9d8a0123456789ab"],
  ["what somebody sent as one", "../x", undefined],
  ["nothing but zeros, which is no trace's id", "00000000-0000-0000-0000-000000000000", undefined],
])("%s makes a valid trace", (_, cause, wanted) => {
  const { traceId, spanId } = traceOf(cause);
  expect([traceId, spanId]).toEqual([
    expect.stringMatching(/^(?!0+$)[0-9a-f]{32}$/),
    expect.stringMatching(/^[0-9a-f]{16}$/),
  ]);
  if (wanted !== undefined) expect(traceId).toBe(wanted);
});
