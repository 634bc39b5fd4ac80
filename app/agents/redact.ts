import * as z from "zod";
import {
  type JsonRedaction,
  redactSecrets,
  redactSecretsIn,
  type SecretSearch,
} from "../../collect/secrets/redaction.ts";
import { canonicalJson, type Json } from "../../core/json.ts";
import { mergeRedactions } from "../../core/redaction/redaction.ts";
import { type AnswerRedaction, type FileWrite, StepResult } from "../../schemas/step.ts";
import type { CallStore } from "./run.ts";
import type { TreeReader } from "./trees.ts";

/** Wraps a store of answers: secrets are cut out before an answer is stored, and the redactions are stored with it. */
export function redactingCallStore(calls: CallStore, search: SecretSearch): CallStore {
  return {
    get: (key) => calls.get(key),
    async put(key, answer) {
      const { value, redactions } = await redactSecretsIn(await joinSplit(JSON.parse(answer), search), search);
      const redacted = mergeRedactions(redactions.map((redaction) => answerRedaction(value, redaction)));
      await calls.put(key, redactions.length === 0 ? answer : canonicalJson(Object.assign({}, value, { redacted })));
    },
  };
}

const Spoken = z.looseObject({ text: z.string().optional(), thought: z.boolean().optional() });
type Spoken = z.infer<typeof Spoken>;
const GoogleAnswer = z.looseObject({
  candidates: z.tuple([z.looseObject({ content: z.looseObject({ parts: z.array(Spoken) }) })]),
});

/** The parts of an answer, those together whose texts a program puts together. */
function runsOf(parts: readonly Spoken[]): Spoken[][] {
  const runs: Spoken[][] = [];
  for (const part of parts) {
    const before = runs.at(-1)?.at(-1);
    const isContinued = part.text !== undefined && before?.text !== undefined && part.thought === before.thought;
    if (isContinued) runs.at(-1)?.push(part);
    else runs.push([part]);
  }
  return runs;
}

/**
 * Google's answer in which a secret that stands across parts stands in the first of them, so that it is found. Each part
 * stays, because some have a signature.
 */
async function joinSplit(answer: Json, search: SecretSearch): Promise<Json> {
  const { data } = GoogleAnswer.safeParse(answer);
  if (data === undefined) return answer;
  for (const run of runsOf(data.candidates[0].content.parts)) {
    const texts = run.map(({ text = "" }) => text);
    const whole = texts.join("");
    const seams = texts.map((_, index) => texts.slice(0, index).join("").length);
    const secrets = run.length > 1 ? await search(whole) : [];
    if (!secrets.some(({ start, end }) => seams.some((seam) => start < seam && seam < end))) continue;
    for (const [index, part] of run.entries()) part.text = index === 0 ? whole : "";
  }
  return JSON.parse(JSON.stringify(data));
}

/** The parts of a stored answer that show where a redaction was made, in each service's words; a model wrote it. */
const Part = z.object({
  name: z.string().optional(),
  input: z.unknown().optional(),
  arguments: z.unknown().optional(),
  args: z.unknown().optional(),
});
const Parts = z.object({ content: z.array(Part) }).or(z.object({ output: z.array(Part) }));
/** Google's answer, in which a part holds its call. */
const Candidate = z.object({ content: z.object({ parts: z.array(z.object({ functionCall: Part.optional() })) }) });
const Candidates = z.object({ candidates: z.tuple([Candidate]) });
const Input = z.object({ path: z.string() });

/** A redaction's location by tool and field; whatever would go into a file is `file`. */
const parts: Readonly<Record<string, string>> = {
  "write.path": "file",
  "write.content": "file",
  "edit.path": "file",
  "edit.new": "file",
  "delete.path": "file",
  "finish.summary": "summary",
  "finish.claims": "claims",
  "ask.questions": "questions",
  "stop.reason": "summary",
};

function answerRedaction(message: Json, { rule, line, at }: JsonRedaction): AnswerRedaction {
  const { block, field } = callAt(message, at);
  if (block?.name === "propose_plan") return { rule, where: "plan", count: 1 };
  const key = `${block?.name}.${field}`;
  const where = (Object.hasOwn(parts, key) ? parts[key] : undefined) ?? "text";
  const input = Input.safeParse(block?.input ?? block?.arguments ?? block?.args);
  const path = where === "file" && input.success ? { path: input.data.path } : {};
  return { rule, where, count: 1, ...path, ...(key === "write.content" ? { line } : {}) };
}

