import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { SchemaProblem } from "../../core/attachments.ts";
import type { FileText } from "../../core/facts.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { matcher } from "../../core/paths/patterns.ts";
import type { Requirement } from "../../schemas/policy-evidence.ts";
import type { Objects } from "../objects.ts";

/** The largest schema that is read, in bytes. */
const schemaBytes = 1_000_000;

/**
 * Holds the evidence files of a change against the JSON Schemas that the policy names. The schemas are read at the
 * policy's own commit, so their authors are those of the default branch. Unknown if a schema is missing or cannot be
 * used: what it asks is not known then. Source: json-schema.org, draft-07 and 2020-12.
 */
export async function findSchemaProblems(
  objects: Objects,
  { ref, rules, texts }: { ref: string; rules: readonly Requirement[]; texts: Known<FileText[]> },
): Promise<Known<SchemaProblem[]>> {
  if (!texts.known) return texts;
  const problems: SchemaProblem[] = [];
  for (const { schema, files } of rules) {
    if (schema === undefined) continue;
    const validate = await compile(objects, ref, schema);
    if (!validate.known) return validate;
    const wanted = matcher(files, "allow");
    for (const { path, after } of texts.value) {
      if (after.state === "absent" || wanted.matches(path) === null) continue;
      const problem = after.state === "text" ? validate.value(after.text) : `It cannot be read as text (${after.why})`;
      if (problem !== null) problems.push({ path, schema, problem });
    }
  }
  return known(problems);
}

/** Gives the first thing about a text that does not fit the schema; null if it fits. */
type Validate = (text: string) => string | null;

async function compile(objects: Objects, ref: string, path: string): Promise<Known<Validate>> {
  const entry = await objects.entry(ref, path);
  if (!entry.known) return entry;
  if (entry.value?.type !== "blob")
    return unknown(`the policy names the schema ${path}, which is not on the default branch`);
  const blob = await objects.blob(entry.value.sha, schemaBytes);
  if (!blob.known) return blob;
  try {
    const schema = JSON.parse(blob.value.content?.toString("utf8") ?? "");
    const isNew = /2019-09|2020-12/.test(String(schema.$schema));
    const ajv = isNew ? new Ajv2020() : new Ajv();
    formats.default(ajv);
    const validate = ajv.compile(schema);
    return known((text) => {
      const value = parse(text);
      if (value === undefined) return "It is not valid JSON";
      if (validate(value)) return null;
      const [error] = validate.errors ?? [];
      return `${error?.instancePath || "The file"} ${error?.message ?? "does not fit"}`;
    });
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : "it cannot be read";
    return unknown(`the schema ${path} of the default branch cannot be used: ${why}`);
  }
}

/** The value of a JSON text; undefined, which JSON has not, if it is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
