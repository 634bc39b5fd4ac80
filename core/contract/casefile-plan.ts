import type { Plan } from "../../schemas/plan.ts";
import { entriesOf, lastEntry, type TypedEntry } from "../entries.ts";
import { code, plain } from "../escape.ts";
import { list, section } from "../markdown.ts";
import { contractOrigin } from "../record/provenance.ts";
import { requirementsOf } from "../record/requirements.ts";
import { planLists } from "./plan-parts.ts";

/**
 * The plan of a run, for people to read beside the change: who approved what, and each diff prompt with its limits. A
 * model wrote the plan's text, so all of it is escaped. `entries` are those of a verified ledger, oldest first.
 */
export function planFile(entries: readonly TypedEntry[], story: number, run: string): string {
  const submitted = lastEntry(entries, "run.submitted", ({ body }) => body.run === run);
  const digest = submitted?.body.digest ?? "";
  const { contract, approval, plan } = contractOrigin(entries, { story, digest }, submitted?.seq);
  const facts = [
    ...(plan === undefined
      ? []
      : [
          `Plan: revision ${plan.body.revision}, ${code(plan.body.planSha256)}, by ${code(plan.body.usage.model)}, asked for by ${code(`@${plan.body.requestedBy.login}`)}`,
        ]),
    ...(approval === undefined
      ? []
      : [
          `Approved: ${code(approval.body.digest)} by ${code(`@${approval.actor.login}`)}, ${approval.at}, entry ${approval.seq}`,
        ]),
    ...(contract === undefined
      ? []
      : [`Contract: frozen in entry ${contract.seq}`, `Risk: ${requirementsOf(contract.body).risk}`]),
  ];
  const issues = new Map(
    entriesOf(entries, "prompt.opened").flatMap(({ body }) =>
      body.story === story && body.revision === contract?.body.revision ? [[body.index, body.issue] as const] : [],
    ),
  );
  const lines = [
    `# Story #${story}: plan`,
    "",
    "Written by Sallyport from its ledger. Changing it here changes nothing that an agent is told.",
    "",
    ...list(facts),
    ...(plan === undefined ? [] : planSummary(plan.body.plan)),
    ...(contract?.body.prompts ?? []).flatMap(({ index, title, role, paths, acceptance, evidence, dependsOn }) => [
      `## ${index}. ${plain(title)}`,
      "",
      ...textOf(plan?.body.plan.prompts[index - 1]?.objective),
      ...list([
        ...(issues.has(index) ? [`Issue: #${issues.get(index)}`] : []),
        `Role: ${code(role)}`,
        ...(dependsOn.length > 0 ? [`After: ${dependsOn.join(", ")}`] : []),
        `May change: ${paths.map(code).join(", ")}`,
        ...(evidence.length > 0 ? [`Evidence: ${evidence.map(code).join(", ")}`] : []),
      ]),
      ...section("### Acceptance criteria", acceptance),
    ]),
  ];
  return lines.join("\n");
}

function planSummary(plan: Plan): string[] {
  const { approach, manualTest } = plan;
  return [
    "## Approach",
    "",
    ...textOf(approach),
    ...planLists(plan).flatMap(([name, lines]) => section(`## ${name}`, lines)),
    ...(manualTest === null
      ? []
      : section("## Manual test", [`Environment: ${manualTest.environment}`, ...manualTest.steps])),
  ];
}

function textOf(text: string | undefined): string[] {
  return text === undefined ? [] : [plain(text), ""];
}
