import { generateKeyPairSync } from "node:crypto";
import type { FixtureResponse } from "@copilotkit/aimock";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { PerformContext } from "../../../app/perform/context.ts";
import { perform } from "../../../app/perform/perform.ts";
import type { Effect, EffectResult } from "../../../core/effects.ts";
import { redactionMark } from "../../../core/redaction/redaction.ts";
import type { StepPack } from "../../../schemas/step.ts";
import { pack, tip } from "../../builders/effect-scenes.ts";
import { samplePlan } from "../../builders/story.ts";
import { call, memoryCalls, modelService } from "../../hosts/model-service.ts";
import { type Acme, type Json, startAcme } from "../../hosts/store-and-github.ts";

let acme: Acme;
beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.close());

const foreignKey = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
/** A token that our own client was given after the search was made. */
const ourToken = (): string =>
  acme.watch.exchanges.flatMap(({ path, responseBody }) =>
    path.endsWith("/access_tokens") ? [(responseBody as Json).token] : [],
  )[0];
const finish = (summary: string, how = "So.") =>
  call("finish", { summary, claims: [{ criterion: "The page greets.", how }] });

/** Plays an effect against a model service that answers turn by turn; gives its end and all that was kept of it. */
async function play(effect: Effect, turns: FixtureResponse[]) {
  const models = await modelService(turns);
  const kept: string[] = [];
  const calls = memoryCalls();
  const context: PerformContext = {
    ...acme.world,
    anthropic: { apiKey: "test", baseUrl: models.url },
    calls: {
      get: calls.get,
      put: (key, answer) => {
        kept.push(answer);
        return calls.put(key, answer);
      },
    },
    bodies: {
      get: acme.world.bodies.get,
      put: (bytes, mediaType) => {
        kept.push(Buffer.from(bytes).toString("utf8"));
        return acme.world.bodies.put(bytes, mediaType);
      },
    },
    progress: (line) => void kept.push(line),
  };
  const run = () =>
    perform(effect, context, async () => "").then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
  try {
    const first = await run();
    const paid = models.calls();
    if ("result" in first) expect(await run()).toMatchObject({ result: first.result });
    expect(models.calls()).toBe(paid);
    return { ...first, paid, kept: kept.join("\n") };
  } finally {
    await models.close();
  }
}

async function runAgent(more: Partial<StepPack> = {}): Promise<Effect> {
  const packSha256 = await acme.store(pack(await tip(acme), more));
  return { type: "run-agent", key: "agent/1", run: "run-1-1", packSha256, backend: "anthropic", model: null };
}

async function resultOf(end: { result: EffectResult } | { error: unknown }): Promise<Json> {
  if (!("result" in end) || end.result.type !== "answer") throw new Error(JSON.stringify(end));
  const bytes = await acme.world.bodies.get(end.result.resultSha256);
  return JSON.parse(Buffer.from(bytes ?? []).toString("utf8"));
}

