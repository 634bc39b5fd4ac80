import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { sql } from "kysely";
import { until } from "../../app/demo/acting.ts";
import { freePort } from "../../app/demo/hosts.ts";
import { createPatience } from "../../app/patience.ts";
import { limitIn } from "../../app/rate-limit.ts";
import { type Service, startService } from "../../app/service.ts";
import { emptyDecision } from "../../core/decision.ts";
import { type Acme, startAcme } from "./acme.ts";
import { configOf } from "./our-app.ts";

let acme: Acme;
beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.close());

/** Runs the service on a world of its own until `seen`. */
async function serve<T>(seen: (service: Service) => Promise<T>): Promise<T> {
  const service = await startService(
    configOf({ privateKey: acme.privateKey, apiUrl: acme.sandbox.url, port: await freePort() }),
    () => {},
  );
  try {
    return await seen(service);
  } finally {
    await service.close();
  }
}

test("T269 a look that GitHub's secondary limit ended is done again when GitHub said, and not before", async () => {
  const main = await acme.as("lena", "GET", "git/ref/heads/main");
  await acme.as("lena", "POST", "git/refs", { ref: "refs/heads/topic", sha: main.object.sha });
  const content = Buffer.from("new\n").toString("base64");
  await acme.as("lena", "PUT", "contents/new.txt", { message: "Add a file", branch: "topic", content });
  const pull = await acme.as("lena", "POST", "pulls", { title: "A change", head: "topic", base: "main" });

  acme.sandbox.fault({ kind: "secondary_limit", path: "/graphql$", retry_after: 1_800, times: 1_000 });
  const struck = () => 1_000 - (acme.sandbox.state.faults[0]?.times ?? 1_000);
  const begun = Date.now();
  await serve(async ({ database }) => {
    const key = `pull/${acme.repository}/${pull.number}`;
    const jobsNamed = async (name: string) => {
      const query = sql<{ state: string; start_after: Date }>`
        select state, start_after from pgboss.job where name = ${name} and singleton_key = ${key}`;
      return (await query.execute(database.db)).rows;
    };
    const waiting = await until("the look that waits", async () => (await jobsNamed("later"))[0], 60);
    const due = new Date(waiting.start_after).getTime();
    expect(waiting.state).toBe("created");
    expect(due).toBeGreaterThanOrEqual(begun + 1_800_000);
    expect(due).toBeLessThanOrEqual(Date.now() + 1_800_000);
    // The queue did not take it for a failure that is tried again sooner.
    await until("the end of the look", async () =>
      (await jobsNamed("look")).every(({ state }) => state === "completed"),
    );
    expect(struck()).toBe(1);
  });
}, 90_000);

describe("what GitHub told a reader", () => {
  const read = async (retry_after: number, use: "read" | "write" = "read") => {
    const { request, owner, repo } = await acme.clients.forRepository(acme.repository, use);
    acme.sandbox.fault({ kind: "secondary_limit", path: "^/repos/acme/web$", retry_after });
    await expect(request("GET /repos/{owner}/{repo}", { owner, repo })).rejects.toMatchObject({
      status: 403,
    });
  };
  const seconds = () => {
    const until = acme.clients.limitedUntil(acme.repository);
    return until === null ? null : Math.round((until.getTime() - Date.now()) / 1_000);
  };

  test("is kept until then, for an hour at most; a writer has its own times", async () => {
    expect(acme.clients.limitedUntil(acme.repository)).toBeNull();
    await read(1_800, "write");
    expect(seconds()).toBeNull();
    await read(1_800);
    expect(seconds()).toBeGreaterThan(1_700);
    await read(90_000);
    expect(seconds()).toBeGreaterThan(3_500);
    expect(seconds()).toBeLessThanOrEqual(3_600);
  });

  test("a query past its limit comes as an answer", () => {
    const now = new Date("2026-11-21T10:00:00.000Z");
    const headers = { "x-ratelimit-reset": String(now.getTime() / 1_000 + 600) };
    const limited = { headers, data: { errors: [{ type: "RATE_LIMITED", message: "too many" }] } };
    expect(limitIn(limited, now)?.toISOString()).toBe("2026-11-21T10:10:00.000Z");
    expect(limitIn({ headers, data: { errors: [{ type: "NOT_FOUND" }] } }, now)).toBeNull();
    expect(limitIn({ headers, data: { data: {} } }, now)).toBeNull();
  });
});

describe("patience", () => {
  const now = new Date("2026-11-21T10:00:00.000Z");
  const due = new Date("2026-11-21T10:30:00.000Z");
  const patience = (limits: (Date | null)[]) =>
    createPatience({ limitedUntil: () => limits.shift() ?? null }, () => now);

  test("begins no reading before the time, and says so of reading that met the limit", async () => {
    let begun = 0;
    const job = async () => {
      begun += 1;
      throw new Error("GitHub did not give it");
    };
    const waiting = { code: "rate-limit", retry: true, notBefore: due };
    await expect(patience([due]).read(7, job)).rejects.toMatchObject(waiting);
    expect(begun).toBe(0);
    await expect(patience([null, due]).read(7, job)).rejects.toMatchObject(waiting);
    await expect(patience([null, null]).read(7, job)).rejects.toThrow("GitHub did not give it");
    expect(begun).toBe(2);
    expect(await patience([null]).read(7, async () => "read")).toBe("read");
  });

  test("lets no next look come sooner", () => {
    const again = (seconds: number | null, limit: Date | null) =>
      patience([limit]).later(7, { ...emptyDecision(), requeueAfter: seconds }).requeueAfter;
    expect(again(15, null)).toBe(15);
    expect(again(15, due)).toBe(1_800);
    expect(again(4_000, due)).toBe(4_000);
    expect(again(null, due)).toBeNull();
  });
});
