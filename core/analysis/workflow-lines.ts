import { indentOf } from "./code-blocks.ts";
import type { Workflow } from "./workflow.ts";

/** Whether a key stands at the edge more than once: in all but one place it is the text of a string, and nobody can tell which. */
function isAmbiguous(lines: readonly string[], key: RegExp): boolean {
  return lines.findIndex((line) => key.test(line)) !== lines.findLastIndex((line) => key.test(line));
}

/** The lines under a key at the edge, by their places. */
function under(lines: readonly string[], key: RegExp): { place: number; rest: string; block: number[] } | null {
  const place = lines.findIndex((line) => key.test(line));
  const head = lines[place];
  if (head === undefined) return null;
  const block: number[] = [];
  for (let at = place + 1; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const indent = indentOf(line);
    // A list may stand at the edge, right under its key.
    if (indent === 0 && !/^-\s/.test(line)) break;
    if (indent !== null) block.push(at);
  }
  return { place, rest: head.replace(key, ""), block };
}

const jobsKey = /^["']?jobs["']?[ \t]*:/;
const onKey = /^(?:on|"on"|'on'|true)[ \t]*:/;
const judging = /(?<![\w-])(?:pull_request|pull_request_target|merge_group|push|workflow_run)(?![\w-])/g;
const checkout = /\bactions\/checkout@|\bgh\s+pr\s+checkout\b|\bgit\s+(?:fetch|pull|clone|checkout)\b/;
const headOfPull =
  /github\.event\.pull_request\.head\.|github\.head_ref\b|github\.event\.workflow_run\.head_|refs\/pull\/|\bgh\s+pr\s+checkout\b|\bpull\/\$/;

/**
 * Reads a workflow by how far its lines are set in, without its comments. Jobs written in braces are not seen, and so count
 * as gone; so do jobs and events whose key stands twice. Source: GitHub's workflow syntax; events that run with secrets on a
 * stranger's pull request.
 */
export function readWorkflowLines(lines: readonly string[]): Workflow {
  const jobs = isAmbiguous(lines, jobsKey) ? null : under(lines, jobsKey);
  const depth = indentOf(lines[jobs?.block[0] ?? -1] ?? "");
  const isUnclear = isAmbiguous(lines, onKey);
  const on = isUnclear ? null : under(lines, onKey);
  const triggers = on === null ? "" : [on.rest, ...on.block.map((at) => lines[at] ?? "")].join("\n");
  const events = [...new Set(triggers.match(judging) ?? [])];
  const holdsSecrets = isUnclear || events.includes("pull_request_target") || events.includes("workflow_run");
  const untrusted =
    holdsSecrets && lines.some((line) => checkout.test(line)) ? lines.findIndex((line) => headOfPull.test(line)) : -1;
  return {
    jobs: (jobs?.block ?? []).flatMap((at) => {
      const line = lines[at] ?? "";
      const id = indentOf(line) === depth ? /^\s*["']?([\w-]{1,100})["']?[ \t]*:/.exec(line)?.[1] : undefined;
      return id === undefined ? [] : [id];
    }),
    events,
    untrusted: untrusted === -1 ? null : untrusted + 1,
  };
}
