import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { zipSync } from "fflate";
import { sealedFiles } from "../../../app/actions/sealed.ts";
import { perform } from "../../../app/perform/perform.ts";
import type { Effect, EffectResult } from "../../../core/effects.ts";
import type { WorkflowRun } from "../../../sandbox/state/workflow-run.ts";
import { upload } from "../../../sandbox/workflows/uploads.ts";
import type { FileWrite, StepResult } from "../../../schemas/step.ts";
import { pack, tip } from "../../builders/effect-scenes.ts";
import { type Acme, startAcme } from "../../hosts/store-and-github.ts";

const path = ".github/workflows/sallyport-agent.yml";
const text = `name: agent
run-name: sallyport \${{ inputs.nonce }}
on: { workflow_dispatch: { inputs: { nonce: {}, pack: {}, base: {}, minutes: {} } } }
jobs: { seal: { steps: [] } }
`;
const blob = createHash("sha1").update(`blob ${text.length}\0${text}`).digest("hex");
const files = [{ path: "web/page.html", content: "<p>good morning</p>\n" }];

let acme: Acme;
let now = Date.parse("2026-11-30T10:00:00Z");
let count = 0;
let effect: Extract<Effect, { type: "run-agent" }>;

beforeAll(async () => {
  acme = await startAcme({ onActions: true });
  await acme.as("lena", "PUT", `contents/${path}`, {
    message: "Add it",
    content: Buffer.from(text).toString("base64"),
  });
});
beforeEach(async () => {
  const packSha256 = await acme.store(pack(await tip(acme)));
  const [key, actions] = [`agent/${++count}`, { workflow: path, blob }];
  effect = {
    type: "run-agent",
    key,
    run: "run-1-1",
    packSha256,
    backend: "anthropic",
    model: null,
    tool: "custom",
    actions,
  };
});
afterAll(() => acme.close());

const world = () => ({ ...acme.world, now: () => new Date(now) });
const once = (one: Effect = effect): Promise<EffectResult> => perform(one, world(), async () => "");
const waits = { code: "waiting", retry: true };
const runs = () => acme.sandbox.state.workflowRuns;

/** Asks for the run; GitHub has it queued. */
async function asked(): Promise<WorkflowRun> {
  await expect(once()).rejects.toMatchObject(waits);
  const run = runs().at(-1);
  if (run === undefined) throw new Error("no run was asked for");
  return run;
}

/** Ends a run well, with what `seal` uploads. */
function end(
  run: WorkflowRun,
  written: FileWrite[] = files,
  parts?: Record<string, Uint8Array>,
  more: Partial<StepResult> = {},
): void {
  const [started, ended] = [new Date(now), new Date(now + 90_000)].map((time) => time.toISOString());
  Object.assign(run, { status: "completed", conclusion: "success", updatedAt: ended });
  run.jobs.push({
    ...{ id: run.id + 1, nodeId: "J", name: "seal", status: "completed", conclusion: "success", log: "" },
    ...{ startedAt: started ?? "", completedAt: ended ?? "", permissions: {}, secret: "" },
  });
  const { nonce = "", pack: digest = "", base = "" } = run.inputs;
  const told = { version: 1 as const, summary: "Done.", questions: [], claims: [] };
  const result = { ...told, outcome: "finished" as const, code: "finished" as const, ...more };
  const sealed = sealedFiles({ version: 1, nonce, pack: digest, base, run: run.id, result }, written);
  upload(acme.sandbox.state, run, "sallyport-result", Buffer.from(zipSync(parts ?? Object.fromEntries(sealed))));
}

/** The stored result of the effect. */
async function resultOf(answer: EffectResult) {
  if (answer.type !== "answer") throw new Error("no answer");
  const bytes = await acme.world.bodies.get(answer.resultSha256);
  return JSON.parse(Buffer.from(bytes ?? "").toString("utf8"));
}

const refusal = (code: string) => ({
  ...{ outcome: "failed", code: "not-accepted", files: [] },
  summary: expect.stringMatching(new RegExp(`^Nothing came of the run on Actions: .+ \\(${code}\\)\\. Next: .+\\.$`)),
});

