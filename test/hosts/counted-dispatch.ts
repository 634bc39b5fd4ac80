/** A journey whose requests to GitHub and to the model are counted: from a label to the model, and on to the pull request. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { startModels } from "../../app/demo/models.ts";
import { nextSecond } from "../../app/demo/road.ts";
import { roles } from "../../app/queue/limits.ts";
import { pullsOf } from "../../sandbox/state/state.ts";
import { startJourney } from "./demo-world.ts";
import { approve, askForPlan, openStory } from "./story-steps.ts";

/** One request that went through, with its times in milliseconds; `end` is infinite while it is not answered. */
export type Call = { what: string; body: string; start: number; end: number };

/**
 * The requests of one leg. `own` are those of the road; `apart` those that it shares with all that goes on: the hour's
 * token, and the ledger's way to the evidence branch, which takes along whatever was recorded until it starts.
 */
export type Leg = { name: string; own: Call[]; apart: Call[] };

/** What one act led to; `ours` is the time in which neither GitHub nor the model was at work, of `whole` milliseconds. */
export type Dispatch = { legs: Leg[]; whole: number; ours: number };

/** A server that passes everything on to another one and notes when; each answer waits for `wait` first. */
async function between(target: string, wait = async () => {}) {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    const what = `${request.method} ${request.url}`;
    const call = { what, body: "", start: performance.now(), end: Number.POSITIVE_INFINITY };
    calls.push(call);
    const body = await buffer(request);
    call.body = body.toString("utf8");
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers))
      if (typeof value === "string" && !/^(?:host|connection|content-length)$/.test(name)) headers.set(name, value);
    await wait();
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

/** Waits without asking anybody over HTTP. */
async function soon<T>(what: string, find: () => T | undefined): Promise<T> {
  for (let tries = 0; tries < 60_000; tries += 1) {
    const found = find();
    if (found !== undefined) return found;
    await sleep(2);
  }
  throw new Error(`${what} does not come`);
}

const isApart = ({ what, body }: Call) =>
  /access_tokens|\/installations?\b|sallyport(?:%2F|\/)evidence/.test(what) ||
  /sallyport\/evidence|"path":"ledger\/|Ledger entries|query SallyportCurrentPolicy/.test(body);

/** The time in which at least one of these was under way, in milliseconds. */
function taken(calls: readonly Call[], from: number, to: number): number {
  let [sum, reached] = [0, from];
  for (const { start, end } of calls.toSorted((one, other) => one.start - other.start)) {
    const [begin, stop] = [Math.max(start, reached), Math.min(end, to)];
    if (stop > begin) [sum, reached] = [sum + stop - begin, stop];
  }
  return sum;
}

/**
 * Starts the journey. Each answer of the model takes `delay` milliseconds, and null: as long as the App has anything else
 * to do, so that what a label led to is over when the model answers, however slow this machine is.
 */
export async function startCountedJourney(delay: number | null) {
  const models = await startModels();
  const model = await between(models.url, () => (delay === null ? untilQuiet(2_000) : sleep(delay)));
  let github: Awaited<ReturnType<typeof between>> | undefined;
  const journey = await startJourney({
    models: async () => ({ url: model.url, close: models.close }),
    async front(url) {
      github = await between(url);
      return github.url;
    },
    // The sweep asks for what it wants, every five minutes.
    roles: roles.filter((role) => role !== "sweep"),
  });
  if (github === undefined) throw new Error("the App asks nobody");
  const { calls: asked, close: closeGitHub } = github;
  const { sandbox, lena } = journey;
  const pullsNow = () => sandbox.state.repositories.reduce((sum, one) => sum + pullsOf(one).length, 0);

  /** Waits until the App has asked GitHub nothing for a while; its writes are a second apart. */
  async function untilQuiet(milliseconds: number): Promise<void> {
    const since = performance.now();
    const isBusy = ({ start, end }: Call) =>
      end === Number.POSITIVE_INFINITY || start > performance.now() - milliseconds;
    while (performance.now() < since + milliseconds || asked.some(isBusy)) await sleep(50);
  }

  /** All requests that began in a span of time. */
  function legOf(name: string, from: number, to: number): Leg {
    const calls = asked.filter((one) => one.start >= from && one.start < to);
    return { name, own: calls.filter((one) => !isApart(one)), apart: calls.filter(isApart) };
  }

  /** From an act to the first request to the model, and from its last answer to the request for a pull request. */
  async function dispatch(act: () => Promise<unknown>, opens: boolean): Promise<Dispatch> {
    await untilQuiet(3_000);
    await nextSecond();
    const [before, pulls] = [model.calls.length, pullsNow()];
    const start = performance.now();
    await act();
    const first = await soon("the model", () => model.calls[before]);
    const legs = [legOf("label to model", start, first.start)];
    if (opens) await soon("the pull request", () => pullsNow() > pulls || undefined);
    const end = performance.now();
    const last = model.calls.slice(before).reduce((latest, { end: one }) => Math.max(latest, one), 0);
    if (opens) legs.push(legOf("answer to pull request", last, end));
    return { legs, whole: end - start, ours: end - start - taken([...model.calls, ...asked], start, end) };
  }

  return {
    journey,
    /** One label on an ordinary issue. */
    async lightTier(): Promise<Dispatch> {
      const issue = await lena.openIssue("Say where the greeting comes from", "A short README names the module.", []);
      return dispatch(() => lena.label(issue, "ai:run"), true);
    },
    /** A story that is planned, approved and run. */
    async fullRoad(): Promise<{ plan: Dispatch; run: Dispatch }> {
      const { story } = await openStory(journey);
      let digest = Promise.resolve("");
      const plan = await dispatch(async () => {
        digest = askForPlan(journey, story);
      }, false);
      await approve(journey, story, await digest);
      return { plan, run: await dispatch(() => lena.label(story, "ai:run"), true) };
    },
    async close() {
      await journey.close();
      closeGitHub();
      model.close();
    },
  };
}
