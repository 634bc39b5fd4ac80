/** Holds a webhook's payload against both of GitHub's descriptions of it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { ValidateFunction } from "ajv";
import {
  admitNewerEvents,
  type Body,
  githubDescription,
  type JsonSchema,
  looseAjv,
  problemsOf,
  resolve,
} from "./description.ts";

const ID = "https://webhooks.invalid/schema.json";
const require = createRequire(import.meta.url);

let published: ((name: string) => ValidateFunction | undefined) | undefined;
const described = new Map<string, ValidateFunction>();

/**
 * Problems as `event.action /where: what`. `@octokit/webhooks-schemas` knows the older fields closely, the
 * OpenAPI description knows the newer ones (and events such as sub_issues); a payload must satisfy whichever
 * of them knows its event and action, and one that neither knows is a problem.
 */
export function validateWebhook(event: string, payload: unknown): string[] {
  const action = actionOf(payload);
  const name = action === undefined ? event : `${event}.${action}`;
  const checks = [
    publishedSchema(`${event}$${action ?? "event"}`),
    describedSchema([event, action].filter((part) => part !== undefined).join("-")),
  ].filter((check) => check !== undefined);
  if (checks.length === 0) return [`${name}: GitHub sends no such webhook`];
  const problems = checks.flatMap((check) => problemsOf(check, payload, ""));
  return [...new Set(problems)].map((problem) => `${name} ${problem}`);
}

function actionOf(payload: unknown): string | undefined {
  if (typeof payload !== "object" || payload === null || !("action" in payload)) return undefined;
  return typeof payload.action === "string" ? payload.action : undefined;
}

function publishedSchema(name: string): ValidateFunction | undefined {
  published ??= loadPublished();
  return published(name);
}

function loadPublished(): (name: string) => ValidateFunction | undefined {
  const file = require.resolve("@octokit/webhooks-schemas/schema.json");
  const root: JsonSchema & { definitions: Record<string, unknown> } = JSON.parse(readFileSync(file, "utf8"));
  admitNewerFields(root);
  const ajv = looseAjv();
  ajv.addSchema(root, ID);
  return (name) => (name in root.definitions ? ajv.getSchema(`${ID}#/definitions/${name}`) : undefined);
}

/**
 * The package closes every object, so it would refuse each field that GitHub has added since. With open objects
 * two branches may both fit, hence anyOf for oneOf.
 */
function admitNewerFields(node: unknown): void {
  if (typeof node !== "object" || node === null) return;
  if ("oneOf" in node) {
    Object.assign(node, { anyOf: node.oneOf });
    delete node.oneOf;
  }
  if ("additionalProperties" in node && node.additionalProperties === false) delete node.additionalProperties;
  admitNewerEvents(node);
  for (const value of Object.values(node)) admitNewerFields(value);
}

function describedSchema(key: string): ValidateFunction | undefined {
  const { description, ajv } = githubDescription();
  const name = key.replaceAll("_", "-");
  const known = described.get(name);
  const operation = description["x-webhooks"][name]?.post;
  if (known !== undefined || operation === undefined) return known;
  const schema = resolve<Body>(operation.requestBody).content?.["application/json"]?.schema ?? {};
  const check = ajv.compile(schema);
  described.set(name, check);
  return check;
}