describe("a run on Actions", () => {
  test("is asked for once, waited for, and its result taken when it has ended", async () => {
    const run = await asked();
    await expect(once()).rejects.toMatchObject(waits);
    expect(runs().filter(({ title }) => title === run.title)).toHaveLength(1);
    expect(run.inputs).toMatchObject({ pack: effect.packSha256, minutes: "6" });
    end(run);
    const answer = await once();
    expect(answer).toMatchObject({
      ...{ type: "answer", tool: { name: "custom", version: null }, usage: { calls: 0 } },
      actions: { run: run.id, workflow: blob, seconds: 90, minutes: 2 },
    });
    expect(await resultOf(answer)).toMatchObject({ outcome: "finished", files });
  });

  test("whose answer was lost is looked for by its name before it is asked for again", async () => {
    acme.sandbox.fault({ kind: "status", method: "POST", path: "/dispatches$", status: 502, after: true });
    await expect(once()).rejects.toMatchObject({ code: "github", retry: true });
    const run = runs().at(-1);
    await expect(once()).rejects.toMatchObject(waits);
    expect(runs().filter(({ title }) => title === run?.title)).toHaveLength(1);
    if (run !== undefined) end(run);
    expect(await once()).toMatchObject({ type: "answer", actions: { run: run?.id } });
  });

  test("T136: whose answer was lost is not mixed up with one that a person started under its name", async () => {
    acme.sandbox.fault({ kind: "status", method: "POST", path: "/dispatches$", status: 502, after: true });
    await expect(once()).rejects.toMatchObject({ code: "github", retry: true });
    const run = runs().at(-1);
    if (run === undefined) throw new Error("no run was asked for");
    const [lena] = acme.sandbox.state.accounts;
    runs().push({ ...run, id: run.id + 5_000, actor: lena ?? run.actor, jobs: [] });
    await expect(once()).rejects.toMatchObject(waits);
    end(run);
    expect(await once()).toMatchObject({ type: "answer", actions: { run: run.id } });
  });

  test("whose request never arrived is asked for again, under the same name", async () => {
    const before = runs().length;
    acme.sandbox.fault({ kind: "status", method: "POST", path: "/dispatches$", status: 502 });
    await expect(once()).rejects.toMatchObject({ code: "github" });
    await expect(once()).rejects.toMatchObject(waits);
    expect(runs()).toHaveLength(before);
    now += 31_000;
    await expect(once()).rejects.toMatchObject(waits);
    expect(runs()).toHaveLength(before + 1);
  });

  test("T177: is not asked for where the workflow was edited", async () => {
    const before = runs().length;
    const edited = { ...effect, actions: { workflow: path, blob: "0".repeat(40) } };
    expect(await resultOf(await once(edited))).toMatchObject(refusal("workflow-edited"));
    expect(runs()).toHaveLength(before);
  });

  test("is not asked for where no run could find the service", async () => {
    const answer = await perform(effect, { ...world(), publicUrl: null }, async () => "");
    expect(await resultOf(answer)).toMatchObject(refusal("not-set-up"));
  });

  test("that GitHub does not start is told with the next step", async () => {
    acme.sandbox.fault({ kind: "status", method: "POST", path: "/dispatches$", status: 403 });
    expect(await resultOf(await once())).toMatchObject(refusal("not-set-up"));
  });

  test("that is not over at its deadline is cancelled", async () => {
    const run = await asked();
    now += 3_600_000;
    expect(await resultOf(await once())).toMatchObject(refusal("late"));
    expect(run.stop.signal.aborted).toBe(true);
  });

  test("that is gone is not asked for again", async () => {
    const run = await asked();
    const before = runs().length;
    runs().splice(runs().indexOf(run), 1);
    expect(await resultOf(await once())).toMatchObject(refusal("no-answer"));
    expect(runs()).toHaveLength(before - 1);
  });

  test.each<[string, string, (run: WorkflowRun) => void]>([
    [
      "T136: was started by a person",
      "other-run",
      (run) => Object.assign(run, { actor: acme.sandbox.state.accounts[0] }),
    ],
    ["failed", "run-failed", (run) => Object.assign(run, { conclusion: "failure" })],
    [
      "left two results",
      "several-artifacts",
      (run) => upload(acme.sandbox.state, run, "sallyport-result", Buffer.from("x")),
    ],
    [
      "left a result with a foreign file",
      "artifact-malformed",
      (run) => replace(run, { "result.json": Buffer.from("{}"), "run.sh": Buffer.from("x") }),
    ],
    [
      "left what GitHub's digest does not fit",
      "artifact-changed",
      (run) => Object.assign(artifactOf(run), { digest: `sha256:${"0".repeat(64)}` }),
    ],
    [
      "left a result that is too large",
      "artifact-too-large",
      (run) => Object.assign(artifactOf(run), { zip: Buffer.alloc(12_000_001).toString("base64") }),
    ],
  ])("that %s is refused, and what it wrote is not used", async (_title, code, spoil) => {
    const run = await asked();
    end(run);
    spoil(run);
    expect(await resultOf(await once())).toMatchObject(refusal(code));
  });

  const usage = { model: "claude-sonnet-5-5", calls: 2, inputTokens: 9, outputTokens: 1 };
  test.each<[StepResult["code"], string]>([
    ["turns-exceeded", "more than 2 calls were made"],
    ["tokens-exceeded", "more than 10 tokens were used"],
    ["money-exceeded", "the budget of the story is used up"],
    ["silence", "the model said nothing for 5 s"],
  ])("that the App ended for its %s is told as that, whatever the run says of itself", async (code, message) => {
    const run = await asked();
    const spent = { usage, redacted: [], ended: { code, message, retry: false, until: null } };
    const { open } = acme.world.dispatches;
    const dispatches = {
      ...acme.world.dispatches,
      open: async (fresh: Parameters<typeof open>[0]) => ({ ...(await open(fresh)), spent }),
    };
    end(run);
    const answer = await perform(effect, { ...world(), dispatches }, async () => "");
    expect(answer).toMatchObject({ usage, actions: { run: run.id, seconds: 90 } });
    expect(await resultOf(answer)).toMatchObject({ outcome: "failed", code, summary: message, files: [] });
  });

  test.each<[StepResult["code"], string]>([
    ["time-exceeded", "custom was ended: the time for this work is used up"],
    ["memory-exceeded", "custom was ended: it used more than 4294967296 bytes of memory"],
    ["silence", "custom was ended: the program said nothing for 5 s"],
  ])("whose own runner ended the program for its %s is told as that", async (code, summary) => {
    const run = await asked();
    end(run, [], undefined, { outcome: "failed", code, summary });
    expect(await resultOf(await once())).toMatchObject({ outcome: "failed", code, summary, files: [] });
  });

  test("T136: whose result holds half of a sign is recorded all the same", async () => {
    const run = await asked();
    end(run, files, undefined, { summary: "Half of a sign: \ud83d" });
    expect(await resultOf(await once())).toMatchObject({ outcome: "finished", files });
  });

  test("T136: whose result says what was cut out of it is refused: that is our host's word", async () => {
    const run = await asked();
    end(run, files, undefined, { redacted: [{ rule: "@acme/leads", where: "summary", count: 9 }] });
    expect(await resultOf(await once())).toMatchObject(refusal("artifact-malformed"));
  });

  test("T136: whose result has a name of any length is refused in a text that can be recorded", async () => {
    const run = await asked();
    const parts = { "result.json": Buffer.from(JSON.stringify({ ["n".repeat(20_000)]: 1 })) };
    end(run, files, parts);
    expect(await resultOf(await once())).toMatchObject({ outcome: "failed", code: "not-accepted", files: [] });
  });

  test("T284: whose model asks us to wait is parked as our own agent's work is, and no try of it counts", async () => {
    const run = await asked();
    const ended = { code: "service" as const, message: "Later.", retry: true, until: "2026-11-30T12:00:00.000Z" };
    const { open } = acme.world.dispatches;
    const dispatches = {
      ...acme.world.dispatches,
      open: async (fresh: Parameters<typeof open>[0]) => ({
        ...(await open(fresh)),
        spent: { usage, redacted: [], ended },
      }),
    };
    end(run);
    const again = perform(effect, { ...world(), dispatches }, async () => "");
    await expect(again).rejects.toMatchObject({ code: "rate-limit", retry: true, notBefore: new Date(ended.until) });
  });

  test("T179: that wrote outside its scope is a bad answer", async () => {
    const run = await asked();
    end(run, [...files, { path: ".github/workflows/more.yml", content: "on: push\n" }]);
    expect(await resultOf(await once())).toMatchObject({ outcome: "failed", code: "bad-answer", files: [] });
  });

  test("that a person stops is cancelled, first gently, then not", async () => {
    const run = await asked();
    run.status = "in_progress";
    const cancel: Effect = { type: "cancel-run", key: `cancel/${effect.key}`, agent: effect.key };
    acme.written();
    await expect(once(cancel)).rejects.toMatchObject(waits);
    now += 61_000;
    await expect(once(cancel)).rejects.toMatchObject(waits);
    expect(acme.written()).toEqual([
      `POST /actions/runs/${run.id}/cancel`,
      `POST /actions/runs/${run.id}/force-cancel`,
    ]);
    run.status = "completed";
    expect(await once(cancel)).toEqual({ type: "none" });
    expect(await once(cancel)).toEqual({ type: "none" });
  });
});

const artifactOf = (run: WorkflowRun) => run.repository.artifacts.find((one) => one.run === run.id) ?? {};

function replace(run: WorkflowRun, parts: Record<string, Uint8Array>): void {
  run.repository.artifacts.splice(
    run.repository.artifacts.findIndex((one) => one.run === run.id),
    1,
  );
  end(Object.assign(run, { jobs: [] }), files, parts);
}
