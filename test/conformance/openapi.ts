/** Holds one request and its answer against GitHub's description of that operation. */
import type { ValidateFunction } from "ajv";
import {
  type Body,
  githubDescription,
  type JsonSchema,
  looseAjv,
  type Operation,
  type Parameter,
  problemsOf,
  resolve,
  resolveSchema,
} from "./description.ts";

export type Exchange = {
  method: string;
  /** As sent, still percent-encoded, without the query. */
  path: string;
  query?: Record<string, string>;
  /** Parsed JSON; undefined when nothing was sent. */
  requestBody?: unknown;
  status: number;
  /** Parsed JSON, text for another media type, undefined when there was no body. */
  responseBody?: unknown;
  /** The answer's content type; JSON when left out. */
  responseType?: string;
};

export type Route = { template: string; method: string; operation: Operation; parameters: Parameter[] };

type Matcher = Route & { pattern: RegExp; names: string[] };

/** Answers that GitHub gives to any operation, whether or not its description lists them. */
const ANYWHERE = new Set([304, 401, 403, 404, 422, 429]);

const ERROR_BODY: JsonSchema = {
  type: "object",
  required: ["message"],
  properties: {
    message: { type: "string", minLength: 1 },
    documentation_url: { type: "string" },
    status: { type: "string" },
  },
};

let matchers: Matcher[] | undefined;
const validators = new Map<string, ValidateFunction>();
const coercing = looseAjv(true);

/** Problems as `operationId METHOD /path: where: what`; an empty list means that the exchange conforms. */
export function validateExchange(exchange: Exchange): string[] {
  const method = exchange.method.toUpperCase();
  const path = exchange.path.replace(/^\/api\/v3(?=\/|$)/, "") || "/";
  const found = findRoute(method, path);
  if (found === undefined) return [`${method} ${path}: no such operation in GitHub's description`];
  const { route, values } = found;
  const refused = exchange.status === 400 || exchange.status === 422;
  const problems = [
    ...parameterProblems(route, "path", values),
    // What GitHub would refuse, and the sandbox did refuse, is a request that conforms to the refusal.
    ...(refused ? [] : parameterProblems(route, "query", exchange.query ?? {})),
    ...(refused ? [] : requestProblems(route, exchange.requestBody)),
    ...responseProblems(route, exchange),
  ];
  return problems.map((problem) => `${route.operation.operationId} ${method} ${path}: ${problem}`);
}

/** Every operation of the description. */
export function routes(): Route[] {
  matchers ??= Object.entries(githubDescription().description.paths)
    .flatMap(([template, methods]) =>
      Object.entries(methods).map(([method, operation]) => toMatcher(template, method, operation)),
    )
    .sort((a, b) => a.names.length - b.names.length || b.template.length - a.template.length);
  return matchers;
}

/** The schema that the description gives for a status, if the operation lists that status at all. */
export function responseOf(operation: Operation, status: number): Body | undefined {
  const listed = operation.responses[String(status)] ?? operation.responses.default;
  return listed === undefined ? undefined : resolve<Body>(listed);
}

function findRoute(method: string, path: string): { route: Route; values: Record<string, string> } | undefined {
  routes();
  for (const matcher of matchers ?? []) {
    if (matcher.method !== method) continue;
    const match = matcher.pattern.exec(path);
    if (match === null) continue;
    const values = matcher.names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? "")]);
    return { route: matcher, values: Object.fromEntries(values) };
  }
  return undefined;
}

function toMatcher(template: string, method: string, operation: Operation): Matcher {
  const parameters = (operation.parameters ?? []).map((parameter) => resolve<Parameter>(parameter));
  const names: string[] = [];
  const source = template.replace(/\{([^}]+)\}|[^{]+/g, (text, name: string | undefined) => {
    if (name === undefined) return text.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
    names.push(name);
    if (!spansSegments(template, name, parameters)) return "([^/]+)";
    // The root of a repository has an empty path.
    return name === "path" ? "(.*)" : "(.+)";
  });
  const pattern = new RegExp(`^${source}$`);
  return { template, method: method.toUpperCase(), operation, parameters, pattern, names };
}

