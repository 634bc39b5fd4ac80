import { describe, expect, test } from "@jest/globals";
import { resolve } from "./description.ts";
import { type Exchange, responseOf, routes, validateExchange } from "./openapi.ts";

const ISSUE = "/repos/octocat/Hello-World/issues/1347";

const read: Exchange = { method: "GET", path: ISSUE, status: 200 };
const create: Exchange = {
  method: "POST",
  path: ISSUE.replace("/1347", ""),
  status: 201,
  requestBody: { title: "a" },
};

/** Examples that the description publishes and that its own schemas refuse: null where an object is due. */
const WRONG_IN_THE_DESCRIPTION = new Set(["checks/rerequest-run 201", "checks/rerequest-suite 201"]);

type Example = { title: string; exchange: Exchange };

describe("published examples", () => {
  const examples = routes().flatMap(examplesOf).filter(isOfOurTags);

  test("there are examples to judge", () => {
    expect(examples.length).toBeGreaterThan(80);
  });

  test("every one is accepted", () => {
    const refused = examples.filter(({ title }) => !WRONG_IN_THE_DESCRIPTION.has(title));
    expect(refused.flatMap(({ exchange }) => validateExchange(exchange))).toEqual([]);
  });
});

describe("an exchange that differs from the description is a problem", () => {
  const issue = exampleBody("issues/get");

  test.each<[string, Partial<Exchange>, RegExp]>([
    ["a path that GitHub lacks", { path: `${ISSUE}/opinions` }, /^GET .*opinions: no such operation/],
    ["a method that the path lacks", { method: "DELETE" }, /^DELETE .*: no such operation/],
    ["a status that is not listed", { status: 202 }, /^issues\/get GET .*1347: status: 202/],
    ["a missing field", { responseBody: without(issue, "node_id") }, /response: .*required property 'node_id'/],
    ["a wrong type", { responseBody: { ...issue, number: "1347" } }, /response\/number: must be integer/],
    ["a wrong format", { responseBody: { ...issue, created_at: "today" } }, /response\/created_at: .*date-time/],
    ["null where none may be", { responseBody: { ...issue, url: null } }, /response\/url: must be string/],
    ["no body", { responseBody: undefined }, /response: body is missing/],
    ["a body on 304", { status: 304 }, /response: 304 must have no body/],
    ["an error without words", { status: 404, responseBody: { errors: [] } }, /required property 'message'/],
    ["an error page", { status: 502, responseBody: "<html>", responseType: "text/html" }, /must be JSON/],
    [
      "a path parameter of another type",
      { path: ISSUE.replace("1347", "first") },
      /path\/issue_number: must be integer/,
    ],
    ["an unknown query parameter", { query: { pages: "2" } }, /query: unknown field pages/],
    ["a body on a read", { requestBody: { a: 1 } }, /request: takes no body/],
  ])("%s", (_title, change, problem) => {
    const problems = validateExchange({ ...read, responseBody: issue, ...change });
    expect(problems).toContainEqual(expect.stringMatching(problem));
  });

  test.each<[string, Partial<Exchange>, RegExp]>([
    ["a missing field", { requestBody: {} }, /request: must have required property 'title'/],
    ["a wrong type", { requestBody: { title: "a", labels: "bug" } }, /request\/labels: must be array/],
    ["an unknown field", { requestBody: { title: "a", label: "bug" } }, /request: unknown field label/],
    ["no body", { requestBody: undefined }, /request: body is missing/],
  ])("in the request: %s", (_title, change, problem) => {
    const problems = validateExchange({ ...create, responseBody: issue, ...change });
    expect(problems).toContainEqual(expect.stringMatching(problem));
  });

  test("a query parameter outside its list of values", () => {
    const listing = { ...read, path: ISSUE.replace("/1347", ""), responseBody: [issue] };
    expect(validateExchange({ ...listing, query: { state: "all", per_page: "5" } })).toEqual([]);
    expect(validateExchange({ ...listing, query: { state: "any" } })).toContainEqual(
      expect.stringMatching(/query\/state: must be one of \["open","closed","all"\]/),
    );
  });
});

describe("an exchange that GitHub could have had is none", () => {
  const error = { message: "Not Found", documentation_url: "https://docs.github.com/rest", status: "404" };

  test.each<[string, Exchange]>([
    ["not modified", { ...read, status: 304 }],
    ["an error that the description does not list", { ...read, status: 403, responseBody: error }],
    ["a server error", { ...read, status: 503, responseBody: error }],
    ["a bad request that was refused as such", { ...create, requestBody: {}, status: 422, responseBody: error }],
    ["the prefix of an enterprise server", { ...read, path: `/api/v3${ISSUE}`, status: 304 }],
    ["a ref with slashes", { ...read, path: "/repos/o/r/git/matching-refs/heads/a/b", responseBody: [] }],
    ["a path with slashes", { ...read, path: "/repos/o/r/contents/a/b.md", status: 404, responseBody: error }],
  ])("%s", (_title, exchange) => {
    expect(validateExchange(exchange)).toEqual([]);
  });
});

function without(body: Record<string, unknown>, field: string): Record<string, unknown> {
  const { [field]: _, ...rest } = body;
  return rest;
}

function exampleBody(operationId: string): Record<string, unknown> {
  const found = routes().find(({ operation }) => operation.operationId === operationId);
  return examplesOf(found!)[0]!.exchange.responseBody as Record<string, unknown>;
}

function isOfOurTags({ title }: Example): boolean {
  return /^(issues|reactions|checks|git)\//.test(title);
}

function examplesOf(route: ReturnType<typeof routes>[number]): Example[] {
  const { operation, template, method, parameters } = route;
  const path = template.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const schema = parameters.find((parameter) => parameter.name === name)?.schema;
    return schema?.type === "integer" ? "1" : "x";
  });
  return Object.keys(operation.responses).flatMap((status) => {
    const media = responseOf(operation, Number(status))?.content?.["application/json"];
    return Object.values(media?.examples ?? {}).map((example) => {
      const { value } = resolve<{ value: unknown }>(example);
      const request = requestExample(operation.requestBody);
      const exchange = { method, path, status: Number(status), responseBody: exampleValue(value) };
      return { title: `${operation.operationId} ${status}`, exchange: { ...exchange, ...request } };
    });
  });
}

function requestExample(described: unknown): { requestBody?: unknown } {
  if (described === undefined) return {};
  type Examples = { content?: Record<string, { examples?: Record<string, { value?: unknown }> }> };
  const examples = resolve<Examples>(described).content?.["application/json"]?.examples;
  const first = Object.values(examples ?? {})[0];
  return first === undefined ? {} : { requestBody: first.value };
}

/** Many examples are references to a shared one, which wraps its value once more. */
function exampleValue(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("$ref" in value)) return value;
  return resolve<{ value: unknown }>(value).value;
}
