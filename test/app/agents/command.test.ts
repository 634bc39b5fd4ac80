import { afterEach, describe, expect, test } from "@jest/globals";
import { runAgentProgram } from "../../../app/agents/command.ts";
import type { AgentEvent, CallStore } from "../../../app/agents/run.ts";
import { tryProgram } from "../../../app/agents/trial.ts";
import { createWorkspace } from "../../../app/agents/workspace.ts";
import { canonicalJson } from "../../../core/json.ts";
import { type Pack, StepResult } from "../../../schemas/step.ts";
import { agentTools, askingProgram } from "../../hosts/agent-tools.ts";
import { unconfined } from "../../hosts/enclosure.ts";
import {
  brokenService,
  call,
  endOf,
  events,
  memoryCalls,
  memoryTree,
  modelService,
  samplePack,
  toolEvents,
} from "../../hosts/model-service.ts";

const confined = unconfined === null ? describe : describe.skip;

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const files = {
  "src/a/x.ts": "export const x = 1;\n",
  "src/a/old.ts": "old\n",
  "README.md": "Read me.\n",
  "src/a/link.ts": "link:x.ts",
  out: "link:/etc/passwd",
  ".gitignore": "*.log\nbuild/\n",
  "CLAUDE.md": "Do as I say.\n",
  ".claude/settings.json": "{}\n",
  "src/.mcp.json": "{}\n",
  ".env": "TOKEN=1\n",
};

const services = [
  { name: "anthropic", model: "claude-sonnet-5-5", path: "" },
  { name: "openai", model: "gpt-5.5", path: "/v1" },
] as const;

type Options = {
  tool?: string;
  program?: string;
  service?: (typeof services)[number];
  baseUrl?: string;
  calls?: CallStore;
  pack?: Partial<Pack>;
  signal?: AbortSignal;
  folder?: string | null;
};

async function work({ tool = "custom", service = services[0], baseUrl = "http://127.0.0.1:1", ...options }: Options) {
  const own = await agentTools({ custom: options.program ?? askingProgram });
  open.push(own);
  const pack = samplePack(options.pack);
  const tree = memoryTree(files);
  return runAgentProgram({
    ...{ pack, tree, tool, workspace: createWorkspace(tree, pack), calls: options.calls ?? memoryCalls() },
    service: { name: service.name, apiKey: "test", baseUrl: baseUrl + service.path, model: service.model },
    tools: options.folder === undefined ? own.folder : options.folder,
    registry: "http://127.0.0.1:1",
    signal: options.signal ?? new AbortController().signal,
  });
}

/** A script that ends with a result that claims what is asked for. */
const script = (lines: string) => `#!/bin/bash
${lines}
echo '{"version":1,"outcome":"finished","code":"finished","summary":"Done.","questions":[],"files":[],"claims":[{"criterion":"It is done.","how":"So."}]}'
`;

async function resultOf(options: Options): Promise<StepResult> {
  const { result } = await endOf(await work(options));
  return StepResult.parse(result);
}

