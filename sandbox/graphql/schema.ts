/** GitHub's own GraphQL schema. */
import { readFileSync } from "node:fs";
import { buildSchema, type GraphQLSchema } from "graphql";

let schema: GraphQLSchema | undefined;

/**
 * The schema that GitHub publishes; building it takes a quarter of a second, so it is built on first use. Its package
 * is not imported: it would parse a second form of the schema and build a third.
 */
export function githubSchema(): GraphQLSchema {
  const file = new URL("./schema.graphql", import.meta.resolve("@octokit/graphql-schema"));
  schema ??= buildSchema(readFileSync(file, "utf8"), { assumeValid: true, assumeValidSDL: true });
  return schema;
}
