/** A label as GitHub keeps it; the colour is six hex digits. */
export type Label = { name: string; color: string; description: string };

/** What the issue forms put on issues, and what people put there as a command. */
const byPeople: readonly Label[] = [
  { name: "epic", color: "3e4b9e", description: "An outcome that takes several stories." },
  { name: "story", color: "0075ca", description: "A change to be planned, approved and run through Sallyport." },
  { name: "diff-prompt", color: "c5def5", description: "One reviewable change of a story's approved plan." },
  { name: "ai:plan", color: "5319e7", description: "Asks Sallyport for a plan of this story." },
  { name: "ai:run", color: "5319e7", description: "Starts the agent, on an approved plan or on the light tier." },
  { name: "ai:campaign", color: "5319e7", description: "Kept for campaigns; starts nothing in this version." },
];

/** The label by which the dashboard's issue is found. */
export const dashboardLabel: Label = {
  name: "sallyport-dashboard",
  color: "ededed",
  description: "What waits here, kept up to date by Sallyport.",
};

/** The states of epics, stories and prompts, and whom a story waits for, with colours that tell them at a glance. */
const states: Record<string, string> = {
  draft: "ededed",
  ready: "bfd4f2",
  executing: "fbca04",
  active: "fbca04",
  queued: "bfd4f2",
  submitted: "fbca04",
  manual_test: "d4c5f9",
  blocked: "d93f0b",
  failed: "d93f0b",
  succeeded: "0e8a16",
  complete: "0e8a16",
  archived: "ededed",
  "needs-approval": "d4c5f9",
  "needs-answer": "d4c5f9",
  "needs-sign-off": "d4c5f9",
};

/** The label that shows a state. */
export function stateLabel(state: string): Label {
  const description = "Set by Sallyport; changing it by hand changes nothing.";
  return { name: `sallyport:${state}`, color: states[state] ?? "ededed", description };
}

/** Every label that the App makes in a repository: a form's label that does not exist is dropped without a word. */
const allLabels: readonly Label[] = [...byPeople, dashboardLabel, ...Object.keys(states).map(stateLabel)];

/** The labels that a repository lacks. GitHub takes two names that differ by case alone for one. */
export function missingLabels(names: readonly string[]): Label[] {
  const there = new Set(names.map((name) => name.toLowerCase()));
  return allLabels.filter(({ name }) => !there.has(name));
}

const names = new Map(allLabels.map(({ name }) => [name.toLowerCase(), name]));

/**
 * A label's name as our code knows it: where a repository had a label `Story` before us, that is the one that the forms
 * put on. Any other name stays as it is.
 */
export function labelName(name: string): string {
  return names.get(name.toLowerCase()) ?? name;
}