/** A path, and the name of a ref, may hold slashes; the description marks only some of them. */
function spansSegments(template: string, name: string, parameters: Parameter[]): boolean {
  if (!template.endsWith(`{${name}}`)) return false;
  const marked = parameters.some((parameter) => parameter.name === name && parameter["x-multi-segment"]);
  return marked || (name === "ref" && template.includes("/git/"));
}

function parameterProblems(route: Route, place: "path" | "query", values: Record<string, string>): string[] {
  const listed = route.parameters.filter((parameter) => parameter.in === place);
  const schema = {
    type: "object",
    properties: Object.fromEntries(listed.map((parameter) => [parameter.name, parameter.schema ?? {}])),
    required: listed.filter((parameter) => parameter.required).map((parameter) => parameter.name),
    additionalProperties: false,
  };
  const key = `${route.operation.operationId} ${place}`;
  return problemsOf(validator(key, schema, true), { ...values }, place);
}

function requestProblems(route: Route, body: unknown): string[] {
  const described = route.operation.requestBody;
  const empty = body === undefined || body === null || body === "";
  if (described === undefined) {
    const harmless = empty || (typeof body === "object" && Object.keys(body).length === 0);
    return harmless ? [] : ["request: takes no body"];
  }
  const { required, content } = resolve<Body>(described);
  if (empty) return required ? ["request: body is missing"] : [];
  const schema = content?.["application/json"]?.schema;
  if (schema === undefined) return [];
  const check = validator(`${route.operation.operationId} request`, schema);
  return [...problemsOf(check, body, "request"), ...unknownFields(schema, body)];
}

/** GitHub passes over a field that it does not know, so a slip in our spelling would never be told. */
function unknownFields(schema: JsonSchema, body: unknown): string[] {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return [];
  const known = fieldNames(schema);
  if (known.size === 0) return [];
  const unknown = Object.keys(body).filter((field) => !known.has(field));
  return unknown.map((field) => `request: unknown field ${field}`);
}

function fieldNames(schema: JsonSchema): Set<string> {
  const { properties, anyOf, oneOf, allOf } = resolveSchema(schema);
  const branches = [anyOf, oneOf, allOf].flatMap((list) => (Array.isArray(list) ? list : []));
  const names = Object.keys(properties ?? {});
  return new Set([...names, ...branches.flatMap((branch) => [...fieldNames(branch)])]);
}

function responseProblems(route: Route, exchange: Exchange): string[] {
  const { status, responseBody: body } = exchange;
  const empty = body === undefined || body === "";
  const listed = responseOf(route.operation, status);
  if (listed === undefined && !ANYWHERE.has(status) && status < 500) {
    return [`status: ${status} is not among ${Object.keys(route.operation.responses).join(", ")}`];
  }
  if (status === 304 || status === 204 || status === 205) {
    return empty ? [] : [`response: ${status} must have no body`];
  }
  const type = exchange.responseType ?? "application/json";
  if (!type.includes("json") || type.includes(".raw")) {
    return status < 400 ? [] : ["response: an error must be JSON"];
  }
  const described = listed?.content?.["application/json"]?.schema;
  const schema = status >= 400 ? admitSeveral(described) : described;
  if (empty) return schema === undefined && status < 400 ? [] : ["response: body is missing"];
  return [
    ...(status >= 400 ? problemsOf(validator("error", ERROR_BODY), body, "response") : []),
    ...(schema === undefined
      ? []
      : problemsOf(validator(`${route.operation.operationId} ${status}`, schema), body, "response")),
  ];
}

/** An error may be one of several open shapes, and then it is always all of them at once. */
function admitSeveral(schema: JsonSchema | undefined): JsonSchema | undefined {
  return schema?.oneOf === undefined ? schema : { anyOf: schema.oneOf };
}

function validator(key: string, schema: JsonSchema, coerce = false): ValidateFunction {
  const { ajv } = githubDescription();
  const known = validators.get(key) ?? (coerce ? coercing : ajv).compile(schema);
  validators.set(key, known);
  return known;
}
