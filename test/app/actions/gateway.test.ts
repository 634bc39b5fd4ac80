import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createGateway, type GatewayTools } from "../../../app/actions/gateway.ts";
import { modelBase } from "../../../app/actions/protocol.ts";
import { generate } from "../../../app/agents/google.ts";
import { perform } from "../../../app/perform/perform.ts";
import { openDatabase } from "../../../app/store/database.ts";
import { putBody } from "../../../app/store/decisions.ts";
import { findDispatch, noteDispatch, openDispatch } from "../../../app/store/dispatches.ts";
import { blobId } from "../../../collect/blob-id.ts";
import { canonicalJson } from "../../../core/json.ts";
import type { WorkflowRun } from "../../../sandbox/state/workflow-run.ts";
import { pack, tip } from "../../builders/effect-scenes.ts";
import { brokenService, events, googleEvents, modelService } from "../../hosts/model-service.ts";
import { type Acme, type Json, startAcme } from "../../hosts/store-and-github.ts";
import { waitUntil } from "../../hosts/until.ts";

const path = ".github/workflows/sallyport-agent.yml";
const text = `on: { workflow_dispatch: { inputs: { nonce: {}, pack: {}, base: {}, minutes: {} } } }
jobs: { agent: { steps: [] } }
`;
const key = "agent/1";

