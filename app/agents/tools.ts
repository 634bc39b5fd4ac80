import * as z from "zod";
import { Lines } from "../../schemas/text.ts";
import type { ToolAnswer, Workspace } from "./workspace.ts";

const path = z.string().min(1).max(4_096).describe("A path of the repository, such as `src/index.ts`.");

/** Each tool's input; the model's input is parsed by these schemas only. */
const inputs = {
  list: z.strictObject({
    prefix: z.string().max(4_096).default("").describe("Only paths that begin with this."),
    from: z.int().positive().default(1).describe("The first to show, counted from 1."),
    limit: z.int().positive().max(2_000).default(500),
  }),
  read: z.strictObject({
    path,
    from: z.int().positive().default(1).describe("The first line."),
    lines: z.int().positive().max(2_000).default(800),
  }),
  search: z.strictObject({ text: z.string().min(1).max(500), prefix: z.string().max(4_096).default("") }),
  write: z.strictObject({ path, content: z.string().max(2_000_000).describe("The whole file.") }),
  edit: z.strictObject({
    path,
    old: z.string().min(1).describe("Must be in the file exactly once."),
    new: z.string(),
  }),
  delete: z.strictObject({ path }),
  ask: z.strictObject({ questions: Lines.min(1).max(10) }),
  stop: z.strictObject({ reason: z.string().min(1).max(5_000) }),
  finish: z.strictObject({
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
} as const;
export type ToolName = keyof typeof inputs;

const descriptions: Readonly<Record<string, string>> & Record<ToolName, string> = {
  list: "List the files of the repository.",
  read: "Read a file.",
  search: "Find a literal text in the files.",
  write: "Write a whole file. Only within the paths of the approved plan.",
  edit: "Replace one passage of a file.",
  delete: "Delete a file.",
  ask: "End here with questions that a person must answer before the work can go on.",
  stop: "End here because the work must not go on: say why.",
  finish: "End here: the work is done. Say for each acceptance criterion how it is met.",
};

/** The tools as offered to the model. */
export function toolDefinitions() {
  return Object.entries(inputs).map(([name, schema]) => {
    const { properties = {}, required = [], additionalProperties } = z.toJSONSchema(schema, { io: "input" });
    return {
      name,
      description: descriptions[name] ?? "",
      input_schema: { type: "object" as const, properties, required, additionalProperties },
    };
  });
}

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

/** Performs one call. The model's input is data: it is parsed, checked by the workspace, and answered. */
export async function callTool(name: string, input: unknown, workspace: Workspace): Promise<ToolOutcome> {
  const text = (ok: boolean, said: string, at: string | null = null): ToolOutcome => ({
    type: "text",
    ok,
    malformed: false,
    path: at,
    text: said,
  });
  const told = <T>(given: ToolAnswer<T>, at: string | null, say: (value: T) => string) =>
    given.ok ? text(true, say(given.value), at) : text(false, `${given.code}: ${given.message}`, at);
  const parse = <T>(schema: z.ZodType<T>): { ok: true; value: T } | { ok: false; outcome: ToolOutcome } => {
    const parsed = schema.safeParse(input);
    if (parsed.success) return { ok: true, value: parsed.data };
    const problems = parsed.error.issues
      .map((issue) => `${issue.path.join(".") || "input"}: ${issue.message}`)
      .join("; ");
    return { ok: false, outcome: malformed(problems) };
  };
  switch (name) {
    case "list": {
      const given = parse(inputs.list);
      return given.ok
        ? told(await workspace.list(given.value.prefix), null, (paths) =>
            section(paths, "paths", given.value.from, given.value.limit),
          )
        : given.outcome;
    }
    case "read": {
      const given = parse(inputs.read);
      if (!given.ok) return given.outcome;
      const { path: at, from, lines } = given.value;
      return told(await workspace.read(at), at, (content) => section(content.split("\n"), "lines", from, lines));
    }
    case "search": {
      const given = parse(inputs.search);
      if (!given.ok) return given.outcome;
      const found = await workspace.search(given.value.text, given.value.prefix);
      return told(found, null, ({ hits, searched, of }) => {
        const lines = hits.map((hit) => `${hit.path}:${hit.line}: ${clip(hit.text, limits.hit)}`);
        if (searched < of) lines.push(`(searched ${searched} of ${of} files; give a longer prefix for the rest)`);
        return lines.join("\n") || "(nothing)";
      });
    }
    case "write": {
      const given = parse(inputs.write);
      return given.ok
        ? told(await workspace.write(given.value.path, given.value.content), given.value.path, () => "written")
        : given.outcome;
    }
    case "edit": {
      const given = parse(inputs.edit);
      if (!given.ok) return given.outcome;
      return told(
        await workspace.edit(given.value.path, given.value.old, given.value.new),
        given.value.path,
        () => "edited",
      );
    }
    case "delete": {
      const given = parse(inputs.delete);
      return given.ok
        ? told(await workspace.remove(given.value.path), given.value.path, () => "deleted")
        : given.outcome;
    }
    case "ask": {
      const given = parse(inputs.ask);
      if (!given.ok) return given.outcome;
      return {
        type: "end",
        outcome: "asked",
        summary: "The agent needs answers.",
        questions: given.value.questions,
        claims: [],
      };
    }
    case "stop": {
      const given = parse(inputs.stop);
      return given.ok
        ? { type: "end", outcome: "stopped", summary: given.value.reason, questions: [], claims: [] }
        : given.outcome;
    }
    case "finish": {
      const given = parse(inputs.finish);
      return given.ok ? { type: "end", outcome: "finished", questions: [], ...given.value } : given.outcome;
    }
    default:
      return malformed(`there is no tool ${JSON.stringify(name)}`);
  }
}

/** The most characters of one answer, of one search hit, and of a complaint about a call. */
const limits = { answer: 100_000, hit: 300, complaint: 2_000 } as const;

function malformed(problem: string): ToolOutcome {
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
