import { canonicalJson } from "../../core/json.ts";
import type { ModelService, ToolName } from "../../schemas/policy-agents.ts";
import { type Pack, StepResult } from "../../schemas/step.ts";
import { inside } from "../runner/bubblewrap.ts";
import type { Prompt } from "./prompt.ts";

/** How a program's work ended, by its own word. */
export type Ending = { finished: true; result?: StepResult } | { finished: false; why: string };

/** What a program is started with. */
export type Start = { service: ModelService; model: string; prompt: Prompt; pack: Pack };

/** One agent program: how it is started, where it finds the relay, and how it says that it is done. */
export type Command = {
  /** What it gets on its standard input. */
  stdin(start: Start): string;
  /** Its arguments, after the program's path. */
  argv(start: Start): string[];
  env(start: Start): Record<string, string>;
  /** What stands in its home's file of settings, for a program that takes no flag for it: a path there, and its JSON. */
  settings?: { path: string; value: object };
  /** How it ended, in one event that it prints as a line of JSON; null: it goes on. */
  ending(event: Record<string, unknown>): Ending | null;
};

/** Not a key: programs do not start without one. The relay has the key. */
const placeholder = "no-key-in-here";
const address = `http://127.0.0.1:${inside.port}`;

const services: Readonly<Record<ModelService, Record<string, string>>> = {
  anthropic: { ANTHROPIC_BASE_URL: address, ANTHROPIC_API_KEY: placeholder },
  openai: { OPENAI_BASE_URL: `${address}/v1`, OPENAI_API_KEY: placeholder },
  google: { GOOGLE_GEMINI_BASE_URL: address, GEMINI_API_KEY: placeholder },
};

/** What each service's paths begin with, for opencode. */
const versions: Readonly<Record<ModelService, string>> = { anthropic: "v1", openai: "v1", google: "v1beta" };

const claudeTools = "Bash,Edit,Read,Write,Glob,Grep";

/**
 * All programs by the name that policies use. Each flag was tried with the version that the documentation names; files
 * that steer these programs are not in the tree, so the flags that ignore them are a second line only.
 */
export const commands: Readonly<Record<ToolName, Command>> = {
  claude: {
    stdin: ({ prompt }) => prompt.first,
    argv: ({ model, prompt, pack }) => [
      ...["-p", "--restricted", "--strict-mcp-config", "--setting-sources", "user", "--permission-prompts", "none"],
      ...[
        "--tools",
        claudeTools,
        "--allowedTools",
        claudeTools,
        "--model",
        model,
        "--append-system-prompt",
        prompt.system,
      ],
      ...[
        "--output-format",
        "stream-json",
        "--verbose",
        "--no-session-persistence",
        "--max-turns",
        String(pack.limits.turns),
      ],
      // Always the same, because the program shows it to the model.
      ...["--session-id", "11111111-1111-4111-8111-111111111111"],
    ],
    env: ({ model }) => ({
      ...services.anthropic,
      ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
    }),
    ending({ type, is_error, subtype, terminal_reason, permission_denials }) {
      if (type !== "result") return null;
      if (is_error !== false || subtype !== "success")
        return { finished: false, why: `it ended with ${text(terminal_reason ?? subtype)}` };
      // A denied write leaves the work half done, and the program still calls it a success.
      const isDenied = Array.isArray(permission_denials) && permission_denials.length > 0;
      return isDenied ? { finished: false, why: "it was denied a tool" } : { finished: true };
    },
  },
  codex: {
    stdin: ({ prompt }) => prompt.first,
    argv: ({ model, prompt }) => [
      ...["exec", "--json", "--ephemeral", "--ignore-user-config", "--ignore-rules", "--skip-git-repo-check"],
      // Its own sandbox needs namespaces, which nothing may make inside ours.
      ...["--dangerously-bypass-approvals-and-sandbox", "--model", model],
      ...[
        "project_doc_max_bytes=0",
        'web_search="disabled"',
        'model_provider="relay"',
        'model_providers.relay.name="relay"',
        `model_providers.relay.base_url="${address}/v1"`,
        'model_providers.relay.env_key="OPENAI_API_KEY"',
        'model_providers.relay.wire_api="responses"',
        `developer_instructions=${JSON.stringify(prompt.system)}`,
      ].flatMap((setting) => ["-c", setting]),
      "-",
    ],
    env: () => services.openai,
    ending({ type, error }) {
      if (type === "turn.completed") return { finished: true };
      return type === "turn.failed" ? { finished: false, why: `its turn failed: ${text(error)}` } : null;
    },
  },
  gemini: {
    stdin: ({ prompt }) => `${prompt.system}\n\n${prompt.first}`,
    // A folder that it does not trust it does not work in; what it would run from there is not in the tree.
    argv: ({ model }) => [
      "--skip-trust",
      "--approval-mode",
      "yolo",
      "--output-format",
      "stream-json",
      "--model",
      model,
    ],
    env: () => ({ ...services.google, GEMINI_CLI_NO_RELAUNCH: "true" }),
    settings: {
      path: ".gemini/settings.json",
      value: {
        // Without it an address of another service than Google's own asks for a log-in that it does not know.
        security: { auth: { selectedType: "gemini-api-key" } },
        privacy: { usageStatisticsEnabled: false },
        general: { enableAutoUpdate: false },
        // No more than these: others ask another model, search at the service or wait for a person.
        tools: {
          core: ["list_directory", "read_file", "grep_search", "glob", "replace", "write_file", "run_shell_command"],
          shell: { enableInteractiveShell: false },
        },
        // It asks another model whether it turns in a circle.
        model: { disableLoopDetection: true },
        experimental: { enableAgents: false },
        skills: { enabled: false },
        hooksConfig: { enabled: false },
      },
    },
    ending({ type, status, error }) {
      if (type !== "result") return null;
      // It would call a denied tool a success too; with `yolo` it is denied none.
      return status === "success" ? { finished: true } : { finished: false, why: `it met an error: ${text(error)}` };
    },
  },
  opencode: {
    stdin: ({ prompt }) => `${prompt.system}\n\n${prompt.first}`,
    argv: ({ service, model }) => ["run", "--format", "json", "--auto", "--pure", "-m", `${service}/${model}`],
    env: ({ service }) => ({
      ...services[service],
      OPENCODE_DISABLE_MODELS_FETCH: "1",
      OPENCODE_DISABLE_AUTOUPDATE: "1",
      OPENCODE_CONFIG_CONTENT: JSON.stringify({
        provider: { [service]: { options: { baseURL: `${address}/${versions[service]}`, apiKey: placeholder } } },
      }),
    }),
    ending: ({ type, part, error }) => {
      if (type === "error") return { finished: false, why: `it met an error: ${text(error)}` };
      const isLast = typeof part === "object" && part !== null && "reason" in part && part.reason === "stop";
      return type === "step_finish" && isLast ? { finished: true } : null;
    },
  },
  custom: {
    stdin: ({ pack }) => `${canonicalJson(pack)}\n`,
    argv: () => [],
    env: ({ service, model }) => ({ ...services[service], AGENT_MODEL: model }),
    ending(event) {
      const result = StepResult.safeParse(event);
      if (!result.success) return null;
      const { data } = result;
      if (data.files.length > 0 || data.redacted !== undefined)
        return { finished: false, why: "its `files` are not empty; the change is what stands in its folder" };
      return { finished: true, result: data };
    },
  },
};

function text(value: unknown): string {
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing")).slice(0, 300);
}