describe("what runs on Actions get from the App", () => {
  let acme: Acme;
  let store: Awaited<ReturnType<typeof openDatabase>>;
  let models: Awaited<ReturnType<typeof modelService>>;
  let servers: Server[];
  let url: string;
  /** Another process of the service, on the same database. */
  let other: string;
  let run: WorkflowRun;
  let nonce: string;
  let packText: string;
  let tools: GatewayTools;
  /** What the service logged, each line with its level. */
  const said: string[] = [];
  const say = (level: string) => (_: object, line: string) => void said.push(`${level}: ${line}`);

  beforeAll(async () => {
    [acme, store] = await Promise.all([startAcme({ onActions: true }), openDatabase({ folder: null })]);
    models = await modelService([{ content: "Done." }, { content: "Done." }, { content: "Done." }]);
    const content = Buffer.from(text).toString("base64");
    await acme.as("lena", "PUT", `contents/${path}`, { message: "Add it", content });
    packText = canonicalJson(pack(await tip(acme), { limits: { runtime: 60, silence: 10, turns: 2, tokens: 1_000 } }));
    const { sha256: packSha256 } = await putBody(store.db, Buffer.from(packText), "application/json");
    const actions = { workflow: path, blob: blobId(Buffer.from(text), "sha1") };
    const effect = {
      type: "run-agent" as const,
      key,
      run: "run-1-1",
      packSha256,
      backend: "anthropic",
      model: null,
      tool: "custom",
      actions,
    };
    const row = { key, repository: acme.repository, subject: `issue/${acme.repository}/1`, lane: `agent/${key}` };
    await store.db
      .insertInto("effects")
      .values({ ...row, type: effect.type, payload: JSON.stringify(effect), status: "todo", result: null, cause: null })
      .execute();
    const dispatches = {
      find: (one: string) => findDispatch(store.db, "key", one),
      open: (fresh: { key: string; nonce: string; deadline: Date }) =>
        openDispatch(store.db, { ...fresh, repository: acme.repository }),
      note: (one: string, news: object) => noteDispatch(store.db, one, news),
      drop: async () => undefined,
    };
    const gateways: ReturnType<typeof createGateway>[] = [];
    servers = [0, 1].map((index) =>
      createServer((request, response) => {
        gateways[index]?.(request, response).catch(() => void response.writeHead(500).end());
      }),
    );
    const urls = await Promise.all(
      servers.map(async (server) => {
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      }),
    );
    [url = "", other = ""] = urls;
    tools = {
      ...{
        db: store.db,
        github: acme.clients,
        ourselves: acme.world.ourselves,
        apiUrl: acme.sandbox.url,
        publicUrl: url,
      },
      secrets: { search: acme.world.secrets, addToken: () => undefined },
      serviceOf: () => ({ name: "anthropic", apiKey: "the-key", baseUrl: models.url, model: "claude-sonnet-5-5" }),
      ...{ signal: new AbortController().signal, log: { info: say("info"), warn: say("warn") } },
    };
    gateways.push(createGateway(tools), createGateway(tools));
    const world = {
      ...acme.world,
      dispatches,
      now: () => new Date(),
      bodies: { ...acme.world.bodies, get: async () => Buffer.from(packText) },
    };
    await expect(perform(effect, world, async () => "")).rejects.toMatchObject({ code: "waiting" });
    const [made] = acme.sandbox.state.workflowRuns;
    if (made === undefined) throw new Error("no run was asked for");
    run = made;
    nonce = run.inputs.nonce ?? "";
    job(run);
  });
  afterAll(async () => {
    for (const server of servers) server.close();
    await models.close();
    await store.close();
    await acme.close();
  });

  /** A job of a run that may ask GitHub who it is. */
  function job(of: WorkflowRun): void {
    of.jobs.push({
      ...{ id: of.id + 1, nodeId: "J", name: "agent", status: "in_progress", conclusion: null, log: "" },
      ...{ startedAt: "2026-11-30T10:00:00Z", completedAt: null, permissions: { "id-token": "write" }, secret: "s" },
    });
  }
  async function proofOf(one: WorkflowRun, audience = url): Promise<string> {
    const place = `${acme.sandbox.url}/_services/token/job/${one.id + 1}?audience=${encodeURIComponent(audience)}`;
    const answer = await fetch(place, { headers: { authorization: "Bearer s" } });
    const { value }: Json = await answer.json();
    return value;
  }
  const exchange = (body: object) => fetch(`${url}/api/runs/token`, { method: "POST", body: JSON.stringify(body) });
  const ask = (
    bearer: string,
    model = "claude-sonnet-5-5",
    of = "/api/runs/v1/messages",
    at = url,
    content = "Hello",
  ) =>
    fetch(`${at}${of}`, {
      method: "POST",
      headers: { "x-api-key": bearer, "content-type": "application/json" },
      body: JSON.stringify({ model, max_tokens: 100, messages: [{ role: "user", content }] }),
    });
  async function bearerOf(): Promise<string> {
    const answer = await exchange({ nonce, token: await proofOf(run) });
    const { bearer }: Json = await answer.json();
    return bearer;
  }

  test.each<[string, Partial<WorkflowRun>]>([
    ["was started by a person", { actor: undefined as never }],
    ["is a later try", { attempt: 2 }],
    ["began otherwise", { event: "push" }],
    ["is of another workflow", { path: ".github/workflows/other.yml" }],
    ["is of another commit's workflow", { headSha: "" }],
  ])("T136: a run that %s gets no token", async (_title, more) => {
    const before = { ...run };
    const [lena] = acme.sandbox.state.accounts;
    const first = await acme.as("lena", "GET", "commits?per_page=100");
    const other = {
      ...more,
      ...("actor" in more ? { actor: lena } : {}),
      ...("headSha" in more ? { headSha: first.at(-1).sha } : {}),
    };
    Object.assign(run, other);
    const { status } = await exchange({ nonce, token: await proofOf(run) });
    Object.assign(run, before);
    expect(status).toBe(403);
  });

  test("T136: another run, another nonce and a proof for somebody else get no token", async () => {
    const other = { ...run, id: run.id + 1_000, jobs: [] };
    acme.sandbox.state.workflowRuns.push(other);
    job(other);
    expect((await exchange({ nonce, token: await proofOf(other) })).status).toBe(403);
    expect((await exchange({ nonce: "0".repeat(32), token: await proofOf(run) })).status).toBe(403);
    expect((await exchange({ nonce, token: await proofOf(run, "https://elsewhere.example.com") })).status).toBe(403);
    expect((await exchange({ nonce })).status).toBe(400);
  });

  test("while GitHub does not tell what the run's workflow is, the run is not refused, and asks again", async () => {
    acme.sandbox.fault({ kind: "status", method: "GET", path: "/contents/.*sallyport-agent", status: 502, times: 4 });
    const { status } = await exchange({ nonce, token: await proofOf(run) });
    expect(status).toBe(500);
    const again = () => proofOf(run).then(async (token) => (await exchange({ nonce, token })).status === 200 || null);
    await waitUntil("the run to be taken", again);
  });

  test("a run that proves who it is is no warning, and one that is refused is", async () => {
    said.length = 0;
    await bearerOf();
    await exchange({ nonce: "0".repeat(32), token: await proofOf(run) });
    expect(said).toEqual([
      `info: run ${run.id} of run-1-1 proved who it is`,
      "warn: a run on Actions is refused: nobody waits for this run",
    ]);
  });

  test("a run that proves who it is gets its order; a later token of it replaces the one before", async () => {
    const first = await bearerOf();
    const bearer = await bearerOf();
    const order = (token: string) => fetch(`${url}/api/runs/order`, { headers: { authorization: `Bearer ${token}` } });
    expect((await order(first)).status).toBe(403);
    expect(await (await order(bearer)).json()).toEqual({
      ...{ pack: packText, tool: "custom", service: "anthropic", model: "claude-sonnet-5-5" },
    });
  });

  test("calls of Google's API pass by their own path, query and header", async () => {
    const bearer = await bearerOf();
    const google = await brokenService([events(googleEvents([{ text: "Done." }]))]);
    const service = { name: "google", apiKey: "the-key", baseUrl: google.url, model: "gemini-3-pro" } as const;
    const gateway = createGateway({ ...tools, serviceOf: () => service });
    const own = createServer((request, response) => void gateway(request, response));
    await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
    const base = `http://127.0.0.1:${(own.address() as AddressInfo).port}${modelBase.google}`;
    // As the job's own relay makes its call, and with the App in the service's place.
    const call = { contents: [{ role: "user", parts: [{ text: "Hello" }] }] };
    const access = { apiKey: bearer, baseUrl: base, model: "gemini-3-pro" };
    const answer = await generate(call, { access, signal: AbortSignal.timeout(10_000), heard: () => undefined });
    expect(answer).toMatchObject({ candidates: [{ content: { parts: [{ text: "Done." }] } }] });
    const other = generate(call, {
      access: { ...access, apiKey: "x" },
      signal: AbortSignal.timeout(10_000),
      heard: () => undefined,
    });
    await expect(other).rejects.toThrow("this token is not good");
    expect(google.calls()).toBe(1);
    own.close();
    await google.close();
    const none = { model: "claude-sonnet-5-5", calls: 0, inputTokens: 0, outputTokens: 0 };
    await noteDispatch(store.db, key, { spent: { usage: none, redacted: [], ended: null } });
  });

  test("T193 T293: its calls pass with a key that it never sees, are stored and counted, and end at the limit", async () => {
    const bearer = await bearerOf();
    expect((await ask("another")).status).toBe(403);
    expect((await ask(bearer, "another-model")).status).toBe(400);
    expect((await ask(bearer, undefined, "/api/runs/v1/models")).status).toBe(404);
    const answer = await ask(bearer);
    expect(await answer.text()).not.toContain("the-key");
    expect(answer.status).toBe(200);
    // The same call is read from the store, and counts all the same.
    // Another process counts on, and neither lets more pass than both may.
    expect((await ask(bearer, undefined, undefined, other)).status).toBe(200);
    expect(models.calls()).toBe(1);
    const refused = await ask(bearer);
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining("more than 2 calls")]);
    const spent = await waitUntil("the end to be noted", async () => {
      const dispatch = await findDispatch(store.db, "key", key);
      return dispatch?.spent?.ended === null ? null : dispatch?.spent;
    });
    expect(spent).toMatchObject({ usage: { calls: 2 }, ended: { code: "turns-exceeded", retry: false } });
  });

  test("T263: a stop breaks off the call under way", async () => {
    const bearer = await bearerOf();
    const usage = { model: "claude-sonnet-5-5", calls: 0, inputTokens: 0, outputTokens: 0 };
    await noteDispatch(store.db, key, { spent: { usage, redacted: [], ended: null } });
    const slow = await brokenService([events([], "hold")]);
    const service = { name: "anthropic", apiKey: "the-key", baseUrl: slow.url, model: "claude-sonnet-5-5" } as const;
    const gateway = createGateway({ ...tools, serviceOf: () => service });
    const own = createServer((request, response) => void gateway(request, response));
    await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
    const at = `http://127.0.0.1:${(own.address() as AddressInfo).port}`;
    const answer = ask(bearer, undefined, undefined, at, "Another");
    try {
      await waitUntil("the call to be under way", async () => (slow.calls() === 1 ? true : null));
      await store.db.updateTable("effects").set({ status: "failed" }).where("key", "=", key).execute();
      const refused = await answer;
      expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining("the run was stopped")]);
    } finally {
      await store.db.updateTable("effects").set({ status: "todo" }).where("key", "=", key).execute();
      own.close();
      await slow.close();
    }
  });

  test("a stop ends it: the next call is refused", async () => {
    const bearer = await bearerOf();
    await store.db.updateTable("effects").set({ status: "failed" }).where("key", "=", key).execute();
    expect((await ask(bearer)).status).toBe(403);
    expect((await exchange({ nonce, token: await proofOf(run) })).status).toBe(403);
  });
});
