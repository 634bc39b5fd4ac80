/** GitHub's own description of its API, loaded once and made readable for Ajv. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import formats from "ajv-formats";

export type JsonSchema = Record<string, unknown>;

export type Parameter = {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  schema?: JsonSchema;
  "x-multi-segment"?: boolean;
};

export type Media = { schema?: JsonSchema; examples?: Record<string, unknown> };

export type Body = { required?: boolean; content?: Record<string, Media> };

export type Operation = {
  operationId: string;
  parameters?: unknown[];
  requestBody?: unknown;
  responses: Record<string, unknown>;
};

type Components = Record<"schemas" | "examples" | "parameters" | "responses" | "headers", JsonSchema>;

export type Description = {
  paths: Record<string, Record<string, Operation>>;
  "x-webhooks": Record<string, { post: Operation }>;
  components: Components;
};

/** A base for references; nothing is ever fetched from it. */
const BASE = "https://schemas.invalid/";
const SCHEMA_REF = "#/components/schemas/";
const require = createRequire(import.meta.url);

let loaded: { description: Description; ajv: Ajv } | undefined;

/** The description and an Ajv that knows its schemas; about half a second the first time. */
export function githubDescription(): { description: Description; ajv: Ajv } {
  if (loaded !== undefined) return loaded;
  const file = require.resolve("@octokit/openapi/generated/api.github.com.json");
  const description: Description = JSON.parse(readFileSync(file, "utf8"));
  toJsonSchema(description);
  const ajv = looseAjv();
  for (const [name, schema] of Object.entries(description.components.schemas)) {
    ajv.addSchema(schema as JsonSchema, BASE + name);
  }
  loaded = { description, ajv };
  return loaded;
}

/** Ajv for schemas that carry the annotations of other tools; `coerce` is for path and query text. */
export function looseAjv(coerce = false): Ajv {
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    logger: false,
    coerceTypes: coerce ? "array" : false,
    validateFormats: true,
    // Each schema is used a few times in one process: to compile it sooner matters more than to run it faster.
    inlineRefs: false,
    code: { optimize: false },
  });
  formats.default(ajv);
  // The bot of an App commits as `1+app[bot]@users.noreply.github.com`, which the usual expression refuses.
  ajv.addFormat("email", /^[^\s@]+@[^\s@]+$/);
  return ajv;
}

/** Follows a local reference such as `#/components/parameters/owner`, once or many times. */
export function resolve<T>(value: unknown): T {
  let node = value as { $ref?: string };
  const { description } = githubDescription();
  while (typeof node.$ref === "string" && node.$ref.startsWith("#/")) {
    let target: unknown = description;
    for (const key of node.$ref.slice(2).split("/")) target = (target as Record<string, unknown>)[key];
    node = target as { $ref?: string };
  }
  return node as T;
}

/** The schema behind a reference made by `toJsonSchema`, or the schema itself. */
export function resolveSchema(schema: JsonSchema): JsonSchema {
  const ref = schema.$ref;
  if (typeof ref !== "string") return schema;
  const target = githubDescription().description.components.schemas[ref.slice(BASE.length)];
  return target as JsonSchema;
}

/** What a validator found, as `where: what`, at most eight of them. */
export function problemsOf(validate: ValidateFunction, value: unknown, where: string): string[] {
  if (validate(value)) return [];
  return readable(validate.errors ?? []).map((error) => `${where}${error.instancePath}: ${wording(error)}`);
}

/** Leaves out that no branch of several fits, and that a value is not null, when something better is known. */
function readable(errors: ErrorObject[]): ErrorObject[] {
  const telling = errors.filter(({ keyword, params }) => {
    const noBranchFits = keyword === "anyOf" || (keyword === "oneOf" && params.passingSchemas === null);
    return !noBranchFits && params.type !== "null";
  });
  return (telling.length > 0 ? telling : errors).slice(0, 8);
}

function wording(error: ErrorObject): string {
  if (error.keyword === "enum") return `must be one of ${JSON.stringify(error.params.allowedValues)}`;
  if (error.keyword === "const") return `must be ${JSON.stringify(error.params.allowedValue)}`;
  if (error.keyword === "additionalProperties") return `unknown field ${error.params.additionalProperty}`;
  return error.message ?? error.keyword;
}

/** OpenAPI 3.0 to JSON Schema, in place: `nullable` becomes a second branch, references name their schema. */
function toJsonSchema(node: unknown): void {
  if (Array.isArray(node)) {
    for (const item of node) toJsonSchema(item);
  } else if (typeof node === "object" && node !== null) {
    const schema = node as JsonSchema;
    for (const [key, value] of Object.entries(schema)) {
      if (key !== "example" && key !== "examples" && key !== "default") toJsonSchema(value);
    }
    if (typeof schema.$ref === "string" && schema.$ref.startsWith(SCHEMA_REF)) {
      schema.$ref = BASE + schema.$ref.slice(SCHEMA_REF.length);
    }
    admitEitherOwner(schema);
    if (schema.nullable === true) admitNull(schema);
    admitNewerEvents(schema);
  }
}

/** What an app may subscribe to is listed in many places, none of which knows sub_issues or issue_dependencies. */
export function admitNewerEvents(schema: object): void {
  if (!("events" in schema) || typeof schema.events !== "object" || schema.events === null) return;
  if ("items" in schema.events) Object.assign(schema.events, { items: { type: "string" } });
}

/** `GET /app/installations` describes an account as a user and an enterprise at once; it is one or the other. */
function admitEitherOwner(schema: JsonSchema): void {
  const { allOf } = schema;
  if (!Array.isArray(allOf) || !allOf.some(({ title }) => title === "Enterprise")) return;
  delete schema.allOf;
  schema.anyOf = allOf;
}

function admitNull(schema: JsonSchema): void {
  const { nullable: _, ...rest } = schema;
  for (const key of Object.keys(schema)) delete schema[key];
  schema.anyOf = [rest, { type: "null" }];
}
