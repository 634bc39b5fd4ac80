import * as z from "zod";
import { Lines } from "../../schemas/text.ts";
import type { ToolAnswer, Workspace } from "./workspace.ts";

const path = z.string().min(1).max(4_096).describe("A path of the repository, such as `src/index.ts`.");

/** The outcome of one tool call: a text for the model, or the end of the work. */
export type ToolOutcome =
  | { type: "text"; ok: boolean; malformed: boolean; path: string | null; text: string }
  | {
      type: "end";
      outcome: "finished" | "stopped" | "asked";
      summary: string;
      questions: string[];
      claims: { criterion: string; how: string }[];
    };

/** A tool: its description for the model, the schema of its input, and its work. */
function tool<S extends z.ZodObject>(
  description: string,
  schema: S,
  work: (input: z.output<S>, workspace: Workspace) => ToolOutcome | Promise<ToolOutcome>,
) {
  return {
    description,
    schema,
    async call(input: unknown, workspace: Workspace): Promise<ToolOutcome> {
      const parsed = schema.safeParse(input);
      if (parsed.success) return work(parsed.data, workspace);
      return malformed(
        parsed.error.issues.map((issue) => `${issue.path.join(".") || "input"}: ${issue.message}`).join("; "),
      );
    },
  };
}

/** The workspace's answer as a text for the model. */
function told<T>(given: ToolAnswer<T>, path: string | null, say: (value: T) => string): ToolOutcome {
  const text = given.ok ? say(given.value) : `${given.code}: ${given.message}`;
  return { type: "text", ok: given.ok, malformed: false, path, text };
}

const tools = {
  list: tool(
    "List the files of the repository.",
    z.strictObject({
      prefix: z.string().max(4_096).default("").describe("Only paths that begin with this."),
      from: z.int().positive().default(1).describe("The first to show, counted from 1."),
      limit: z.int().positive().max(2_000).default(500),
    }),
    async ({ prefix, from, limit }, workspace) =>
      told(await workspace.list(prefix), null, (paths) => section(paths, "paths", from, limit)),
  ),
  read: tool(
    "Read a file.",
    z.strictObject({
      path,
      from: z.int().positive().default(1).describe("The first line."),
      lines: z.int().positive().max(2_000).default(800),
    }),
    async ({ path, from, lines }, workspace) =>
      told(await workspace.read(path), path, (content) => section(content.split("\n"), "lines", from, lines)),
  ),
  search: tool(
    "Find a literal text in the files.",
    z.strictObject({ text: z.string().min(1).max(500), prefix: z.string().max(4_096).default("") }),
    async ({ text, prefix }, workspace) =>
      told(await workspace.search(text, prefix), null, ({ hits, searched, of }) => {
        const lines = hits.map((hit) => `${hit.path}:${hit.line}: ${clip(hit.text, limits.hit)}`);
        if (searched < of) lines.push(`(searched ${searched} of ${of} files; give a longer prefix for the rest)`);
        return lines.join("\n") || "(nothing)";
      }),
  ),
  write: tool(
    "Write a whole file. Only within the paths of the approved plan.",
    z.strictObject({ path, content: z.string().max(2_000_000).describe("The whole file.") }),
    async ({ path, content }, workspace) => told(await workspace.write(path, content), path, () => "written"),
  ),
  edit: tool(
    "Replace one passage of a file.",
    z.strictObject({ path, old: z.string().min(1).describe("Must be in the file exactly once."), new: z.string() }),
    async (edit, workspace) => told(await workspace.edit(edit.path, edit.old, edit.new), edit.path, () => "edited"),
  ),
  delete: tool("Delete a file.", z.strictObject({ path }), async ({ path }, workspace) =>
    told(await workspace.remove(path), path, () => "deleted"),
  ),
  ask: tool(
    "End here with questions that a person must answer before the work can go on.",
    z.strictObject({ questions: Lines.min(1).max(10) }),
    ({ questions }) => ({ type: "end", outcome: "asked", summary: "The agent needs answers.", questions, claims: [] }),
  ),
  stop: tool(
    "End here because the work must not go on: say why.",
    z.strictObject({ reason: z.string().min(1).max(5_000) }),
    ({ reason }) => ({ type: "end", outcome: "stopped", summary: reason, questions: [], claims: [] }),
  ),
  finish: tool(
    "End here: the work is done. Say for each acceptance criterion how it is met.",
    z.strictObject({
      summary: z.string().min(1).max(10_000),
      claims: z
        .array(
          z.strictObject({
            criterion: z.string().describe("The acceptance criterion, word for word."),
            how: z.string(),
          }),
        )
        .max(100)
        .describe("One for each acceptance criterion."),
    }),
    ({ summary, claims }) => ({ type: "end", outcome: "finished", summary, questions: [], claims }),
  ),
};

