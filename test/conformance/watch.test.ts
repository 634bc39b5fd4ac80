import { describe, expect, test } from "@jest/globals";
import type { Exchange } from "./openapi.ts";
import { expectConformance, type Watched, watchSandbox } from "./watch.ts";

const GOOD: Exchange = { method: "GET", path: "/repos/o/r/issues/1", status: 304 };
const BAD: Exchange = { method: "GET", path: "/repos/o/r/opinions", status: 200, responseBody: [] };

describe("a watch", () => {
  test("passes when all conforms", async () => {
    const { watch, exchange } = watched();
    exchange(GOOD);
    await expectConformance(watch);
  });

  test("tells each problem once, by operation and path", async () => {
    const { watch, exchange, webhook } = watched();
    exchange(BAD);
    exchange(BAD);
    webhook({ event: "rumours", payload: {} });
    expect(await watch.problems()).toEqual([
      "GET /repos/o/r/opinions: no such operation in GitHub's description",
      "rumours: GitHub sends no such webhook",
    ]);
    await expect(expectConformance(watch)).rejects.toThrow(/^2 differences .*\n.*GET \/repos\/o\/r\/opinions/);
  });

  test("that saw nothing proves nothing", async () => {
    await expect(expectConformance(watched().watch)).rejects.toThrow(/nothing was watched/);
  });

  test.each(["/_sandbox/faults", "/o/r.git/info/refs", "/o/r.git/git-receive-pack", "/login/oauth/authorize"])(
    "%s is no part of the described API",
    (path) => {
      const { watch, exchange } = watched();
      exchange({ ...BAD, path });
      expect(watch.exchanges).toEqual([]);
    },
  );

  test("keeps what was said, not what became of it", () => {
    const { watch, exchange } = watched();
    const body = [{ id: 1 }];
    exchange({ ...BAD, responseBody: body });
    body.length = 0;
    expect(watch.exchanges[0]?.responseBody).toEqual([{ id: 1 }]);
  });
});

function watched() {
  let exchange: (exchange: Exchange) => void = () => {};
  let webhook: (webhook: { event: string; payload: unknown }) => void = () => {};
  const sandbox: Watched = {
    onExchange: (listener) => {
      exchange = listener;
    },
    onWebhook: (listener) => {
      webhook = listener;
    },
  };
  return {
    watch: watchSandbox(sandbox),
    exchange: (e: Exchange) => exchange(e),
    webhook: (w: { event: string; payload: unknown }) => webhook(w),
  };
}
