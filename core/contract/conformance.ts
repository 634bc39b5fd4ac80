import type { EntryBody } from "../../schemas/entries.ts";
import type { Conformance } from "../../schemas/entry-parts.ts";
import { sha256 } from "../digest.ts";
import { accountOf, entriesOf, lastEntry, type TypedEntry } from "../entries.ts";
import { code, plain } from "../escape.ts";
import { list, table } from "../markdown.ts";
import { contractOrigin, isOfAttempt, provenanceOf } from "../record/provenance.ts";
import type { PromptRecord, StoryRecord } from "../record/story.ts";
import { isSameText, promptsNaming } from "./master.ts";
import { argvOf, isPassed } from "./verification.ts";

// Old reports are derived again to verify them: a change of what one says takes a new version.

/** The gates that keep a change to its paths. */
const pathGates = ["forbidden-paths", "scope", "protected"] as const;

/**
 * What became of a story's master contract, from the ledger alone; null: the story has none, or a prompt is not merged.
 * `record` is the fold of `entries`, and of drafts that follow them.
 */
export function conformanceOf(record: StoryRecord, entries: readonly TypedEntry[]): Conformance | null {
  const { contract, prompts } = record;
  const through = entries.at(-1)?.seq;
  const plan = contract === null ? undefined : contractOrigin(entries, contract).plan?.body.plan;
  if (contract?.master === undefined || plan === undefined || through === undefined) return null;
  const merged = prompts.flatMap((prompt) => deliveredOf(prompt, entries) ?? []);
  if (merged.length < prompts.length) return null;
  const { headings, text } = contract.master;
  const issues = merged.map(({ row }) => row.prompt);
  const passed = merged.flatMap(({ checks }) => checks.filter(({ conclusion }) => conclusion === "success"));
  const ran = merged.flatMap(({ runs }) => runs.filter(isPassed).map(({ argv }) => JSON.stringify(argv)));
  return {
    version: 1,
    contract: sha256(text),
    through,
    headings,
    criteria: plan.acceptance.map((criterion) => ({
      criterion,
      prompts: promptsNaming(criterion, contract.prompts).flatMap((place) => issues[place - 1] ?? []),
    })),
    prompts: merged.map(({ row }) => row),
    invariants: plan.invariants ?? [],
    testers: [...new Map(merged.flatMap(({ testers }) => testers).map((one) => [one.id, one])).values()],
    commands: (plan.verification ?? []).map((command) => ({
      command,
      seen: passed.some(({ name }) => isSameText(name, command)) || ran.includes(JSON.stringify(argvOf(command))),
    })),
  };
}

/** What the ledger tells of a merged prompt; null: it is not merged. */
function deliveredOf({ issue, pull, merge }: PromptRecord, entries: readonly TypedEntry[]) {
  if (issue === null || pull === null || merge === null) return null;
  const { head } = merge;
  const onHead = ({ body }: { body: { pull: number; sha: string } }) => body.pull === pull && body.sha === head;
  const sealed = lastEntry(entries, "evidence.sealed", ({ body }) => body.pull === pull && body.commit === head);
  const verdict = lastEntry(entries, "verdict.given", ({ body }) => body.pull === pull && body.head === head);
  const { written } = provenanceOf(entries, head);
  const waived = new Set(entriesOf(entries, "waiver.given").flatMap((one) => (onHead(one) ? [one.body.gate] : [])));
  const isKept = (gate: string) =>
    !waived.has(gate) && ["pass", "not-applicable", undefined].includes(verdict?.body.gates[gate]);
  // A later result of the same test takes the place of an earlier one.
  const tests = new Map(
    entriesOf(entries, "sign-off.given").flatMap((one) => (onHead(one) ? [[one.body.test, one] as const] : [])),
  );
  return {
    row: {
      ...{ prompt: issue, pull, merged: merge.merged, evidence: sealed?.hash ?? null },
      held: merge.judged && verdict !== undefined && pathGates.every(isKept),
      ci: sealed?.body.ci ?? null,
    },
    checks: sealed?.body.checks ?? [],
    /** What our host ran on the answer that became the merged head. */
    runs:
      written === undefined
        ? []
        : entriesOf(entries, "verification.recorded").flatMap((one) =>
            isOfAttempt(one, written.body) ? one.body.commands : [],
          ),
    testers: [...tests.values()].flatMap(({ body, actor }) => (body.result === "pass" ? [accountOf(actor)] : [])),
  };
}

