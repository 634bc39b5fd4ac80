import { expect, test } from "@jest/globals";
import { readClaims } from "../../../app/reconcile/claims.ts";
import { createSecretSearch } from "../../../collect/secrets/redaction.ts";
import { known, unknown } from "../../../core/known.ts";
import { facts } from "../../builders/pull-facts.ts";

const token = `ghp_${"a1B2c3D4e5F6".repeat(3)}`;
const search = createSecretSearch((text) => {
  const start = text.indexOf("our own value");
  return start < 0 ? [] : [{ rule: "own", start, end: start + 13 }];
});
const { pull } = facts();
const body = `Model: gpt-5\nSession: ${token}\nTool: with our own value in it`;

test("of a claim that holds a secret only its name is kept", async () => {
  const claims = await readClaims({ commits: known([]), pull: pull && { ...pull, body } }, search);
  expect(claims).toEqual([
    { source: "description", name: "model", value: "gpt-5" },
    { source: "description", name: "session", value: "[secret cut]" },
    { source: "description", name: "tool", value: "[secret cut]" },
  ]);
});

test("commits that could not be read claim nothing", async () => {
  const given = { commits: unknown("cut short"), pull: pull && { ...pull, body: "Model: m" } };
  expect(await readClaims(given, search)).toHaveLength(1);
});
