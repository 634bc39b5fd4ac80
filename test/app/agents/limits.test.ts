import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "@jest/globals";
import { runAgentProgram } from "../../../app/agents/command.ts";
import { runImplementer } from "../../../app/agents/implementer.ts";
import type { Purse } from "../../../app/agents/run.ts";
import { createWorkspace } from "../../../app/agents/workspace.ts";
import type { Pack, StepResult, Usage } from "../../../schemas/step.ts";
import { type LimitEnd, limitEnds } from "../../builders/limit-ends.ts";
import { agentTools, askingProgram } from "../../hosts/agent-tools.ts";
import { unconfined } from "../../hosts/enclosure.ts";
import {
  brokenService,
  endOf,
  events,
  functionCall,
  memoryCalls,
  memoryTree,
  responseEvents,
  samplePack,
  toolEvents,
} from "../../hosts/model-service.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const input = '{"path":"src/a/x.ts","content":"x"}';
const services = [
  { name: "anthropic", model: "claude-sonnet-5-5", path: "", events: toolEvents("write", input) },
  { name: "openai", model: "gpt-5.5", path: "/v1", events: responseEvents([functionCall("write", input)]) },
] as const;
type At = (typeof services)[number];
type Answer = (response: ServerResponse) => void;

const limits = { runtime: 60, silence: 30, turns: 6, tokens: 100_000 };
/** Pays for one call. */
const purse = (): Purse => {
  let paid = 0;
  const why = limitEnds.money[1];
  return {
    reserve: async () => (paid++ === 0 ? { ok: true, settle: async () => undefined } : { ok: false, why, until: null }),
  };
};

type Row = {
  end: LimitEnd;
  most?: Partial<Pack["limits"]>;
  answers(at: At): Answer[];
  paid?: true;
  program?: string;
};
const writing = ({ events: whole }: At) => events([...whole]);
const held = ({ events: whole }: At) => events(whole.slice(0, 3), "hold");
/** A service that never falls silent, and never ends. */
const dripping = ({ events: whole }: At): Answer => {
  const begun = whole.slice(0, 3);
  return (response) => {
    events(begun, "hold")(response);
    const again = setInterval(() => response.write(`event: x\ndata: ${JSON.stringify(begun[2])}\n\n`), 200);
    response.on("close", () => clearInterval(again));
  };
};
const many = (at: At) => Array.from({ length: 4 }, () => writing(at));

const rows = ({ turns, time }: { turns: LimitEnd; time: LimitEnd }): Row[] => [
  { end: turns, most: { turns: 2 }, answers: many },
  { end: "tokens", most: { tokens: 1 }, answers: many },
  { end: "money", answers: many, paid: true },
  { end: "the model's silence", most: { silence: 3 }, answers: (at) => [writing(at), held(at)] },
  { end: time, most: { runtime: 3 }, answers: (at) => [writing(at), held(at)] },
  { end: time, most: { runtime: 3 }, answers: (at) => [dripping(at)] },
];

/** Lets an agent work, and tells how it ended and the milliseconds that it took. */
async function work(at: At, { most = {}, answers, paid, program }: Row, isProgram: boolean) {
  let begun = performance.now();
  const models = await brokenService(
    answers(at).map((answer) => (response) => {
      // Every limit but that of all its time is reached after the last answer.
      if (most.runtime === undefined) begun = performance.now();
      answer(response);
    }),
  );
  open.push(models);
  const pack = samplePack({ limits: { ...limits, ...most } });
  const tree = memoryTree({ "src/a/old.ts": "old\n" });
  const { name, model, path } = at;
  const run = {
    ...{ pack, tree, workspace: createWorkspace(tree, pack), calls: memoryCalls() },
    service: { name, apiKey: "test", baseUrl: models.url + path, model, ...(paid ? { purse: purse() } : {}) },
    signal: new AbortController().signal,
  };
  const own = await agentTools({ custom: program ?? askingProgram });
  open.push(own);
  begun = performance.now();
  const ended: { result: StepResult; usage: Usage } = isProgram
    ? await endOf(runAgentProgram({ ...run, tool: "custom", tools: own.folder, registry: null }))
    : await endOf(runImplementer(run));
  return { ...ended, ms: performance.now() - begun };
}

async function expectEnd(at: At, row: Row, isProgram: boolean): Promise<void> {
  const { result, ms } = await work(at, row, isProgram);
  const [code, summary] = limitEnds[row.end];
  expect(result).toMatchObject({ outcome: "failed", code, summary, files: [] });
  const { silence = 0, runtime = 0 } = row.most ?? {};
  expect(ms).toBeLessThan(1_000 * (silence + runtime) + 5_000);
}

describe.each(services)("our own agent with a model of $name", (at) => {
  test.each(rows({ turns: "turns", time: "our agent's time" }))(
    "T263: is ended within five seconds of its limit, and told as that: $end",
    (row) => expectEnd(at, row, false),
  );
});

(unconfined === null ? describe : describe.skip).each(services)("a program with a model of $name", (at) => {
  test.each([
    ...rows({ turns: "calls", time: "the program's time" }),
    { end: "the program's silence", most: { silence: 3 }, answers: () => [], program: "#!/bin/bash\nsleep 60\n" },
  ] satisfies Row[])("T263: is ended within five seconds of its limit, and told as that: $end", (row) =>
    expectEnd(at, row, true),
  );
});