confined("a program's work", () => {
  test.each(services)("with a model of $name is what its tree became; a second run pays nothing", async (service) => {
    const models = await modelService([
      call("write", { path: "src/a/new.ts", content: "export const y = 2;\n" }),
      call("write", { path: "src/a/x.ts", content: "export const x = 2;\n" }),
      { content: "Done." },
    ]);
    open.push(models);
    const calls = memoryCalls();
    const options = { service, baseUrl: models.url, calls };
    const told: AgentEvent[] = [];
    const running = await work(options);
    let step = await running.next();
    for (; step.done !== true; step = await running.next()) told.push(step.value);
    expect(step.value.result).toMatchObject({ outcome: "finished", claims: [{ criterion: "It is done." }] });
    expect(step.value.result.files).toEqual([
      { path: "src/a/new.ts", content: "export const y = 2;\n" },
      { path: "src/a/x.ts", content: "export const x = 2;\n" },
    ]);
    expect(step.value.usage).toMatchObject({ model: service.model, calls: 3 });
    expect(step.value.tool).toEqual({ name: "custom", version: null });
    expect(told.map((event) => event.type)).toEqual(["answer", "answer", "answer"]);
    expect([models.calls(), calls.size()]).toEqual([3, 3]);
    expect((await resultOf({ ...options, baseUrl: "http://127.0.0.1:1" })).files).toEqual(step.value.result.files);
    expect(models.calls()).toBe(3);
  });

  test("T176: no file that steers an agent or may hold a secret is in its copy, nor a link that leads out", async () => {
    const program = script(
      "touch src/a/list.txt; find . -type f -o -type l | sort > src/a/list.txt; cat src/a/link.ts >> src/a/list.txt",
    );
    const [list] = (await resultOf({ program })).files;
    expect(list?.content?.trim().split("\n")).toEqual([
      ...["./.gitignore", "./README.md", "./src/a/link.ts", "./src/a/list.txt", "./src/a/old.ts", "./src/a/x.ts"],
      "export const x = 1;",
    ]);
  });

  test("what is removed is removed, and what git would ignore is left out, as is git's own folder", async () => {
    const program = script(
      "rm src/a/old.ts; mkdir -p build .git/hooks .sallyport; echo x | tee out.log build/x .git/hooks/pre-commit .sallyport/x",
    );
    expect((await resultOf({ program })).files).toEqual([{ path: "src/a/old.ts", content: null }]);
  });

  test.each([
    ["T181: a new link", "ln -s /etc/passwd src/a/new", "is a link"],
    ["T181: a link in the place of a file", "ln -sf /etc/passwd src/a/x.ts", "is a link"],
    ["T181: a folder that is a link", "rm -r src/a; ln -s /etc src/a", "is a link"],
    ["a pipe", "mkfifo src/a/pipe", "no plain file"],
    ["a file outside the scope", "echo x > README.md", "outside what the role web may touch"],
    ["a file that steers agents", "mkdir .claude; echo x > .claude/settings.json", "steers agents"],
    ["T179: git's folder below", "mkdir -p src/a/git~1; echo x > src/a/git~1/config", "git's own folder"],
    ["bytes that are no text", "head -c 100 /dev/urandom > src/a/bytes", "not text in UTF-8"],
    ["a file that is too large", "head -c 3000000 /dev/zero > src/a/large", "more than 2000000 bytes"],
    ["a name that is no UTF-8", "touch $'src/a/\\xff'", "a link, no plain file"],
  ])("%s refuses the whole", async (_what, lines, why) => {
    const result = await resultOf({ program: script(lines) });
    expect(result).toMatchObject({ outcome: "failed", code: "bad-answer", files: [] });
    expect(result.summary).toContain(why);
  });

  test("T181: a report that lies behind a link is not read", async () => {
    const program = script("ln -s /usr/share .sallyport");
    expect((await resultOf({ program })).summary).toContain(".sallyport");
  });

  test.each([
    ["says nothing", "#!/bin/bash\nexit 0\n", "did not say that it was done"],
    ["ends badly", "#!/bin/bash\necho why >&2; exit 7\n", "status 7 and did not say that it was done: why"],
    ["says it and ends badly", `${script("true")}exit 7\n`, "status 7 after"],
    ["is refused by the relay", script("curl -sf 127.0.0.1:8080/v1/models || exit 5"), "status 5"],
    ["hands back files", script("true").replace('"files":[]', '"files":[{"path":"a","content":"b"}]'), "not empty"],
  ])("one that %s did not finish", async (_what, program, why) => {
    const result = await resultOf({ program });
    expect(result).toMatchObject({ outcome: "failed", code: "bad-answer", files: [] });
    expect(result.summary).toContain(why);
  });

  const said = (fields: string) => `#!/bin/bash
echo '{"version":1,"questions":[],"files":[],"claims":[],${fields}}'
`;

  test.each([
    ["half a sign at the cut of its complaint", "#!/bin/bash\nprintf '😀%.0s' {1..1500} >&2; printf x >&2; exit 1\n"],
    [
      "half a sign in its summary",
      said(String.raw`"outcome":"stopped","code":"agent-stopped","summary":"Half: \ud83d"`),
    ],
    [
      "its failure in a text of the most length",
      said(`"outcome":"failed","code":"service","summary":"${"s".repeat(10_000)}"`),
    ],
    [
      "files outside with long names",
      script(`d=$(printf 'n%.0s' {1..200}); d=src/$d/$d/$d/$d/$d/$d/$d/$d/$d/$d; mkdir -p $d; touch $d/{1..9}`),
    ],
  ])("T179: one that leaves %s gives a result that can be recorded", async (_what, program) => {
    const result = await resultOf({ program });
    expect(canonicalJson(result)).toContain('"files":[]');
  });

  test("T182: a line that is nested too deep is none of its program's", async () => {
    const codex = `#!/bin/bash
[ "$1" = --version ] && { echo 0.171.0; exit; }
printf '{"type":"turn.failed","error":'; printf '[%.0s' {1..50000}; printf ']%.0s' {1..50000}; echo '}'
`;
    const tools = await agentTools({ codex });
    open.push(tools);
    const result = await resultOf({ tool: "codex@0.171.0", service: services[1], folder: tools.folder });
    expect(result.summary).toContain("did not say that it was done");
  });

  test.each([
    ["tokens", { tokens: 10 }, "tokens-exceeded"],
    ["calls", { turns: 2 }, "turns-exceeded"],
  ])("past its %s no call passes, and it is ended at once", async (_what, limits, code) => {
    const more = events(toolEvents("write", '{"path":"src/a/new.ts","content":"x"}'));
    const models = await brokenService([more, more, more, more, more]);
    open.push(models);
    const all = { runtime: 60, silence: 30, turns: 6, tokens: 100_000, ...limits };
    const result = await resultOf({ baseUrl: models.url, pack: { limits: all } });
    expect(result).toMatchObject({ outcome: "failed", code, files: [] });
    expect(models.calls()).toBeLessThan(4);
  });

  test.each([
    ["success", "finished", "The program left no report."],
    ["error", "bad-answer", 'it met an error: {"type":"FatalError","message":"no"}'],
  ])(
    "Gemini CLI has settings of ours in its home that it cannot change, and ends with %s",
    async (status, code, why) => {
      const gemini = `#!/bin/bash
[ "$1" = --version ] && { echo 0.61.0; exit; }
echo x 2>/dev/null > ~/.gemini/settings.json; cp ~/.gemini/settings.json src/a/new.ts; touch ~/.gemini/log
echo '{"type":"init"}'; echo '{"type":"result","status":"${status}","error":{"type":"FatalError","message":"no"}}'
`;
      const tools = await agentTools({ gemini });
      open.push(tools);
      const result = await resultOf({ tool: "gemini@0.61.0", folder: tools.folder });
      expect(result).toMatchObject({ code, summary: expect.stringContaining(why) });
      if (code === "finished")
        expect(JSON.parse(result.files[0]?.content ?? "")).toMatchObject({
          security: { auth: { selectedType: "gemini-api-key" } },
          privacy: { usageStatisticsEnabled: false },
          hooksConfig: { enabled: false },
        });
    },
  );

  test("silence ends it", async () => {
    const limits = { runtime: 60, silence: 1, turns: 6, tokens: 100_000 };
    expect(await resultOf({ program: script("sleep 60"), pack: { limits } })).toMatchObject({ code: "silence" });
  });

  test("a stop ends it", async () => {
    const signal = AbortSignal.timeout(1_500);
    expect(await resultOf({ program: script("sleep 60"), signal })).toMatchObject({ code: "cancelled" });
  });

  test("a trial of it asks no model and needs no key", async () => {
    const tools = await agentTools({ custom: askingProgram, codex: "#!/bin/bash\necho codex-cli 0.171.0\n" });
    open.push(tools);
    expect(await tryProgram("custom", "anthropic", tools.folder)).toBeNull();
    expect(await tryProgram("custom", "openai", tools.folder)).toBeNull();
    expect(await tryProgram("codex@0.171.0", "openai", tools.folder)).toContain("did not say that it was done");
    expect(await tryProgram("codex@0.172.0", "openai", tools.folder)).toContain("the policy asks for 0.172.0");
  });

  test.each([
    ["no folder of programs", "custom", null, "set AGENT_TOOLS"],
    ["a program that is not there", "claude@2.1.332", undefined, "claude is not installed"],
    ["another version", "custom@2.0", undefined, "custom is 1.0 (Ours), and the policy asks for 2.0"],
  ])("%s is told before anything runs", async (_what, tool, folder, why) => {
    const program = '#!/bin/bash\n[ "$1" = --version ] && echo "1.0 (Ours)"\n';
    const result = await resultOf({ tool, program, ...(folder === undefined ? {} : { folder }) });
    expect(result).toMatchObject({ outcome: "failed", code: "service" });
    expect(result.summary).toContain(why);
  });
});
