/** Two passages between GitHub and the service, in which things go wrong: one for requests, one for deliveries. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

/** What goes wrong, as the chance of each; chance is a number from 0 to 1, and `count` says how often it struck. */
export type Chaos = { isOn: boolean; chance(): number; count(what: string): void };

/** Chances of a request, of which the first two are after GitHub has done the work. */
const requestChances = [
  ["502 after the work", 0.02],
  ["answer lost after the work", 0.01],
  ["500 before the work", 0.02],
  ["slow answer", 0.02],
  ["secondary limit", 0.002],
] as const;

const deliveryChances = [
  // One of which GitHub believes that it arrived, and one that it shows as failed.
  ["delivery swallowed", 0.05],
  ["delivery failed", 0.05],
  ["delivery doubled", 0.1],
  ["delivery delayed", 0.1],
] as const;

/** The same numbers for the same seed; what they meet depends on the machine's timing. Source: mulberry32. */
export function chanceOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function pick<W extends string>(chaos: Chaos, chances: readonly (readonly [W, number])[]): W | null {
  if (!chaos.isOn) return null;
  let left = chaos.chance();
  for (const [what, chance] of chances) {
    if (left < chance) {
      chaos.count(what);
      return what;
    }
    left -= chance;
  }
  return null;
}

const hop = /^(?:host|connection|content-length|content-encoding|transfer-encoding|keep-alive)$/;

const headersOf = (headers: IncomingHttpHeaders) =>
  Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    typeof value === "string" && !hop.test(name) ? [[name, value]] : [],
  );

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>) {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

const refuse = (response: ServerResponse, status: number, message: string, headers = {}) =>
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify({ message }));

/** GitHub's API as the service sees it. A token that was made and never heard of does no harm, so signing in is spared. */
export function githubPassage(github: string, chaos: Chaos) {
  return serve(async (request, response) => {
    const { method = "GET", url = "" } = request;
    const body = await buffer(request);
    const fault = pick(chaos, requestChances);
    if (fault === "500 before the work") return refuse(response, 500, "Server Error");
    if (fault === "secondary limit") {
      const message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
      return refuse(response, 403, message, { "retry-after": "5" });
    }
    const given = await fetch(`${github}${url}`, {
      method,
      headers: headersOf(request.headers),
      redirect: "manual",
      ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
    });
    const text = Buffer.from(await given.arrayBuffer());
    if (fault === "502 after the work") return refuse(response, 502, "Server Error");
    if (fault === "answer lost after the work") return response.destroy();
    if (fault === "slow answer") await sleep(1_500);
    return response.writeHead(given.status, headersOf(Object.fromEntries(given.headers))).end(text);
  });
}

/** Where GitHub sends its deliveries: each goes to one of the processes, if it comes through, as behind a proxy. */
export function deliveryPassage(ports: () => number[], chaos: Chaos) {
  let next = 0;
  const pass = async (headers: [string, string][], body: Buffer) => {
    const all = ports();
    const port = all[next++ % all.length];
    const url = `http://127.0.0.1:${port}/api/github/webhooks`;
    const answer = await fetch(url, { method: "POST", headers, body: new Uint8Array(body) }).catch(() => null);
    const isTaken = answer !== null && answer.status < 300;
    if (!isTaken) chaos.count("delivery at a dead process");
    return isTaken ? 200 : 502;
  };
  return serve(async (request, response) => {
    const headers = headersOf(request.headers);
    const body = await buffer(request);
    const fault = pick(chaos, deliveryChances);
    const later = (milliseconds: number) => void sleep(milliseconds).then(() => pass(headers, body));
    if (fault === "delivery failed") return response.destroy();
    const isPassed = fault !== "delivery swallowed" && fault !== "delivery delayed";
    const status = isPassed ? await pass(headers, body) : 200;
    // A delay is a reordering too: what comes next overtakes it.
    if (fault === "delivery delayed") later(3_000 * chaos.chance());
    if (fault === "delivery doubled") later(2_000 * chaos.chance());
    return response.writeHead(status).end();
  });
}
