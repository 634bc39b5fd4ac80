import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { dump, load } from "js-yaml";
import { packageHome } from "../app/settings/package-home.ts";
import { policyReading } from "../collect/policy/file.ts";
import { formatPublicKey } from "../core/ledger/public-key.ts";
import { lintPolicy } from "../core/policy/lint.ts";
import { fullPolicy } from "./builders/full-policy.ts";
import { newKey } from "./builders/ledger.ts";

type Tree = Record<string, unknown>;
const full = load(fullPolicy) as Tree;

/** The examples of a policy in a text, each with the line that it begins at; workflows are told by their keys. */
function policiesIn(name: string): { where: string; example: Tree }[] {
  const text = readFileSync(join(packageHome(), name), "utf8");
  return [...text.matchAll(/^ *```ya?ml\n(?<body>[\s\S]*?)^ *```$/gm)].flatMap((match) => {
    const where = `${name}:${text.slice(0, match.index).split("\n").length}`;
    const example = load(match.groups?.body ?? "") as Tree;
    return Object.keys(example).every((key) => key in full) ? [{ where, example }] : [];
  });
}

const examples = [
  "README.md",
  "action/README.md",
  ...readdirSync(join(packageHome(), "docs")).map((one) => `docs/${one}`),
]
  .filter((name) => name.endsWith(".md"))
  .flatMap(policiesIn);

test("the documents have examples of policies", () => {
  expect(examples.length).toBeGreaterThan(9);
});

test.each(examples)("the policy at $where is one", ({ example }) => {
  // A part of one stands in a policy that has the rest, and a reader puts in what the text leaves out.
  const roles = Object.fromEntries(
    ["web", "db", "api", "tools"].map((role) => [role, { allow: [`${role}/**`] }] as const),
  );
  const isWhole = "version" in example;
  const whole = isWhole ? example : { version: 1, roles, ...example };
  const text = dump(whole)
    .replace("ed25519:…", formatPublicKey(newKey().publicKey))
    .replace("3f2a…", "3f2a".padEnd(40, "0"));
  const reading = policyReading("0".repeat(40), "0".repeat(40), new TextEncoder().encode(text));
  expect(reading).toMatchObject({ state: "loaded" });
  // One that is whole is to be taken as it is.
  if (isWhole && reading.state === "loaded") expect(lintPolicy(reading, { files: null, checks: null })).toEqual([]);
});
