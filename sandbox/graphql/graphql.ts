/** GitHub's GraphQL endpoint: GitHub's own schema, answered from the sandbox's state. */
import { execute, GraphQLError, type GraphQLFieldResolver, parse, validate } from "graphql";
import { z } from "zod";
import { type Answer, refused } from "../request/answer.ts";
import { type Call, openRoute } from "../request/route.ts";
import { rootNode } from "./repository.ts";
import { githubSchema } from "./schema.ts";

/** GitHub.com serves the first path, GitHub Enterprise Server the second. */
export const graphqlRoutes = [openRoute("POST /graphql", answer), openRoute("POST /api/graphql", answer)];

const request = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

/** Errors in a query are answered with status 200, as GitHub does. */
async function answer(call: Call): Promise<Answer> {
  const { state, caller } = call;
  if (caller.kind === "nobody" || caller.kind === "app")
    return refused(401, "This endpoint requires you to be authenticated.");
  const asked = request.safeParse(call.body);
  if (!asked.success)
    return toAnswer({ errors: [new GraphQLError("A query attribute must be specified and must be a string.")] });
  const document = parseQuery(asked.data.query);
  if (document instanceof GraphQLError) return toAnswer({ errors: [document] });
  const schema = githubSchema();
  const errors = validate(schema, document);
  if (errors.length > 0) return toAnswer({ errors });
  return toAnswer(
    await execute({
      schema,
      document,
      rootValue: rootNode(state, caller),
      variableValues: asked.data.variables,
      operationName: asked.data.operationName,
      fieldResolver: resolveField,
    }),
  );
}

/** A node holds a field as a value or as a function of its arguments; a field that it lacks is an error. */
const resolveField: GraphQLFieldResolver<unknown, unknown> = (source, args, _context, info) => {
  const value = new Map(Object.entries(source ?? {})).get(info.fieldName);
  if (value === undefined)
    throw new GraphQLError(`the sandbox has no resolver for ${info.parentType.name}.${info.fieldName}`);
  return typeof value === "function" ? value(args) : value;
};

function parseQuery(query: string) {
  try {
    return parse(query);
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}

/** GitHub puts an error's type beside its message. */
function toAnswer({ data, errors }: { data?: unknown; errors?: readonly GraphQLError[] | undefined }): Answer {
  const shown = errors?.map(({ message, path, locations, extensions }) => ({
    ...(extensions.type === undefined ? {} : { type: extensions.type }),
    ...(path === undefined ? {} : { path }),
    ...(locations === undefined ? {} : { locations }),
    message,
  }));
  const body = { ...(data === undefined ? {} : { data }), ...(shown === undefined ? {} : { errors: shown }) };
  return { status: 200, body, headers: { "x-ratelimit-resource": "graphql" } };
}
