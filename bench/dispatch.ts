/**
 * What lies between a label and the model, and between its answer and the pull request: the requests to GitHub, and our
 * own time as a share of the whole, with a model that takes a second for each answer.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { startModels } from "../app/demo/models.ts";
import { nextSecond } from "../app/demo/road.ts";
import { pullsOf } from "../sandbox/state/state.ts";
import { startJourney } from "../test/hosts/demo-world.ts";
import { approve, openStory } from "../test/hosts/story-steps.ts";
import { waitUntil } from "../test/hosts/until.ts";
import { atMost, printTable, type Row } from "./table.ts";

/** One request that went through, with its times in milliseconds; `end` is infinite while it is not answered. */
type Call = { what: string; start: number; end: number };

/** A server that passes everything on to another one and notes when; `delay` is how long each answer takes at least. */
async function between(target: string, delay = 0) {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    const call = { what: `${request.method} ${request.url}`, start: performance.now(), end: Number.POSITIVE_INFINITY };
    calls.push(call);
    const body = await buffer(request);
    call.what += ` ${body.toString("utf8").slice(0, 200)}`;
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers))
      if (typeof value === "string" && !/^(?:host|connection|content-length)$/.test(name)) headers.set(name, value);
    await sleep(delay);
    const { method = "GET" } = request;
    const given = await fetch(`${target}${request.url}`, {
      method,
      headers,
      redirect: "manual",
      ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
    });
    const kept = [...given.headers].filter(
      ([name]) => !/^(?:content-encoding|content-length|transfer-encoding)$/.test(name),
    );
    const text = Buffer.from(await given.arrayBuffer());
    call.end = performance.now();
    response.writeHead(given.status, Object.fromEntries(kept)).end(text);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, calls, close: () => server.close() };
}

const models = await startModels();
const model = await between(models.url, 1_000);
let github: Awaited<ReturnType<typeof between>> | undefined;
const journey = await startJourney({
  models: async () => ({ url: model.url, close: models.close }),
  async front(url) {
    github = await between(url);
    return github.url;
  },
});
if (github === undefined) throw new Error("the App asks nobody");
const asked = github.calls;
const pullsNow = () => journey.sandbox.state.repositories.reduce((sum, one) => sum + pullsOf(one).length, 0);

/** Waits until the App has asked nothing for a while, and a new second has begun. */
async function quiet(): Promise<void> {
  while (asked.some(({ start, end }) => end === Number.POSITIVE_INFINITY || start > performance.now() - 2_000))
    await sleep(50);
  await nextSecond();
}

/** Waits without asking anybody over HTTP. */
async function soon<T>(what: string, find: () => T | undefined): Promise<T> {
  for (let tries = 0; tries < 30_000; tries += 1) {
    const found = find();
    if (found !== undefined) return found;
    await sleep(2);
  }
  throw new Error(`${what} does not come`);
}
const rows: Row[] = [];

/** Calls of the ledger's export and for the hour's token, which serve all that was recorded meanwhile. */
const isApart = ({ what }: Call) =>
  /access_tokens|\/installations?\b|sallyport(?:%2F|\/)evidence|"path":"ledger\/|Ledger entries/.test(what);

/** The requests to GitHub that began in a span of time. */
const callsIn = (from: number, to: number) =>
  asked.filter((one) => one.start >= from && one.start < to && !isApart(one));

function tell(what: string, calls: Call[]): void {
  rows.push(atMost(`${what}: requests`, calls.length, 12, ""));
  if (process.argv.includes("--calls")) for (const call of calls) console.log(`  ${what}: ${call.what.slice(0, 100)}`);
}

/** The time in which at least one of these was under way, in milliseconds. */
function taken(calls: readonly Call[], from: number, to: number): number {
  let [sum, reached] = [0, from];
  for (const { start, end } of calls.toSorted((one, other) => one.start - other.start)) {
    const [begin, stop] = [Math.max(start, reached), Math.min(end, to)];
    if (stop > begin) [sum, reached] = [sum + stop - begin, stop];
  }
  return sum;
}

/** From an act to the first request to the model, and from its last answer to a pull request if one comes. */
async function dispatch(what: string, act: () => Promise<unknown>, opens: boolean): Promise<void> {
  const [before, pulls] = [model.calls.length, pullsNow()];
  await quiet();
  const start = performance.now();
  await act();
  const first = await soon("the model", () => model.calls[before]);
  tell(`${what}, label to model`, callsIn(start, first.start));
  if (!opens) return;
  await soon("the pull request", () => pullsNow() > pulls || undefined);
  const end = performance.now();
  const last = model.calls.slice(before).reduce((latest, { end: one }) => Math.max(latest, one), 0);
  tell(`${what}, answer to pull request`, callsIn(last, end));
  const other = taken([...model.calls, ...asked], start, end);
  const share = (100 * (end - start - other)) / (end - start);
  rows.push(atMost(`${what}: our own time of ${((end - start) / 1_000).toFixed(1)} s`, share, 20, "%"));
}

const { lena, seen } = journey;
const small = await lena.openIssue("Say where the greeting comes from", "A short README names the module.", []);
await dispatch("light tier", () => lena.label(small, "ai:run"), true);
const { story } = await openStory(journey);
await dispatch("plan", () => lena.label(story, "ai:plan"), false);
const digest = await waitUntil("the plan", async () =>
  /^\/approve ([0-9a-f]{64})$/m.exec((await seen.comments(story)).join("\n")),
);
await approve(journey, story, digest[1] ?? "");
await dispatch("full road", () => lena.label(story, "ai:run"), true);
if (!printTable("from a label to a pull request", rows)) process.exitCode = 1;
await journey.close();
github.close();
model.close();
