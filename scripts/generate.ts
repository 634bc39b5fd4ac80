import { readFileSync, writeFileSync } from "node:fs";
import * as z from "zod";
import { AdoptionBundle, EvidenceBundle } from "../schemas/evidence.ts";
import { Envelope, Statement } from "../schemas/ledger.ts";
import { Plan } from "../schemas/plan.ts";
import { Policy } from "../schemas/policy.ts";
import { ReworkPack, StepPack, StepResult } from "../schemas/step.ts";
import { Verdict } from "../schemas/verdict.ts";
import { SummaryStatement } from "../schemas/vsa.ts";
import { policyPage } from "./policy-page.ts";

/** The JSON Schemas for editors and other tools, each made from its zod schema. */
const published = {
  policy: Policy,
  verdict: Verdict,
  plan: Plan,
  "step-pack": StepPack,
  "rework-pack": ReworkPack,
  "step-result": StepResult,
  "evidence-bundle": EvidenceBundle,
  "adoption-bundle": AdoptionBundle,
  "ledger-envelope": Envelope,
  "ledger-statement": Statement,
  "source-verification": SummaryStatement,
};

const jsonOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
const made = Object.entries(published).map(([name, schema]): [string, string] => {
  const json = { ...jsonOf(schema), $comment: "Made by `npm run generate`. Do not edit." };
  return [`schemas/json/${name}.json`, `${JSON.stringify(json, null, 2)}\n`];
});
made.push(["docs/policy.md", policyPage(jsonOf(Policy))]);

const check = process.argv.includes("--check");
const stale: string[] = [];
for (const [name, text] of made) {
  const path = new URL(`../${name}`, import.meta.url);
  if (!check) writeFileSync(path, text);
  else if (read(path) !== text) stale.push(name);
}
if (stale.length > 0) {
  console.error(`not up to date: ${stale.join(", ")}; run \`npm run generate\` and commit what it writes`);
  process.exitCode = 1;
}

function read(path: URL): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
