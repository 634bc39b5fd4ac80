import { itemsOf, keysOf, type Located, nodeAt, stringOf } from "../yaml.ts";

/** What a workflow says of itself: its jobs, the events that start it, where it checks out a stranger's code. */
export type Workflow = {
  jobs: string[];
  /** Those that start the judging of a change; others are left out. */
  events: string[];
  /** The line (from 1) that fetches the head of a pull request although the workflow holds the repository's secrets. */
  untrusted: number | null;
};

const judging: ReadonlySet<string> = new Set([
  "pull_request",
  "pull_request_target",
  "merge_group",
  "push",
  "workflow_run",
]);
const checkout = /\bactions\/checkout@|\bgh\s+pr\s+checkout\b|\bgit\s+(?:fetch|pull|clone|checkout)\b/;
const headOfPull =
  /github\.event\.pull_request\.head\.|github\.head_ref\b|github\.event\.workflow_run\.head_|refs\/pull\/|\bgh\s+pr\s+checkout\b|\bpull\/\$/;

/** Every text in a tree, line by line, with the line of the file on which it stands. */
function textLines(node: Located): { text: string; line: number }[] {
  if (node.kind === "map") return [...node.entries.values()].flatMap(({ value }) => textLines(value));
  if (node.kind === "list") return node.items.flatMap(textLines);
  return node.text
    .split("\n")
    .map((text, index) => ({ text, line: node.style === "literal" ? node.textLine + index : node.textLine }));
}

/**
 * Reads a workflow. Whoever may push wrote it. Source: GitHub's workflow syntax; events that run with secrets on a
 * stranger's pull request.
 */
export function readWorkflow(root: Located): Workflow {
  // Some programs that write YAML take the key `on` for a truth value.
  const on = nodeAt(root, "on") ?? nodeAt(root, "true");
  const started = on?.kind === "map" ? keysOf(on) : itemsOf(on).flatMap((one) => stringOf(one) ?? []);
  const events = [...new Set(started)].filter((event) => judging.has(event));
  const holdsSecrets = events.includes("pull_request_target") || events.includes("workflow_run");
  const lines = holdsSecrets ? textLines(root) : [];
  const fetches = lines.some(({ text }) => checkout.test(text));
  const untrusted = fetches ? lines.find(({ text }) => headOfPull.test(text)) : undefined;
  return { jobs: keysOf(nodeAt(root, "jobs")), events, untrusted: untrusted?.line ?? null };
}

/** The events that no longer start a workflow. To leave `pull_request_target` for `pull_request` is safer. */
export function lostEvents(before: readonly string[], after: readonly string[]): string[] {
  const lost = before.filter((event) => event !== "workflow_run" && !after.includes(event));
  return lost.filter((event) => {
    if (event === "push") return after.every((one) => one === "workflow_run");
    return event !== "pull_request_target" || !after.includes("pull_request");
  });
}