describe("an agent that hands back", () => {
  test("T217 a private key in a file is stopped there, and nothing keeps the key", async () => {
    const content = `export const key = \`${foreignKey}\`;\n`;
    const end = await play(await runAgent(), [call("write", { path: "web/key.ts", content }), finish("Done.")]);
    expect(await resultOf(end)).toMatchObject({
      outcome: "failed",
      code: "secret-in-answer",
      files: [],
      redacted: [{ rule: "privatekey", where: "file", path: "web/key.ts", line: 1, count: 1 }],
    });
    expect(end.paid).toBe(1);
    expect(end.kept).not.toContain(foreignKey.split("\n")[1]);
  });

  test("T218 a token of ours in a file is stopped there, over two lines and in base64, too", async () => {
    const token = ourToken();
    expect(token).toMatch(/^ghs_/);
    const encoded = Buffer.from(`x-access-token:${token}`).toString("base64");
    for (const content of [token, `${token.slice(0, 20)}\n${token.slice(20)}`, encoded]) {
      const end = await play(await runAgent(), [call("write", { path: "web/a.txt", content }), finish("Done.")]);
      expect(await resultOf(end)).toMatchObject({ code: "secret-in-answer", files: [] });
      expect(end.kept).not.toContain(token.slice(-15));
      expect(end.kept).not.toContain(encoded.slice(-30, -4));
    }
  });

  test("T218 a token of ours in two edits is found in the file that they make", async () => {
    const token = ourToken();
    const end = await play(await runAgent(), [
      call("write", { path: "web/a.txt", content: `1\n${token.slice(0, 15)}#\n` }),
      call("edit", { path: "web/a.txt", old: "#", new: token.slice(15) }),
      finish("Done."),
    ]);
    expect(await resultOf(end)).toMatchObject({
      outcome: "failed",
      code: "secret-in-answer",
      files: [{ path: "web/a.txt", content: `1\n${redactionMark}\n` }],
      redacted: [{ where: "file", path: "web/a.txt", line: 2 }],
    });
  });

  test("T218 a token of ours in its words is recorded without it", async () => {
    const token = ourToken();
    const end = await play(await runAgent(), [
      call("write", { path: "web/page.html", content: "<p>good morning</p>\n" }),
      finish(`Done with ${token}`, JSON.stringify({ token })),
    ]);
    expect(await resultOf(end)).toMatchObject({
      outcome: "finished",
      summary: `Done with ${redactionMark}`,
      files: [{ path: "web/page.html", content: "<p>good morning</p>\n" }],
      redacted: [
        { rule: "installation-token", where: "claims", count: 1 },
        { rule: "installation-token", where: "summary", count: 1 },
      ],
    });
    expect(end.kept).not.toContain(token);
  });

  test("T194 a token of ours in the name of a file it asks for does not get into the log", async () => {
    const token = ourToken();
    const end = await play(await runAgent(), [call("read", { path: `web/${token}` }), call("stop", { reason: token })]);
    expect(await resultOf(end)).toMatchObject({ outcome: "stopped", summary: redactionMark });
    expect(end.kept).toContain(`read "web/${redactionMark}": refused`);
    expect(end.kept).not.toContain(token);
  });
});

describe("a prompt with a secret is not sent", () => {
  const lookalike = `ghp_${"aB3dE6gH9jK2".repeat(3)}`;

  test.each([
    ["the contract", { contract: `# Use this\n\n${lookalike}` }, "contract"],
    ["a role's card", { role: { name: "web", allow: ["web/**"], deny: [], card: lookalike } }, "role"],
  ])("T218 in %s", async (_where, more, part) => {
    const end = await play(await runAgent(more), [finish("Done.")]);
    expect(end).toMatchObject({
      error: {
        code: "secret-in-prompt",
        retry: false,
        message: expect.stringContaining(`its ${part} holds`),
      },
      paid: 0,
    });
    expect(JSON.stringify(end)).not.toContain(lookalike);
  });

  test("T218 one of our own, line by line", async () => {
    const line = acme.privateKey.split("\n")[5] ?? "";
    const end = await play(await runAgent({ acceptance: [`The page greets ${line}.`] }), [finish("Done.")]);
    expect(end).toMatchObject({ error: { code: "secret-in-prompt" }, paid: 0 });
    expect(JSON.stringify(end)).not.toContain(line);
  });

  const ask = async (more: object): Promise<Effect> => ({
    type: "ask-planner",
    key: "plan/1",
    story: 1,
    base: await tip(acme),
    title: "Greet",
    body: "The page should greet.",
    refinement: "",
    previousPlan: null,
    roles: [{ name: "web", allow: ["web/**"], deny: [] }],
    decisions: [],
    backend: "anthropic",
    model: null,
    ...more,
  });

  test.each(["title", "body", "refinement"])("T218 to the planner, in the %s", async (part) => {
    const effect = await ask({ [part]: `Use ${lookalike}` });
    const end = await play(effect, [call("propose_plan", samplePlan)]);
    expect(end).toMatchObject({
      result: {
        type: "plan-failed",
        code: "secret-in-prompt",
        message: expect.stringContaining(`its ${part}`),
      },
      paid: 0,
    });
    expect(JSON.stringify(end)).not.toContain(lookalike);
  });

  test("T218 a plan is stored without what the planner wrote of ours, and the end tells how much", async () => {
    const token = ourToken();
    const turns = [call("propose_plan", { ...samplePlan, approach: `Ask with ${token}`, risks: [`${token} leaks`] })];
    const end = await play(await ask({}), turns);
    expect(end).toMatchObject({
      result: { type: "plan", redacted: [{ rule: "installation-token", where: "plan", count: 2 }] },
    });
    expect(end.kept).toContain(`Ask with ${redactionMark}`);
    expect(end.kept).not.toContain(token);
  });
});