/** Where a story does not conform, or nothing shows that it does, as Markdown lines; empty: nowhere. */
function gapsOf({ headings, criteria, prompts, invariants, testers, commands }: Conformance): string[] {
  return [
    ...headings.flatMap(({ heading, filled }) => (filled ? [] : [`Nothing stands below **${plain(heading)}**.`])),
    ...criteria.flatMap(({ criterion, prompts: by }) =>
      by.length > 0 ? [] : [`No prompt names the criterion: ${plain(criterion)}`],
    ),
    ...prompts.flatMap(({ prompt, evidence, held, ci }) => [
      ...(evidence === null ? [`#${prompt}: no evidence is sealed of its merged head.`] : []),
      ...(held ? [] : [`#${prompt}: its gates do not show that it kept to its paths.`]),
      ...(ci === "fail" ? [`#${prompt}: a check failed.`] : []),
    ]),
    ...(testers.length > 0 ? [] : invariants.map((one) => `Nobody signed off a test of the invariant: ${plain(one)}`)),
    ...commands.flatMap(({ command, seen }) =>
      seen ? [] : [`Neither our host nor a check of its name was seen to pass ${code(command)}.`],
    ),
  ];
}

/** A conformance report for people: its gaps first, then what it rests on. */
export function conformanceText(report: Conformance): string[] {
  const { contract, through, headings, criteria, prompts, invariants, testers, commands } = report;
  const gaps = gapsOf(report);
  const commitOf = new Map(prompts.map((one) => [one.prompt, one]));
  const rows = criteria.flatMap(({ criterion, prompts: by }) =>
    by.map((prompt) => {
      const { pull, merged, evidence } = commitOf.get(prompt) ?? {};
      const sealed = evidence ? code(`${evidence.slice(0, 12)}…`) : "none";
      return [plain(criterion), `#${prompt}`, `#${pull}`, code((merged ?? "").slice(0, 12)), sealed];
    }),
  );
  const held = prompts.filter((one) => one.held).length;
  const seen = commands.filter((one) => one.seen).length;
  return [
    `Conformance to the master contract ${code(`${contract.slice(0, 12)}…`)}, from the ledger up to entry ${through}: ${gaps.length === 0 ? "no gap." : `${gaps.length} to know of.`}`,
    "",
    ...list(gaps),
    ...table("| criterion | prompt | pull request | merged as | evidence |", rows),
    ...list([
      `Headings filled: ${headings.filter((one) => one.filled).length} of ${headings.length}`,
      `Prompts that kept to their paths: ${held} of ${prompts.length}`,
      `Invariants: ${invariants.length}; tried by ${testers.map(({ login }) => code(`@${login}`)).join(", ") || "nobody"}`,
      `Verification commands seen to pass: ${seen} of ${commands.length}`,
    ]),
  ];
}

/** The body of a story's completion, with the report of its master contract. */
export function completionBody(
  story: number,
  record: StoryRecord,
  entries: readonly TypedEntry[],
): EntryBody<"story.completed"> {
  const report = conformanceOf(record, entries);
  return {
    story,
    prompts: record.prompts.flatMap(({ issue }) => issue ?? []),
    pulls: record.prompts.flatMap(({ pull }) => pull ?? []),
    ...(report === null ? {} : { conformance: report }),
  };
}
