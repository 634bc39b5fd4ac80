import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { runAgentProgram } from "../../../app/agents/command.ts";
import { tryProgram } from "../../../app/agents/trial.ts";
import { createWorkspace } from "../../../app/agents/workspace.ts";
import type { ModelService } from "../../../schemas/policy-agents.ts";
import { unconfined } from "../../hosts/enclosure.ts";
import {
  brokenService,
  call,
  endOf,
  events,
  googleEvents,
  memoryCalls,
  memoryTree,
  modelService,
  samplePack,
} from "../../hosts/model-service.ts";

/** Where the real programs are; CI installs them, each in the version that docs/agents.md names. */
const folder = process.env.AGENT_TOOLS ?? "";
const isThere = (name: string) => existsSync(join(folder, "node_modules/.bin", name));

const script = `mkdir -p src/a .sallyport; echo 'export const y = 2;' > src/a/new.ts
cat CLAUDE.md AGENTS.md GEMINI.md .claude/settings.json .gemini/settings.json; env | grep -i key; cat > .sallyport/report.json <<'END'
{"outcome":"finished","summary":"Done.","questions":[],"claims":[{"criterion":"It is done.","how":"Written."}]}
END`;

const done = { content: "Done." };

const programs: {
  name: string;
  tool: string;
  use: ModelService;
  model: string;
  path: string;
  serve: () => Promise<{ url: string; calls(): number; asked: string[]; close(): Promise<void> }>;
  replays: boolean;
}[] = [
  {
    ...{ name: "claude", tool: "claude@2.1.332", use: "anthropic", model: "claude-sonnet-5-5", path: "" },
    ...{ serve: () => modelService([call("Bash", { command: script, description: "Work" }), done]), replays: true },
  },
  {
    ...{ name: "codex", tool: "codex@0.171.0", use: "openai", model: "gpt-5.5", path: "/v1" },
    ...{ serve: () => modelService([call("exec_command", { cmd: script }), done]), replays: false },
  },
  {
    ...{ name: "gemini", tool: "gemini@0.61.0", use: "google", model: "gemini-3-pro", path: "" },
    serve: () =>
      brokenService([
        events(googleEvents([{ functionCall: { name: "run_shell_command", args: { command: script } } }])),
        events(googleEvents([{ text: "Do" }, { text: "ne." }])),
      ]),
    replays: true,
  },
];

const missing = programs.flatMap(({ name, tool }) => (isThere(name) ? [] : [tool]));
if (unconfined === null && missing.length > 0)
  console.warn(`tests of ${missing.join(", ")} are skipped: AGENT_TOOLS names no folder with them`);

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

describe.each(programs)("$tool", ({ name, tool, use, model, path, serve, replays }) => {
  const possible = unconfined === null && isThere(name) ? test : test.skip;

  possible(
    "T176: works behind the relay, without our key, and without the files that steer it",
    async () => {
      const models = await serve();
      open.push(models);
      const pack = samplePack({ limits: { runtime: 120, silence: 60, turns: 10, tokens: 1_000_000 } });
      const marker = "READ-BY-THE-PROGRAM";
      const hook = { type: "command", command: "touch src/a/hooked.ts" };
      const tree = memoryTree({
        "src/a/x.ts": "export const x = 1;\n",
        "CLAUDE.md": marker,
        "AGENTS.md": marker,
        "GEMINI.md": marker,
        ".gemini/settings.json": JSON.stringify({ hooks: { SessionStart: [{ hooks: [hook] }] } }),
        ".claude/settings.json": JSON.stringify({ hooks: { SessionStart: [{ hooks: [hook] }] } }),
      });
      const calls = memoryCalls();
      const work = (baseUrl: string) =>
        endOf(
          runAgentProgram({
            registry: null,
            ...{ pack, tree, tool, calls, tools: folder, workspace: createWorkspace(tree, pack) },
            service: { name: use, apiKey: "sk-the-real-key", baseUrl: baseUrl + path, model },
            signal: new AbortController().signal,
          }),
        );
      const { result, usage } = await work(models.url);
      expect(result).toMatchObject({ outcome: "finished", claims: [{ criterion: "It is done." }] });
      expect(result.files).toEqual([{ path: "src/a/new.ts", content: "export const y = 2;\n" }]);
      expect(usage).toMatchObject({ model, calls: 2 });
      const asked = models.asked.join("\n");
      expect(asked).not.toContain(marker);
      expect(asked).not.toContain("sk-the-real-key");
      if (!replays) return;
      const again = await work("http://127.0.0.1:1");
      expect(again.result).toEqual(result);
      expect(models.calls()).toBe(2);
    },
    120_000,
  );

  possible(
    "does doctor's canned task",
    async () => {
      expect(await tryProgram(tool, use, folder)).toBeNull();
    },
    120_000,
  );
});