/** The call in whose input a place of an answer is, if any, and the input's field. */
function callAt(message: Json, at: JsonRedaction["at"]) {
  const { data: google } = Candidates.safeParse(message);
  if (google !== undefined) {
    const [, , , , index, , , field] = at;
    return { block: google.candidates[0].content.parts[Number(index)]?.functionCall, field };
  }
  const [, index, , field] = at;
  const { data = { content: [] } } = Parts.safeParse(message);
  const all = "content" in data ? data.content : data.output;
  return { block: typeof index === "number" ? all[index] : undefined, field };
}

/** The most characters of a result's summary. */
const summaryLength = 10_000;

/** A result that can be recorded: what others wrote of its end may be too long, or hold half of a sign. */
export function recordable(result: StepResult): StepResult {
  const { summary, questions, claims } = result;
  return {
    ...result,
    summary: summary.slice(0, summaryLength).toWellFormed(),
    questions: questions.map((question) => question.toWellFormed()),
    claims: claims.map(({ criterion, how }) => ({ criterion: criterion.toWellFormed(), how: how.toWellFormed() })),
  };
}

/**
 * A result without secrets, from any backend. A secret in a file refuses the answer, unless the text only looks like a
 * secret and the file's base contains it already.
 */
export async function redactResult(result: StepResult, base: TreeReader, search: SecretSearch): Promise<StepResult> {
  const redactions: AnswerRedaction[] = [...(result.redacted ?? [])];
  const redact = async (where: string, text: string) => {
    const cleaned = await redactSecrets(text, search);
    redactions.push(...cleaned.redactions.map(({ rule }) => ({ rule, where, count: 1 })));
    return cleaned.text;
  };
  const summary = await redact("summary", result.summary);
  const questions: string[] = [];
  for (const question of result.questions) questions.push(await redact("questions", question));
  const claims: StepResult["claims"] = [];
  for (const { criterion, how } of result.claims)
    claims.push({ criterion: await redact("claims", criterion), how: await redact("claims", how) });
  const files: FileWrite[] = [];
  for (const file of result.files) {
    const path = await redact("file", file.path);
    files.push({ path, content: await fileContent(file, path, { base, search, redactions }) });
  }
  if (redactions.length === 0) return result;
  const refused = redactions.some(({ where }) => where === "file")
    ? ({ outcome: "failed", code: "secret-in-answer" } as const)
    : {};
  const redacted = mergeRedactions(redactions);
  const cleaned = { ...result, ...refused, summary, questions, claims, files, redacted };
  const parsed = StepResult.safeParse(cleaned);
  if (parsed.success) return parsed.data;
  // A redaction mark can be longer than the secret, and so make a text too long.
  return { ...refusedResult("the answer without its secrets is too long"), redacted };
}

/** A result without files, because the answer held a secret. */
function refusedResult(summary: string): StepResult {
  return { version: 1, outcome: "failed", code: "secret-in-answer", summary, questions: [], files: [], claims: [] };
}

async function fileContent(
  { path, content }: FileWrite,
  shownPath: string,
  { base, search, redactions }: { base: TreeReader; search: SecretSearch; redactions: AnswerRedaction[] },
): Promise<string | null> {
  if (content === null) return null;
  const fileName = path.split("/").at(-1) ?? path;
  const found = await search(content, fileName);
  if (found.length === 0) return content;
  const before = bare(Buffer.from((await base.read(path)) ?? []).toString("utf8"));
  const isFresh = found.some(({ exact, start, end }) => exact || !before.includes(bare(content.slice(start, end))));
  if (!isFresh) return content;
  const redacted = await redactSecrets(content, search, fileName);
  redactions.push(
    ...redacted.redactions.map(({ rule, line }) => ({ rule, where: "file", count: 1, path: shownPath, line })),
  );
  return redacted.text;
}

/** A text without the characters by which a secret may be broken over lines. */
function bare(text: string): string {
  return text.replace(/[\s"'`+\\]+/g, "");
}
