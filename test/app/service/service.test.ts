import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { sql } from "kysely";
import { createSigner } from "../../../app/ledger/signer.ts";
import { appendEntries } from "../../../app/store/chain.ts";
import { startTestService, type TestService } from "../../hosts/app.ts";
import { waitUntil } from "../../hosts/until.ts";

const metricsToken = "a token of this test alone";
let host: TestService;
beforeAll(async () => {
  host = await startTestService({
    policy: "gates:\n  diff-size: { files: 5 }\nreports: {}\n",
    config: { metricsToken },
  });
}, 60_000);
afterAll(() => host.close());

test("S11: one id leads from a delivery to its decision and to the check, in lines that a program reads", async () => {
  const main = await host.as("lena", "GET", "git/ref/heads/main");
  await host.as("quinn", "POST", "git/refs", { ref: "refs/heads/topic", sha: main.object.sha });
  const content = Buffer.from("new\n").toString("base64");
  await host.as("quinn", "PUT", "contents/new.txt", { message: "Add a file", branch: "topic", content });
  await host.rest();
  const pull = await host.as("quinn", "POST", "pulls", { title: "A change", head: "topic", base: "main" });
  await waitUntil("the check", async () => host.checkOn(pull.head.sha));
  await waitUntil("its line", async () => host.log.some((line) => line.includes("ensure-check is done")));
  const lines = host.log.map((line) => JSON.parse(line));
  const done = lines.find(({ msg }) => msg === "ensure-check is done");
  expect(done).toMatchObject({
    level: "info",
    type: "ensure-check",
    ms: expect.any(Number),
    cause: expect.any(String),
  });
  const caused = lines.filter(({ cause }) => cause === done.cause).map(({ msg }) => msg);
  expect(caused).toEqual(expect.arrayContaining([expect.stringMatching(/ is decided$/), "ensure-check is done"]));
  expect(lines.filter(({ msg }) => msg === "a delivery").map(({ cause }) => cause)).toContain(done.cause);
}, 120_000);

test("a look from which nothing follows says nothing at the usual level: each sweep takes one at all that is open", async () => {
  await host.rest();
  const decided = host.log.map((line) => JSON.parse(line)).filter(({ msg }) => / is decided$/.test(msg));
  expect(decided.length).toBeGreaterThan(0);
  const empty = decided.filter(
    ({ level, entries, effects }) => level === "info" && entries.length + effects.length === 0,
  );
  expect(empty.filter(({ requeueAfter }) => requeueAfter === null)).toEqual([]);
}, 60_000);

test("C7: a policy's `reports` keep one issue that says what waits, and in how far the gates let changes through", async () => {
  const [issue, ...more] = await waitUntil("the dashboard", async () => {
    const listed = await host.as("quinn", "GET", "issues?labels=sallyport-dashboard&state=all");
    return listed.length > 0 ? listed : null;
  });
  expect([issue.state, issue.user.login, more]).toEqual(["open", "sallyport[bot]", []]);
  const [comment] = await waitUntil("what stands below it", async () => {
    const comments = await host.as("quinn", "GET", `issues/${issue.number}/comments`);
    return comments.length > 0 ? comments : null;
  });
  expect(comment.body).toContain("## The last 30 days");
}, 60_000);

test("S11: what the service counts is told to whoever has its token", async () => {
  // By now everything may be done.
  await sql`insert into pgboss.job (name, start_after) values ('later', now() + interval '1 hour')`.execute(
    host.service().database.db,
  );
  const metrics = await fetch(`${host.service().url}/metrics`, {
    headers: { authorization: `Bearer ${metricsToken}` },
  });
  const text = await metrics.text();
  for (const line of [
    /^sallyport_deliveries_total\{event="pull_request",outcome="stored"\} [1-9]/m,
    /^sallyport_job_seconds_count\{queue="look",outcome="done"\} [1-9]/m,
    /^sallyport_effect_lag_seconds_count\{type="ensure-check"\} [1-9]/m,
    /^sallyport_github_requests_total\{method="POST",route="\/repos\/\{owner\}\/\{repo\}\/check-runs",status="201"\} [1-9]/m,
    /^sallyport_queue_jobs\{queue="\w+",state="waiting"\} \d/m,
  ])
    expect(text).toMatch(line);
  expect(text).not.toContain("acme");
});

test("whether the service is ready is asked again after a second, also where the clock is put back by a day", async () => {
  const { url, database } = host.service();
  const readiness = async () => (await fetch(`${url}/readyz`)).status;
  expect(await readiness()).toBe(200);
  const clock = Date.now;
  const putBack = jest.spyOn(Date, "now").mockImplementation(() => clock() - 86_400_000);
  await sql`alter table deliveries rename to deliveries_away`.execute(database.db);
  try {
    await waitUntil("that it is not ready", async () => (await readiness()) === 503);
  } finally {
    putBack.mockRestore();
    await sql`alter table deliveries_away rename to deliveries`.execute(database.db);
  }
  await waitUntil("that it is ready", async () => (await readiness()) === 200);
}, 60_000);

test("S7: what was recorded last is on the branch when the service has stopped", async () => {
  const { db } = host.service().database;
  const tools = { sign: createSigner(host.key.pem).sign, now: () => new Date() };
  const { id } = await host.as("lena", "GET", "");
  const body = { code: "manual", message: "recorded while the service stops", issue: null };
  const actor = { type: "app" as const, id: 4001, login: "sallyport[bot]" };
  await appendEntries(
    db,
    { id, name: "acme/governed" },
    [{ kind: "incident.raised", actor, subject: [], body }],
    tools,
  );
  const head = await db.selectFrom("chains").select("seq").where("repository", "=", id).executeTakeFirstOrThrow();
  await host.restart(async () => {
    const tip = await host.as("lena", "GET", "git/ref/heads/sallyport/evidence");
    const { message } = await host.as("lena", "GET", `git/commits/${tip.object.sha}`);
    expect(message).toMatch(new RegExp(` to ${head.seq}$`));
  });
}, 120_000);