/** The tools that only read. */
export const readingTools: readonly string[] = ["list", "read", "search"];

/** The tools as offered to the model. */
export function toolDefinitions(names: readonly string[] = Object.keys(tools)) {
  const offered = Object.entries(tools).filter(([name]) => names.includes(name));
  return offered.map(([name, { description, schema }]) => ({ name, description, input_schema: inputOf(schema) }));
}

/** The input of a tool as JSON Schema, for the model. */
export function inputOf(schema: z.ZodObject) {
  const {
    properties = {},
    required = [],
    additionalProperties,
  } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
  });
  return { type: "object" as const, properties, required, additionalProperties };
}

/** Performs one call. The model's input is data: it is parsed, checked by the workspace, and answered. */
export async function callTool(name: string, input: unknown, workspace: Workspace): Promise<ToolOutcome> {
  const found = Object.entries(tools).find(([known]) => known === name);
  return found?.[1].call(input, workspace) ?? malformed(`there is no tool ${JSON.stringify(name)}`);
}

/** Answers the reading tools alone, within bounds; past them nothing is left but `ending`. Secrets are cut out. */
export function boundedReading(
  workspace: Workspace,
  bounds: { calls: number; characters: number; ending: string; redact(text: string): Promise<string> },
) {
  const left = { calls: bounds.calls, characters: bounds.characters };
  const isSpent = () => left.calls <= 0 || left.characters <= 0;
  return {
    isSpent,
    async read(name: string, asked: unknown): Promise<Extract<ToolOutcome, { type: "text" }>> {
      const none = malformed(`there is no tool ${JSON.stringify(name)}`);
      if (!readingTools.includes(name)) return none;
      const text = `no-more: use \`${bounds.ending}\` now`;
      if (isSpent()) return { type: "text", ok: false, malformed: false, path: null, text };
      left.calls -= 1;
      const outcome = await callTool(name, asked, workspace);
      if (outcome.type === "end") return none;
      const shown = await bounds.redact(outcome.text);
      left.characters -= shown.length;
      return { ...outcome, text: shown };
    },
  };
}

/** The most characters of one answer, of one search hit, and of a complaint about a call. */
const limits = { answer: 100_000, hit: 300, complaint: 2_000 } as const;

/** The answer to a call that is wrong in itself. */
export function malformed(problem: string): Extract<ToolOutcome, { type: "text" }> {
  const text = clip(`bad-input: ${problem}`, limits.complaint);
  return { type: "text", ok: false, malformed: true, path: null, text };
}

/** Some of many lines, unchanged; a last line says what is missing, so that a part is never taken for the whole. */
function section(all: readonly string[], what: string, from: number, limit: number): string {
  const shown: string[] = [];
  let characters = 0;
  for (const line of all.slice(from - 1, from - 1 + limit)) {
    characters += line.length + 1;
    if (characters > limits.answer && shown.length > 0) break;
    shown.push(clip(line, limits.answer));
  }
  if (shown.length === all.length) return all.length === 0 ? "(nothing)" : shown.join("\n");
  const last = from - 1 + shown.length;
  const next = last < all.length ? `; go on with from: ${last + 1}` : "";
  const range = shown.length === 0 ? "none" : `${from} to ${last}`;
  return [...shown, `(${what} ${range} of ${all.length}${next})`].join("\n");
}

/** The start of a text that is too long, never cut inside a surrogate pair, which could not be stored or sent. */
function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).toWellFormed()}… (cut here)`;
}
