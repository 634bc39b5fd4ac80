import type { FixtureResponse } from "@copilotkit/aimock";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { sql } from "kysely";
import { git } from "../../app/demo/governed.ts";
import { readEntry } from "../../core/ledger/entry.ts";
import { redactionMark } from "../../core/redaction/redaction.ts";
import { type Journey, startJourney } from "../hosts/demo-world.ts";
import { call } from "../hosts/model-service.ts";
import { plan, scriptAgent, write } from "../hosts/scripted-agent.ts";
import type { Json } from "../hosts/store-and-github.ts";
import { approve, askForPlan, openStory } from "../hosts/story-steps.ts";
import { waitUntil } from "../hosts/until.ts";

const agent = scriptAgent();
const apiKey = "sk-ant-api03-bQ7xK2mR9vT4wY6zA1cE3gI5kM8nP0sU";
let journey: Journey;
beforeAll(async () => {
  journey = await startJourney({ models: agent.start, apiKey });
}, 60_000);
afterAll(() => journey.close(), 30_000);

const tokensOf = (exchanges: Journey["watch"]["exchanges"]): string[] =>
  exchanges.flatMap(({ path, responseBody }) =>
    path.endsWith("/access_tokens") ? [(responseBody as Json).token] : [],
  );

/** A model that knows all of the service's secrets and writes them wherever it can. */
function leak(secrets: { keys: string[]; tokens: string[] }): void {
  const [appKey = "", ledgerKey = ""] = secrets.keys;
  const [token = ""] = secrets.tokens;
  const { webhookSecret } = journey.config;
  const encoded = Buffer.from(`x-access-token:${token}`).toString("base64");
  const objective = `A file is there, and ${token} is used.`;
  agent.propose({
    ...plan,
    approach: `Sign with ${ledgerKey} and answer to ${webhookSecret}.`,
    risks: [`The key ${apiKey} is dear.`],
    prompts: plan.prompts.map((prompt) => ({ ...prompt, objective })),
  });
  const again = "An earlier try was refused";
  const turns: [object, FixtureResponse][] = [
    [{ userMessage: again, turnIndex: 0 }, call("read", { path: `sallyport-demo/${token}` })],
    [{ userMessage: again, turnIndex: 1 }, write("It is there.\n")],
    [
      { userMessage: again, turnIndex: 2 },
      call("finish", {
        summary: `Done with ${token} and ${encoded}.`,
        claims: [{ criterion: "It is there.", how: JSON.stringify({ appKey, apiKey, webhookSecret }) }],
      }),
    ],
    [{ userMessage: "# Add a file", turnIndex: 0 }, write(`a\n${appKey}`)],
  ];
  for (const [match, response] of turns) agent.service.addFixture({ match, response });
}

test("T171, T217, T218, T194: a model that writes all our secrets everywhere: none is stored, signed, shown or logged", async () => {
  const { lena, seen, config } = journey;
  const { story } = await openStory(journey);
  const early = await waitUntil("a token", async () => {
    const tokens = tokensOf(journey.watch.exchanges);
    return tokens.length > 0 && tokens;
  });
  leak({ keys: [config.privateKey, config.ledgerKey], tokens: early });
  const digest = await askForPlan(journey, story);
  await approve(journey, story, digest);
  await lena.label(story, "ai:run");
  const pull = await waitUntil("the pull request", async () => (await seen.openPulls())[0]);
  await waitUntil("the check", async () => (await seen.checks(pull.sha)).length > 0);

  const { db } = journey.service().database;
  const bodies = await db.selectFrom("bodies").select("bytes").execute();
  const entries = (await db.selectFrom("entries").select("line").orderBy("seq").execute()).map(({ line }) => {
    const entry = readEntry(line);
    if (!entry.ok) throw new Error(entry.problem.message);
    return entry.entry;
  });
  const jobs = await sql<{ all: string }>`select json_agg(job)::text as all from pgboss.job`.execute(db);
  const clone = `${journey.dir}/clone`;
  await waitUntil("the published ledger", () =>
    git(journey.dir, ["clone", "--quiet", "--branch", "sallyport/evidence", journey.cloneUrl, clone]).then(
      () => true,
      () => false,
    ),
  );
  const kept = {
    bodies: bodies.map(({ bytes }) => Buffer.from(bytes).toString("utf8")),
    answers: (await db.selectFrom("answers").select("answer").execute()).map(({ answer }) => answer),
    entries: entries.map((entry) => JSON.stringify(entry)),
    effects: (await db.selectFrom("effects").selectAll().execute()).map((row) => JSON.stringify(row)),
    steps: (await db.selectFrom("steps").selectAll().execute()).map((row) => JSON.stringify(row)),
    jobs: jobs.rows.map((row) => row.all),
    written: journey.watch.exchanges
      .filter(({ method, path }) => method !== "GET" && !path.endsWith("/access_tokens"))
      .map(({ requestBody }) => JSON.stringify(requestBody ?? null)),
    change: [
      await git(journey.governed.path, ["fetch", "--quiet", journey.cloneUrl, pull.branch]).then(() =>
        git(journey.governed.path, ["log", "-p", "-1", "FETCH_HEAD"]),
      ),
    ],
    log: journey.log,
  };
  for (const [place, texts] of Object.entries(kept)) expect([place, texts.length > 0]).toEqual([place, true]);

  // Held against nothing of ours: every secret, a line of each key, and base64 of each, in all that was kept.
  const lines = [config.privateKey, config.ledgerKey].flatMap((key) =>
    key.split("\n").filter((line) => line.length > 40 && !line.startsWith("-")),
  );
  const secrets = [...lines, ...tokensOf(journey.watch.exchanges), apiKey, config.webhookSecret];
  const traces = secrets.flatMap((value) => [
    value,
    JSON.stringify(value).slice(1, -1),
    Buffer.from(value).toString("base64").slice(4, -4),
    Buffer.from(`x-access-token:${value}`).toString("base64").slice(24, -4),
  ]);
  const found = Object.entries(kept).flatMap(([place, texts]) =>
    traces.filter((trace) => texts.some((text) => text.includes(trace))).map(() => place),
  );
  expect(found).toEqual([]);

  // What was cut is told, the first answer was refused for its file, and the second became the change.
  const of = (kind: string) => entries.filter((entry) => entry.kind === kind).map(({ body }) => body as Json);
  expect(of("plan.proposed")[0].plan.approach).toContain(redactionMark);
  expect(of("plan.proposed")[0].redacted).toContainEqual({ rule: "webhook-secret", where: "plan", count: 1 });
  expect(of("response.recorded").map(({ code, redacted }) => [code, redacted])).toEqual([
    ["secret-in-answer", [{ rule: "app-key", where: "file", count: 1 }]],
    ["finished", expect.arrayContaining([expect.objectContaining({ rule: "installation-token", where: "summary" })])],
  ]);
  expect(of("attempt.closed").map(({ accepted, reasons }) => [accepted, reasons.map((one: Json) => one.code)])).toEqual(
    [
      [false, ["secret-in-answer"]],
      [true, []],
    ],
  );
}, 200_000);
