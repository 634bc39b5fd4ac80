import type { Plan, PlannedPrompt } from "../../schemas/plan.ts";

/** A plan's lists, by the names under which people read them; the empty ones too. */
export function planLists(plan: Plan): [name: string, lines: readonly string[]][] {
  const { acceptance, risks, unknowns, failureModes = [], invariants = [], verification = [] } = plan;
  return [
    ["Acceptance criteria", acceptance],
    ["Risks", risks],
    ["Failure modes", failureModes],
    ["Invariants touched", invariants],
    ["Verification commands", verification],
    ["Open questions", unknowns],
  ];
}

function promptLists(prompt: PlannedPrompt): [name: string, lines: readonly string[]][] {
  const { paths, inputs, nonGoals, acceptance, output, evidence, dependsOn } = prompt;
  return [
    ["may change", paths],
    ["inputs", inputs],
    ["non-goals", nonGoals],
    ["acceptance", acceptance],
    ["output", output],
    ["evidence", evidence],
    ["after", dependsOn.map((index) => `prompt ${index}`)],
  ];
}

/**
 * What a revision of a plan changes, as lines that begin with `+`, `-` or `~`; prompts are told apart by their titles.
 * Empty: nothing. A model wrote both plans.
 */
export function planDifference(before: Plan, after: Plan): string[] {
  const words = (name: string, old: string, now: string) => (old === now ? [] : [`~ ${name}: ${now}`]);
  const lists = (old: ReturnType<typeof planLists>, now: typeof old, of = "") =>
    now.flatMap(([name, lines], index) => {
      const earlier = old[index]?.[1] ?? [];
      return [
        ...earlier.filter((line) => !lines.includes(line)).map((line) => `- ${of}${name}: ${line}`),
        ...lines.filter((line) => !earlier.includes(line)).map((line) => `+ ${of}${name}: ${line}`),
      ];
    });
  const titles = (plan: Plan) => plan.prompts.map(({ title }) => title);
  const test = ({ manualTest }: Plan) =>
    manualTest === null ? "none" : [manualTest.environment, ...manualTest.steps].join("; ");
  return [
    ...words("Approach", before.approach, after.approach),
    ...words("Risk", before.risk, after.risk),
    ...words("Manual test", test(before), test(after)),
    ...lists(planLists(before), planLists(after)),
    ...titles(before)
      .filter((title) => !titles(after).includes(title))
      .map((title) => `- Diff prompt: ${title}`),
    ...after.prompts.flatMap((prompt) => {
      const old = before.prompts.find(({ title }) => title === prompt.title);
      if (old === undefined) return [`+ Diff prompt: ${prompt.title}`];
      const of = `${prompt.title}, `;
      return [
        ...words(`${of}role`, old.role, prompt.role),
        ...words(`${of}objective`, old.objective, prompt.objective),
        ...lists(promptLists(old), promptLists(prompt), of),
      ];
    }),
    ...(titles(before).join("\n") !== titles(after).join("\n") &&
    titles(before).toSorted().join("\n") === titles(after).toSorted().join("\n")
      ? [`~ Order: ${titles(after).join(", ")}`]
      : []),
  ].map((line) => line.replaceAll("\n", " "));
}
