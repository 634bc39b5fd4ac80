import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { sql } from "kysely";
import { waitFor } from "../../../app/demo/acting.ts";
import { freePort } from "../../../app/demo/hosts.ts";
import { scarceUntil } from "../../../app/github/limits.ts";
import { limitIn, limitOf } from "../../../app/github/rate-limit.ts";
import { runJob } from "../../../app/queue/job.ts";
import { type Service, startService } from "../../../app/service/service.ts";
import { SallyportError } from "../../../core/errors.ts";
import { redactionMark } from "../../../core/redaction/redaction.ts";
import { startTestService } from "../../hosts/app.ts";
import { configOf } from "../../hosts/installed-app.ts";
import { type Acme, startAcme } from "../../hosts/store-and-github.ts";

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
    const jobsNamed = async (name: string, under = key) => {
      const query = sql<{ state: string; start_after: Date }>`
        select state, start_after from pgboss.job where name = ${name} and singleton_key like ${`${under}%`}`;
      return (await query.execute(database.db)).rows;
    };
    const waiting = await waitFor("the look that waits", async () => (await jobsNamed("later", `retry/${key}`))[0], 60);
    const due = new Date(waiting.start_after).getTime();
    expect(waiting.state).toBe("created");
    expect(due).toBeGreaterThanOrEqual(begun + 1_800_000);
    expect(due).toBeLessThanOrEqual(Date.now() + 1_800_000);
    // The queue did not take it for a failure that is tried again sooner.
    await waitFor("the end of the look", async () =>
      (await jobsNamed("look")).every(({ state }) => state === "completed"),
    );
    expect(struck()).toBe(1);
  });
}, 90_000);

test("a look whose reading met the limit says nothing on what it could not read, and is done again when that ends", async () => {
  const site = await startTestService({ policy: 'gates: { forbidden-paths: { deny: ["governance/**"] } }\n' });
  try {
    const { as } = site;
    const main = await as("quinn", "GET", "git/ref/heads/main");
    await as("quinn", "POST", "git/refs", { ref: "refs/heads/topic", sha: main.object.sha });
    const write = (path: string) =>
      as("quinn", "PUT", `contents/${path}`, { message: "Write", branch: "topic", content: "TWluZS4K" });
    await write("governance/a.md");
    const { head } = await as("quinn", "POST", "pulls", { title: "Mine", head: "topic", base: "main" });
    await waitFor("the verdict", async () => site.checkOn(head.sha)?.conclusion === "failure", 60);
    await site.rest();
    site.sandbox.fault({ kind: "secondary_limit", path: "/git/trees/", retry_after: 3 });
    const { commit } = await write("governance/b.md");
    const check = await waitFor("the next verdict", async () => site.checkOn(commit.sha), 60);
    expect(check).toMatchObject({ status: "completed", conclusion: "failure" });
    expect(site.sandbox.state.faults).toEqual([]);
  } finally {
    await site.close();
  }
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

  test("T283: is kept until then, for an hour at most; a writer has its own times", async () => {
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

test("a time that GitHub names by its own clock is waited for by ours, however wrong that is", () => {
  const theirs = new Date("2026-11-21T10:00:00.000Z");
  const reset = String(theirs.getTime() / 1_000 + 600);
  const headers = { date: theirs.toUTCString(), "x-ratelimit-limit": "5000", "x-ratelimit-reset": reset };
  for (const minutes of [-45, 45]) {
    const ours = new Date(theirs.getTime() + minutes * 60_000);
    const due = new Date(ours.getTime() + 600_000);
    const response = { headers: { ...headers, "x-ratelimit-remaining": "0" }, data: {} };
    const refused = Object.assign(new Error("API rate limit exceeded"), { status: 403, response });
    expect(limitOf(refused, ours)).toEqual(due);
    expect(scarceUntil({ ...headers, "x-ratelimit-remaining": "900" }, ours)).toEqual(due);
  }
});

describe("a job", () => {
  const due = new Date("2026-11-21T10:30:00.000Z");

  /** Runs a job that reads repository 7, with the limits that are met one after the other. */
  async function run(limits: (Date | null)[], job: () => Promise<void>, repository: number | null = 7, failures = 0) {
    const lines: string[] = [];
    const requeued: Date[] = [];
    const ended = await runJob({ name: "look", key: "pull/7/3", repository, failures, isSwept: false }, job, {
      limitedUntil: () => limits.shift() ?? null,
      secrets: async (text) => [...text.matchAll(/hunter2/g)].map(({ index }) => secretAt(index)),
      log: (line) => lines.push(line),
      requeue: async (notBefore) => void requeued.push(notBefore),
    }).catch((error: unknown) => error);
    return { ended, lines, requeued };
  }
  const secretAt = (start: number) => ({ rule: "test", start, end: start + 7, exact: true });
  const failing = (error: unknown) => async () => {
    throw error;
  };

  test("is not begun before the time that GitHub named, and waits until then", async () => {
    const begun: boolean[] = [];
    const { ended, lines, requeued } = await run([due, due], async () => void begun.push(true));
    expect(begun).toEqual([]);
    expect({ ended, requeued }).toEqual({ ended: true, requeued: [due] });
    expect(lines).toEqual(["look pull/7/3: GitHub wants us to ask nothing before 2026-11-21T10:30:00.000Z"]);
  });

  test("that met the limit waits until then, whatever its error says", async () => {
    const { ended, lines, requeued } = await run([null, due], failing(new Error("GitHub did not give it")));
    expect({ ended, requeued }).toEqual({ ended: true, requeued: [due] });
    expect(lines).toEqual(["look pull/7/3: GitHub did not give it"]);
  });

  test("whose error names a time waits until then, in a queue that keeps to no reader's limit too", async () => {
    const error = new SallyportError("rate-limit", "too many", { retry: true, notBefore: due });
    expect(await run([due, due], failing(error), null)).toMatchObject({ ended: true, requeued: [due] });
    const refused = Object.assign(new Error("slow down"), {
      status: 403,
      response: { headers: { "retry-after": "1800" }, data: {} },
    });
    const { ended, requeued } = await run([], failing(refused), null);
    expect(ended).toBe(true);
    expect(requeued[0]?.getTime()).toBeGreaterThan(Date.now() + 1_700_000);
  });

  test("that fails otherwise comes again sooner, until it is given up; its secrets are neither logged nor stored", async () => {
    const error = Object.assign(new Error("the password is hunter2"), { request: { body: "hunter2" } });
    const first = await run([null, null], failing(error));
    expect(first).toMatchObject({ ended: true, lines: [`look pull/7/3: the password is ${redactionMark}`] });
    expect(first.requeued[0]?.getTime()).toBeLessThan(Date.now() + 2_000);
    const { ended, lines, requeued } = await run([null, null], failing(error), 7, 10);
    expect(ended).toBe(false);
    expect(lines).toEqual([`look pull/7/3: the password is ${redactionMark}`]);
    expect(requeued).toEqual([]);
  });

  test("that succeeds says nothing", async () => {
    expect(await run([null], async () => {})).toEqual({ ended: true, lines: [], requeued: [] });
  });
});
